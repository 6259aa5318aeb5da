"""What labs are made from: templates, symbols, images, appliances and computes."""

from collections.abc import Iterator

from tests.gns3_3.steps import NOBODY, SVG, UNKNOWN, WORKER, Step, delete, each_by, get, post, put

_TEMPLATES, _SYMBOLS, _IMAGES = "/v3/templates", "/v3/symbols", "/v3/images"
_APPLIANCES, _COMPUTES = "/v3/appliances", "/v3/computes"
_VPCS_TEMPLATE = "52136454-1f50-590a-94e4-816bd02d1062"
_CLOUD_TEMPLATE = "b6ed2e82-d5aa-5a86-b6dd-8b9dd1c66800"
_NODE_OF = "/v3/projects/{p}/templates/"
_QCOW2 = b"QFI\xfb\x00\x00\x00\x03" + bytes(504)
# The appliance that both servers have in their folder.
APPLIANCE = "33333333-0000-4000-8000-000000000000"


def templates() -> Iterator[Step]:
    """Templates, and nodes from them."""
    own = {"name": "mine", "template_type": "vpcs", "compute_id": "local"}
    yield get("templates", _TEMPLATES)
    yield get("built-in template", f"{_TEMPLATES}/{_VPCS_TEMPLATE}")
    yield post("create template", _TEMPLATES, own, keep={"tm": "template_id"})
    yield post("create template again", _TEMPLATES, own)
    yield post("create template without a name", _TEMPLATES, {"template_type": "vpcs"})
    yield post("create template of no type", _TEMPLATES, {"name": "x", "compute_id": "local"})
    yield post("create template of a strange type", _TEMPLATES, {"name": "x", "template_type": "toy"})
    yield post("create nat template", _TEMPLATES, {"name": "x", "template_type": "nat"})
    yield post(
        "create template with an unknown key", _TEMPLATES, {**own, "name": "c", "colour": 1}, keep={"tc": "template_id"}
    )
    yield post("create template with its id", _TEMPLATES, {**own, "name": "i", "template_id": "{tm}"})
    for kind in ("ethernet_switch", "ethernet_hub", "cloud", "qemu"):
        body = {"name": f"a {kind}", "template_type": kind, "compute_id": "local"}
        yield post(f"create {kind} template", _TEMPLATES, body, keep={f"t_{kind}": "template_id"})
    yield post("create docker template without an image", _TEMPLATES, {"name": "d", "template_type": "docker"})
    docker = {"name": "d", "template_type": "docker", "image": "alpine", "compute_id": "local"}
    yield post("create docker template", _TEMPLATES, docker, keep={"t_docker": "template_id"})
    yield get("template", _TEMPLATES + "/{tm}", keep={"whole_template": "."})
    yield get("all templates", _TEMPLATES)
    yield put("change template", _TEMPLATES + "/{tm}", {"name": "other"})
    yield put("the whole template comes back", _TEMPLATES + "/{tm}", "{whole_template}")
    yield put("change template by an unknown key", _TEMPLATES + "/{tm}", {"colour": "red"})
    yield put("change template to a strange console", _TEMPLATES + "/{tm}", {"console_type": "fax"})
    yield put("change template to a strange category", _TEMPLATES + "/{tm}", {"category": "toy"})
    yield put("change built-in template", f"{_TEMPLATES}/{_VPCS_TEMPLATE}", {"name": "x"})
    yield put("change unknown template", f"{_TEMPLATES}/{UNKNOWN}", {"name": "x"})
    yield post("duplicate template", _TEMPLATES + "/{tm}/duplicate", {}, keep={"twin_template": "template_id"})
    yield post("duplicate built-in template", f"{_TEMPLATES}/{_VPCS_TEMPLATE}/duplicate", {})
    yield delete("delete built-in template", f"{_TEMPLATES}/{_VPCS_TEMPLATE}")
    here, w = {"x": 1, "y": 2}, {"by": WORKER}
    yield post("node from template", _NODE_OF + "{tm}", here, **w)
    yield post("node from built-in template", _NODE_OF + _VPCS_TEMPLATE, {**here, "compute_id": "local"}, **w)
    yield post("node from built-in template on no compute", _NODE_OF + _VPCS_TEMPLATE, here, **w)
    yield post("node from template on an unknown compute", _NODE_OF + "{tm}", {**here, "compute_id": UNKNOWN}, **w)
    yield post("cloud from template", _NODE_OF + _CLOUD_TEMPLATE, here, **w)
    yield post("switch from template", _NODE_OF + "{t_ethernet_switch}", here, **w)
    yield post("node from no template", _NODE_OF + UNKNOWN, here, **w)
    yield post("node from template nowhere", _NODE_OF + "{tm}", {"x": 1}, **w)
    yield delete("delete template", _TEMPLATES + "/{twin_template}")
    yield delete("delete template and images", _TEMPLATES + "/{t_qemu}?prune_images=False")
    yield delete("delete template again", _TEMPLATES + "/{twin_template}")


