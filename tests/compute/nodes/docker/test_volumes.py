"""Which folders of a container are kept. What GNS3 2.2 does was seen in what it tells Docker."""

import pytest

from gns3trio.compute.nodes.docker.volumes import MAX_VOLUMES, checked_volume, persistent_folders
from gns3trio.errors import Conflict


@pytest.mark.parametrize(
    ("image", "extra", "kept"),
    [
        ([], [], ["/etc/network"]),
        (["/data"], ["/root/x", "/data/sub/"], ["/etc/network", "/data", "/root/x"]),
        ([], ["/a", "/a/b", "/ab"], ["/etc/network", "/a", "/ab"]),
        ([], ["/a/b", "/a", "/a/"], ["/etc/network", "/a"]),
        ([], ["/etc"], ["/etc"]),
        ([], ["/etc/network"], ["/etc/network"]),
        ([], ["//d//e", "/x/./y", "/a b"], ["/etc/network", "/d/e", "/x/y", "/a b"]),
    ],
)
def test_each_path_is_kept_once(image: list[str], extra: list[str], kept: list[str]) -> None:
    assert persistent_folders(image, extra) == kept


@pytest.mark.parametrize("volume", ["relative", "/a/../b", "/..", "", "/a:b", "/a\nb", "/a\x00b", "/a\u202eb"])
def test_what_is_no_path_is_refused(volume: str) -> None:
    with pytest.raises(Conflict, match=r"^properties\.extra_volumes: Persistent volume .* has invalid format"):
        checked_volume(volume)


@pytest.mark.parametrize(
    "volume", ["/", "//", "/proc", "/proc/sys/net", "/sys", "/dev/shm", "/gns3", "/gns3/bin", "/./"]
)
def test_the_system_of_a_container_is_not_kept(volume: str) -> None:
    with pytest.raises(Conflict, match=r"^the image: Persistent volume .* cannot be kept"):
        persistent_folders([volume], [])


def test_paths_have_limits() -> None:
    assert checked_volume("/" + "x" * 255) == "/" + "x" * 255
    assert checked_volume("/process/sysadmin/devices") == "/process/sysadmin/devices"
    for volume in ("/" + "x" * 256, "/x" * 600, "/" + "é" * 128):
        with pytest.raises(Conflict, match="is too long"):
            checked_volume(volume)
    with pytest.raises(Conflict, match=f"the image: more than {MAX_VOLUMES} persistent volumes"):
        persistent_folders((f"/{number}" for number in range(1000)), [])
