#!/bin/sh
# Builds a release of a host's software, in HOME/releases/RELEASE, from the checkout that comes as a
# tar on standard input. What breaks off is thrown away by the next.
# usage: build.sh HOME RELEASE DIGEST PINS ORIGIN KEPT ROLE…
#   PINS    stands for what is pinned; of a release with the same ones the packages are taken over
#   ORIGIN  from where the operator's checkout comes, in a word
#   KEPT    how many releases are kept
set -eu

home=$1 release=$2 digest=$3 pins=$4 origin=$5 kept=$6
shift 6
umask 022
export LC_ALL=C.UTF-8
mkdir -p "$home/releases"
cd "$home/releases"

for old in *; do
    [ -r "$old/.release" ] || rm -rf "$old"
done

mkdir "$release"
tar -C "$release" -xf -
alike=$(grep -lsxF "$pins" -- */.release | tail -n 1)
# Hard links take no room, and nobody writes to what is installed.
[ -z "$alike" ] || cp -al "${alike%/.release}/.venv" "$release/.venv"

cd "$release"
for role; do
    UV_CACHE_DIR="$PWD/.cache" UV_COMPILE_BYTECODE=1 \
        make --no-print-directory setup "ROLE=$role" "WHEELHOUSE=$home/wheelhouse" >&2
done
# Whoever runs the programs cannot keep what Python compiles, and would do it each time.
.venv/bin/python -m compileall -q src recipes
rm -rf .cache
# What all releases write to is not a release's own, nor is it root's who builds here.
mv var .built
ln -s ../../var var

cd ..
sync
printf '%s\n' "$digest" "$pins" "$origin" >"$release/.release.new"
mv "$release/.release.new" "$release/.release"
sync

current=$(readlink "$home/current" || true)
printf '%s\n' * | sort -r | tail -n "+$((kept + 1))" | while read -r old; do
    [ "$current" != "releases/$old" ] || continue
    # What still runs loads modules of it.
    ! grep -qsF "$home/releases/$old/" /proc/[0-9]*/cmdline || continue
    rm -f "$old/.release"
    rm -rf "$old"
done
