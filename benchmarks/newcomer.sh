#!/bin/sh
# How long the quick start takes on a bare Debian, from a clone to a ping: in a fresh system in a folder of its own.
# Needs root, debootstrap, git and the network. Usage: benchmarks/newcomer.sh [SUITE]
set -eu
# In namespaces of its own: what is mounted and started ends with it.
[ "${NEWCOMER_INSIDE-}" ] || NEWCOMER_INSIDE=1 exec unshare --mount --pid --fork --kill-child "$0" "$@"

suite=${1-bookworm}
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
system=$(mktemp -d)
certificates=/etc/ssl/certs/ca-certificates.crt # those of this machine, whose network may have its own
trap 'umount --lazy "$system/proc" "$system/dev/pts" 2>/dev/null || true; rm -rf --one-file-system "$system"' EXIT

echo "making a bare Debian ($suite), which is not counted" >&2
debootstrap --variant=minbase "$suite" "$system" >"$system.log" 2>&1 || { tail "$system.log" >&2; exit 1; }
rm "$system.log"
mount -t proc proc "$system/proc"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$system/dev/pts"
ln -sf pts/ptmx "$system/dev/ptmx"
git clone --quiet "$root" "$system/root/gns3trio"
if [ -f $certificates ]; then
    cp $certificates "$system/root/certificates"
    pip_cert=PIP_CERT=/root/certificates
fi
inside() {
    chroot "$system" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin GNS3TRIO_URL=http://127.0.0.1:43080 \
        ${pip_cert-} sh -euc "cd /root/gns3trio; $1"
}

start=$(date +%s)
tell() { echo "$1 after $(($(date +%s) - start)) s"; }
inside './dev serve --port 43080' >"$system/printed" &
server=$!
until grep -q 'ready on' "$system/printed"; do
    kill -0 $server 2>/dev/null || exit 1
    sleep 0.2
done
tell 'the server is ready'
inside '. .venv/bin/activate
    gns3trio topology apply lab docs/lab.yaml --create
    gns3trio node start lab --all
    gns3trio console PC1 -c "ping 10.0.0.2 -c 1"' >"$system/pinged"
grep -q icmp_seq=1 "$system/pinged"
tell 'the first ping is answered'
kill -- -1 # all in these namespaces
wait