def symbols() -> Iterator[Step]:
    """Symbols, by the ids that clients write."""
    yield get("symbols", _SYMBOLS)
    yield get("default symbols", _SYMBOLS + "/default_symbols")
    yield get("symbol", _SYMBOLS + "/:/symbols/affinity/square/blue/client.svg/raw")
    yield get("symbol as the GUI asks", _SYMBOLS + "/%3A%2Fsymbols%2Faffinity%2Fsquare%2Fblue%2Fclient.svg/raw")
    yield get("symbol without its colon", _SYMBOLS + "//symbols/affinity/square/blue/client.svg/raw")
    yield get("symbol of a classic name", _SYMBOLS + "/:/symbols/classic/vpcs_guest.svg/raw")
    yield get("unknown symbol", _SYMBOLS + "/:/symbols/absent.svg/raw")
    yield get("size of symbol", _SYMBOLS + "/:/symbols/affinity/square/blue/client.svg/dimensions")
    yield get("size of unknown symbol", _SYMBOLS + "/:/symbols/absent.svg/dimensions")
    yield post("upload symbol", _SYMBOLS + "/story.svg/raw", content=SVG)
    yield get("uploaded symbol", _SYMBOLS + "/story.svg/raw")
    yield delete("delete symbol", _SYMBOLS + "/story.svg/raw")


def images() -> Iterator[Step]:
    """Images: recognised by their content."""
    qemu = {"Content-Type": "application/x-qemu-disk"}
    yield get("no images yet", _IMAGES)
    yield post("upload image", _IMAGES + "/upload/story.qcow2?install_appliances=false", content=_QCOW2, headers=qemu)
    yield post("upload image again", _IMAGES + "/upload/story.qcow2", content=_QCOW2)
    yield post("upload image as the GUI does", _IMAGES + "/upload/gui.qcow2?image_type=qemu", content=_QCOW2 + b"x")
    yield post("upload image into a folder", _IMAGES + "/upload/sub/story2.qcow2", content=_QCOW2 + b"y")
    yield post("upload image outside", _IMAGES + "/upload/..%2Fstory.qcow2", content=_QCOW2 + b"z")
    yield post("upload image of nothing", _IMAGES + "/upload/empty.img", content=b"")
    yield post("upload image of unknown content", _IMAGES + "/upload/x.img", content=b"nonsense" * 100)
    yield get("images", _IMAGES)
    yield get("images of a type", _IMAGES + "?image_type=qemu")
    yield get("images of a strange type", _IMAGES + "?image_type=toy")
    yield get("image", _IMAGES + "/story.qcow2")
    yield get("unknown image", _IMAGES + "/absent.img")
    yield post("create disk of a strange format", _IMAGES + "/qemu/new.img", {"format": "tape", "size": 10})
    yield post("create disk without a size", _IMAGES + "/qemu/new.img", {"format": "qcow2"})
    yield post("install images", _IMAGES + "/install")
    yield delete("delete image", _IMAGES + "/story.qcow2")
    yield delete("delete image again", _IMAGES + "/story.qcow2")
    yield delete("delete unused images", _IMAGES + "/prune")
    yield get("images after it", _IMAGES)


def appliances() -> Iterator[Step]:
    """One appliance, of which there is no image."""
    yield get("appliances", _APPLIANCES)
    yield get("appliances of a theme", _APPLIANCES + "?symbol_theme=Affinity-square-blue")
    yield get("appliance", f"{_APPLIANCES}/{APPLIANCE}")
    yield get("unknown appliance", f"{_APPLIANCES}/{UNKNOWN}")
    yield get("malformed appliance", _APPLIANCES + "/nonsense")
    yield post("version of an appliance without a name", f"{_APPLIANCES}/{APPLIANCE}/version", {})
    version = {"name": "9.9", "images": {"hda_disk_image": "disk.img"}}
    yield post("version of an appliance", f"{_APPLIANCES}/{APPLIANCE}/version", version)
    yield post("install appliance without a version", f"{_APPLIANCES}/{APPLIANCE}/install")
    yield post("install appliance without its image", f"{_APPLIANCES}/{APPLIANCE}/install?version=1.0")
    yield post("install unknown appliance", f"{_APPLIANCES}/{UNKNOWN}/install")


