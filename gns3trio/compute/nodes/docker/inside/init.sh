# The first program of a container: it configures the network, and becomes the program of the image.
#
#   /gns3/bin/busybox sh /gns3/init.sh PROGRAM ARGUMENT ...
#
# GNS3_MAX_ETHERNET is the last interface that the server opens, GNS3_USER the user of the image. Only busybox is relied on:
# the image may have no shell, and no programs for the network.
B=/gns3/bin/busybox
image_path=$PATH
# A first process ignores signals without this. The program gets them as the image has them.
trap 'exit 143' TERM INT QUIT

# The programs of busybox come after those of the image.
[ -e /gns3/bin/sh ] || $B --install -s /gns3/bin
export PATH="$PATH:/usr/sbin:/sbin:/gns3/bin"

# Whether there is an interface of this name. No program is run for it: many containers may wait at the same time.
has_interface() {
    while read -r line; do
        case $line in "$1":*) return 0 ;; esac
    done </proc/net/dev
    return 1
}

# Whatever is missing or broken here is no reason not to start the program.
prepare() {
    name=$($B hostname)
    $B grep -q "[[:space:]]$name\$" /etc/hosts 2>/dev/null || printf '127.0.1.1\t%s\n' "$name" >>/etc/hosts

    case $GNS3_MAX_ETHERNET in
    eth[0-9]*)
        until has_interface "$GNS3_MAX_ETHERNET"; do $B usleep 10000; done
        ;;
    esac
    $B ip link set dev lo up
    for interface in $($B sed -n 's/^ *\(eth[0-9]*\):.*/\1/p' /proc/net/dev); do
        $B ip link set dev "$interface" up
    done

    $B grep -q '^[[:space:]]*\(auto\|allow-\)' /etc/network/interfaces 2>/dev/null || return
    $B mkdir -p /run/network /var/run
    if found=$(find_program ifup); then
        force=-f
        "$found" --help 2>&1 | $B grep -q -e --force && force=--force
        "$found" -a $force
    else
        for file in /etc/udhcpc/default.script /usr/share/udhcpc/default.script; do
            [ -e $file ] || { $B mkdir -p "${file%/*}" && $B cp /gns3/dhcp.sh $file && $B chmod 755 $file; }
        done
        SHELL=/gns3/bin/sh $B ifup -a -f
    fi
}

# The path of a program of the image.
find_program() {
    IFS=:
    for folder in $image_path:/usr/sbin:/sbin; do
        if [ -x "$folder/$1" ]; then
            echo "$folder/$1"
            return
        fi
    done
    return 1
}

prepare
unset IFS
export PATH="$image_path"

case $GNS3_USER in
'' | root | 0 | root:* | 0:*) exec "$@" ;;
esac
# An image may name a user by a number that has no entry in its own list.
user=${GNS3_USER%%:*}
entry=$($B grep "^$user:" /etc/passwd 2>/dev/null || $B grep "^[^:]*:[^:]*:$user:" /etc/passwd 2>/dev/null)
case $entry$user in
'' | *[!0-9]*) ;;
*)
    entry="user$user:x:$user:$user::/:/bin/sh"
    echo "$entry" >>/etc/passwd
    ;;
esac
HOME=$(echo "$entry" | $B sed -n '1s/^\([^:]*:\)\{5\}\([^:]*\).*/\2/p')
export HOME="${HOME:-/}"
# The named file says that it does not run yet.
program=$1
shift
exec $B start-stop-daemon -S -p /gns3/none -c "$GNS3_USER" -a "$program" -- "$@"
