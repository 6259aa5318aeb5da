"""What of containerlab has no place here, and why. The texts are for the users of ``topology import``."""

# Fields of a node that change nothing here, because there is nothing that they act on.
WITHOUT_EFFECT = frozenset({"kind", "group", "type", "image-pull-policy", "restart-policy", "auto-remove", "position"})
REASONS = {
    "ports": "no port of the host leads into a container; a NAT node forwards ports to the lab",
    "publish": "nothing is published outside of this host",
    "entrypoint": "the image's entrypoint is used; cmd is taken",
    "startup-config": "only the kinds with a network operating system have one",
    "license": "only the kinds with a network operating system have one",
    "mgmt-ipv4": "there is no management network; reach the console instead",
    "mgmt-ipv6": "there is no management network; reach the console instead",
    "mgmt_ipv4": "there is no management network; reach the console instead",
    "mgmt_ipv6": "there is no management network; reach the console instead",
    "network-mode": "a container has the links of the lab, and no network of the host",
    "dns": "write it into the container's /etc/resolv.conf",
    "user": "containers run as the user of their image",
    "cpu-set": "cpu is taken, the choice of processors is not",
    "env-files": "write the variables into env",
    "certificate": "no certificates are made",
    "healthcheck": "containers are not checked",
    "stages": "nodes are started all at once",
    "startup-delay": "nodes are started all at once",
    "wait-for": "nodes are started all at once",
    "runtime": "the server's engine runs all containers",
    "devices": "containers have no devices of the host",
    "cap-add": "the setting docker_capabilities of the server says which capabilities containers have",
    "shm-size": "the engine's default is used",
}
LINK_KINDS = {
    "mgmt-net": "there is no management network",
    "vxlan": "links to other hosts are made by the server: name the host of a node instead",
    "vxlan-stitch": "links to other hosts are made by the server: name the host of a node instead",
    "dummy": "it leads nowhere",
}