def computes() -> Iterator[Step]:
    """Computes: the local one, and one that is not there."""
    far = {"protocol": "http", "host": "127.0.0.1", "port": 1, "user": "u", "password": "p"}
    id_ = "44444444-0000-4000-8000-000000000000"
    yield get("computes", _COMPUTES)
    yield get("ports of compute", _COMPUTES + "/local/network/ports")
    yield get("interfaces of compute", _COMPUTES + "/local/network/interfaces")
    yield get("images of compute", _COMPUTES + "/local/qemu/images")
    yield get("endpoint of compute that is none", _COMPUTES + "/local/toys/images")
    yield get("machines of an emulator that is not there", _COMPUTES + "/local/vmware/vms")
    yield post("create compute", _COMPUTES, {**far, "compute_id": id_, "name": "far"})
    yield post("create compute again", _COMPUTES, {**far, "compute_id": id_, "name": "far again"})
    yield post("create compute of a strange protocol", _COMPUTES, {**far, "protocol": "ftp"})
    yield post("create compute of no port", _COMPUTES, {**far, "port": 0})
    yield post("create compute without a host", _COMPUTES, {"protocol": "http", "port": 1})
    yield post("create compute of a strange id", _COMPUTES, {**far, "compute_id": "far", "port": 2})
    yield get("all computes", _COMPUTES)
    yield get("compute", f"{_COMPUTES}/{id_}")
    yield put("change compute", f"{_COMPUTES}/{id_}", {"name": "far away"})
    yield post("connect compute that is not there", f"{_COMPUTES}/{id_}/connect")
    yield post("connect unknown compute", f"{_COMPUTES}/{UNKNOWN}/connect")
    yield get("unknown compute", f"{_COMPUTES}/{UNKNOWN}")
    yield get("interfaces of unknown compute", f"{_COMPUTES}/{UNKNOWN}/network/interfaces")
    yield delete("delete compute", f"{_COMPUTES}/{id_}")
    yield delete("delete compute again", f"{_COMPUTES}/{id_}")


def by_others() -> Iterator[Step]:
    """What the worker and nobody may do with all that: read some of it."""
    own = {"name": "mine", "template_type": "vpcs", "compute_id": "local"}
    steps = [
        get("templates", _TEMPLATES),
        get("template", _TEMPLATES + "/{tm}"),
        post("create template", _TEMPLATES, own),
        put("change template", _TEMPLATES + "/{tm}", {"name": "x"}),
        post("duplicate template", _TEMPLATES + "/{tm}/duplicate", {}),
        delete("delete template", _TEMPLATES + "/{tm}"),
        get("symbols", _SYMBOLS),
        get("default symbols", _SYMBOLS + "/default_symbols"),
        get("symbol", _SYMBOLS + "/:/symbols/affinity/square/blue/client.svg/raw"),
        get("size of symbol", _SYMBOLS + "/:/symbols/affinity/square/blue/client.svg/dimensions"),
        post("upload symbol", _SYMBOLS + "/theirs.svg/raw", content=SVG),
        get("images", _IMAGES),
        get("image", _IMAGES + "/absent.img"),
        post("upload image", _IMAGES + "/upload/theirs.qcow2", content=_QCOW2),
        post("create disk", _IMAGES + "/qemu/theirs.img", {"format": "qcow2", "size": 10}),
        delete("delete image", _IMAGES + "/absent.img"),
        delete("delete unused images", _IMAGES + "/prune"),
        get("appliances", _APPLIANCES),
        get("appliance", f"{_APPLIANCES}/{APPLIANCE}"),
        post("install appliance", f"{_APPLIANCES}/{APPLIANCE}/install?version=1.0"),
        get("computes", _COMPUTES),
        get("interfaces of compute", _COMPUTES + "/local/network/interfaces"),
        post("create compute", _COMPUTES, {"protocol": "http", "host": "127.0.0.1", "port": 1}),
        put("change compute", f"{_COMPUTES}/{UNKNOWN}", {"name": "x"}),
        delete("delete compute", f"{_COMPUTES}/{UNKNOWN}"),
    ]
    yield from each_by([WORKER, NOBODY], steps)


def the_end() -> Iterator[Step]:
    """Templates go."""
    for name in ("tm", "tc", "t_ethernet_switch", "t_ethernet_hub", "t_cloud", "t_docker"):
        yield delete(f"delete template {name}", f"{_TEMPLATES}/{{{name}}}")
