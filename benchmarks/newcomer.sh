#!/bin/sh
# How long the quick start takes on a bare Debian, from nothing to a ping seen in the browser: in a fresh system in a
# folder of its own. The browser is that of this machine, as the user of a server's page has it already.
# Needs root, debootstrap, git, the network, Chromium, and the environment that ./dev makes. Usage: benchmarks/newcomer.sh [SUITE]
set -eu
# In namespaces of its own: what is mounted and started ends with it.
[ "${NEWCOMER_INSIDE-}" ] || NEWCOMER_INSIDE=1 exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@"

suite=${1-bookworm}
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
system=$(mktemp -d)
port=43080 # that of the quick start may be in use here
certificates=/etc/ssl/certs/ca-certificates.crt # those of this machine, whose network may have its own
trap 'umount --lazy "$system/proc" "$system/dev/pts" 2>/dev/null || true; rm -rf --one-file-system "$system"' EXIT

echo "making a bare Debian ($suite), which is not counted" >&2
debootstrap --variant=minbase "$suite" "$system" >"$system.log" 2>&1 || { tail "$system.log" >&2; exit 1; }
rm "$system.log"
mount -t proc proc "$system/proc"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$system/dev/pts"
ln -sf pts/ptmx "$system/dev/ptmx"
git clone --quiet --bare "$root" "$system/srv/gns3trio.git"
if [ -f $certificates ]; then
    cp $certificates "$system/root/certificates"
    pip_cert=PIP_CERT=/root/certificates
fi
inside() {
    chroot "$system" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        GNS3TRIO_PORT=$port GNS3TRIO_URL=http://127.0.0.1:$port ${pip_cert-} sh -euc "cd /root; $1"
}

tenths() { echo $(($(date +%s%N) / 100000000)); }
seconds() { echo "$(($1 / 10)).$(($1 % 10))"; }
start=$(tenths)
before=$start
tell() {
    now=$(tenths)
    printf '%6s s  %6s s  %s\n' "$(seconds $((now - before)))" "$(seconds $((now - start)))" "$1"
    before=$now
}

printf '%8s  %8s\n' step total
inside 'apt-get update && apt-get install -y git' >"$system/installed" 2>&1 || { tail "$system/installed" >&2; exit 1; }
tell 'git is installed'
inside 'git clone --quiet /srv/gns3trio.git'
tell 'the repository is cloned'
inside 'cd gns3trio; ./dev serve' >"$system/printed" 2>&1 &
server=$!
until grep -q 'ready on' "$system/printed"; do
    kill -0 $server 2>/dev/null || { tail "$system/printed" >&2; exit 1; }
    sleep 0.2
done
tell 'the server is ready'
inside 'cd gns3trio; . .venv/bin/activate
    gns3trio topology apply lab docs/lab.yaml --create
    gns3trio node start lab --all' >/dev/null
tell 'the lab runs'
(cd "$root" && .venv/bin/python -m benchmarks.newcomer_page "http://127.0.0.1:$port")
tell 'a ping is seen in the browser'
inside 'cd gns3trio; . .venv/bin/activate
    gns3trio console PC1 -c "ping 10.0.0.2 -c 1"' >"$system/pinged"
grep -q icmp_seq=1 "$system/pinged"
tell 'and one in the terminal'
kill -- -1 # all in these namespaces
wait
