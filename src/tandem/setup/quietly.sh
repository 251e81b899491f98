#!/bin/sh
# Runs a command that installs Debian packages, as root, and sees to it that nothing they bring
# runs, now or at the next boot.
# usage: quietly.sh "SERVICE …" COMMAND …
set -eu

services=$1
shift
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C
policy=/usr/sbin/policy-rc.d
ours=

finish() {
    for service in $services; do
        if command -v systemctl >/dev/null; then
            [ ! -d /run/systemd/system ] || systemctl --quiet stop "$service" || true
            systemctl --quiet disable "$service" || true
        else
            update-rc.d "$service" disable || true
        fi
    done
    [ -z "$ours" ] || rm -f "$policy" "$policy.tandem"
}
trap finish EXIT
trap 'exit 130' HUP INT TERM

# Debian's maintainer scripts start no service while this policy answers 101, "forbidden". It asks
# for a lock on itself that dies with this script and its command: a kill -9 leaves no policy behind.
if [ ! -e "$policy" ]; then
    ours=yes
    cat >"$policy.tandem" <<'POLICY'
#!/bin/sh
# Tandem is installing packages: nothing starts meanwhile.
if flock --nonblock "$0" true; then
    rm -f "$0"
    exit 0
fi
exit 101
POLICY
    chmod 755 "$policy.tandem"
    exec 9<"$policy.tandem"
    flock 9
    mv "$policy.tandem" "$policy"
fi

"$@"
