#!/bin/sh
# usage: boot.sh DIRECTORY NAME INIT...
# Makes a machine out of the namespaces in which it was started: this computer's root below a layer in
# memory, which takes all that is written. INIT is its process 1.
set -eu
top=$1
name=$2
shift 2
mount --make-rprivate /
mount -t tmpfs none "$top"
mkdir "$top/upper" "$top/work" "$top/root"
mount -t overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" none "$top/root"
root=$top/root
mount -t proc none "$root/proc"
mount -t sysfs none "$root/sys"
# What is set there is this computer's.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t cgroup2 none "$root/sys/fs/cgroup"
for empty in dev run tmp etc/systemd/system; do
    mount -t tmpfs none "$root/$empty"
done
for device in null zero full random urandom; do
    true >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
# Nothing that Debian would start is started.
printf '[Unit]\nDefaultDependencies=no\n' >"$root/etc/systemd/system/default.target"
chmod 1777 "$root/tmp"
hostname "$name"
ip link set lo up
true >"$root/run/up"
export container=test
exec chroot "$root" "$@"
