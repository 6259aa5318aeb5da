#!/gns3/bin/busybox sh
# Called by the DHCP client of busybox with what has happened, and the lease in its environment.
B=/gns3/bin/busybox
case $1 in
deconfig)
    $B ip address flush dev "$interface"
    $B ip link set dev "$interface" up
    ;;
bound | renew)
    $B ip address flush dev "$interface"
    $B ip address add "$ip/${mask:-24}" ${broadcast:+broadcast "$broadcast"} dev "$interface"
    metric=0
    for gateway in $router; do
        $B ip route add default via "$gateway" dev "$interface" metric $metric
        metric=$((metric + 1))
    done
    if [ -n "$dns" ]; then
        # The engine has mounted the file, so it is written in place.
        { [ -z "$domain" ] || echo "search $domain"; for server in $dns; do echo "nameserver $server"; done; } >/etc/resolv.conf
    fi
    ;;
esac
