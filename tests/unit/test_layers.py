"""Imports point one way: a layer knows those below it and nothing above."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gns3trio
from tests.support.imports import imported_names, imports_of

PACKAGE = Path(gns3trio.__file__).parent

LEAVES = {
    "acting",
    "addresses",
    "errors",
    "dates",
    "convert",
    "counts",
    "limits",
    "classes",
    "field_checks",
    "free_form",
    "json_text",
    "printable",
    "project_layout",
    "raster_size",
    "svg_cost",
    "config",
    "encoding",
    "notifications",
    "topology_yaml",
    "natural_order",
    "removal",
    "watchdog",
    "websocket_pings",
    "garbage",
    "mutex",
    "service_manager",
    "sizes",
    "slices",
    "threads",
    "layout",
    "machine",
    "memory",
    "__init__",
}
# Each layer with the layers it may import, beside the leaves and itself.
ALLOWED = {
    "acting": set[str](),
    "addresses": {"errors"},
    "dates": set[str](),
    "errors": set[str](),
    "classes": set[str](),
    "config": {"addresses", "errors", "limits"},
    "limits": set[str](),
    "field_checks": {"limits"},
    "free_form": {"limits"},
    "json_text": {"errors", "free_form", "limits"},
    "printable": set[str](),
    "project_layout": set[str](),
    "raster_size": set[str](),
    "svg_cost": {"raster_size"},
    "convert": {"errors", "free_form", "limits"},
    "counts": set[str](),
    "encoding": set[str](),
    "topology_yaml": {"errors", "json_text", "limits", "printable"},
    "natural_order": set[str](),
    "removal": set[str](),
    "watchdog": set[str](),
    "websocket_pings": set[str](),
    "garbage": set[str](),
    "mutex": set[str](),
    "service_manager": set[str](),
    "sizes": set[str](),
    "slices": set[str](),
    "threads": {"errors"},
    "layout": set[str](),
    "machine": set[str](),
    "memory": set[str](),
    "freed_memory": set[str](),
    "notifications": {"acting", "encoding"},
    "_udpfwd": set[str](),
    "conditions": set[str](),
    "core_contract": {"_udpfwd"},
    "traffic": {"core_contract"},
    "forwarder": {"_udpfwd", "conditions", "core_contract", "traffic"},
    "console": set[str](),
    "compute": {"_udpfwd", "conditions", "traffic", "forwarder", "console"},
    "measure": {"core_contract", "traffic"},
    "controller": {"compute", "conditions", "traffic", "measure"},
    "http": set[str](),
    "api": {"controller", "compute", "conditions", "traffic", "measure"},
    "server": {"api", "http", "freed_memory", "controller", "compute"},
    "client": {"config"},
    "password_reset": {"controller"},
    "commands": {"client", "conditions", "console", "measure", "compute", "_udpfwd", "password_reset"},
    "cli": {"server", "client", "commands", "compute"},
    "__main__": {"cli"},
    "__init__": set[str](),
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def layer_of(dotted: str) -> str:
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_layer_may(module: Path) -> None:
    relative = module.relative_to(PACKAGE)
    layer = relative.parts[0].removesuffix(".py")
    allowed = ALLOWED[layer] | LEAVES | {layer}
    if layer in LEAVES:
        allowed = ALLOWED[layer] | {layer, "__init__", "classes"}
    for each in imports_of(module):
        assert each.level == 0, f"{relative}: relative import"
        name = each.name if each.module in (None, "gns3trio") else each.module
        if name.split(".")[0] == "gns3trio" and name != "gns3trio.__version__":
            assert layer_of(name) in allowed, f"{relative} imports {name}"


# What only the compute of this host has. Others use a compute through ``compute/interface.py``.
OF_THIS_HOST = ("gns3trio.compute.local", "gns3trio.compute.local_compute", "gns3trio.compute.nodes")
USERS = [
    *(path for path in MODULES if path.relative_to(PACKAGE).parts[0] in ("api", "controller")),
    *(PACKAGE / "compute" / name for name in ("interface.py", "captures.py", "node_features.py")),
    PACKAGE / "compute/hosted.py",
]


@pytest.mark.parametrize("module", USERS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_compute_is_used_through_its_interface(module: Path) -> None:
    names = {
        name for name in imported_names(module) if f"{name}.".startswith(tuple(f"{each}." for each in OF_THIS_HOST))
    }
    assert not names


# What runs nodes here. A process that uses other computes only needs none of it.
RUNS_NODES = re.compile(
    r"gns3trio\.(forwarder\.(forwarder|captures|trial)|console\.hub|compute\.local(_compute|\..*)?|compute\.nodes\..*\.node)"
)


def test_users_of_a_compute_do_not_load_it() -> None:
    """Also by way of other modules: the interface does not depend on its implementation on this host."""
    users = sorted(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in USERS)
    loaded = subprocess.run(
        [sys.executable, "-c", f"import {', '.join(users)}, sys; print(*sys.modules, sep=chr(10))"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout.split()
    assert {*users} <= {*loaded}
    assert [name for name in loaded if RUNS_NODES.fullmatch(name)] == []


def test_the_api_has_one_door_to_start_and_stop_nodes() -> None:
    """``Nodes.acting`` and ``driven_action`` know what has to be done beside it: locks, hanging starts."""
    for module in modules_below("api"):
        assert "gns3trio.compute.actions" not in imported_names(module), module
        assert not re.search(
            r"\.(start|stop|suspend|reload)\(\)", module.read_text().replace("controller.reload()", "")
        )


def test_few_modules_touch_the_core() -> None:
    users = {str(module.relative_to(PACKAGE)) for module in MODULES if "gns3trio._udpfwd import" in module.read_text()}
    assert users == {
        "core_contract.py",
        "forwarder/expressions.py",
        "forwarder/forwarder.py",
        "forwarder/pc.py",
        "forwarder/pc_traffic.py",
        "forwarder/pc_wire.py",
        "forwarder/results.py",
        "forwarder/trial.py",
        "forwarder/trunk.py",
        "compute/nodes/parts/sandbox.py",
        "compute/nodes/parts/spawn.py",
    }


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def modules_below(*folders: str) -> list[Path]:
    return [module for module in MODULES if module.relative_to(PACKAGE).parts[0] in folders]


def test_the_wire_is_the_api_s() -> None:
    """The controller and the computes say what happened, and know no event; JSON they write into files alone."""
    writers = set()
    for module in modules_below("controller", "compute"):
        relative, names = module.relative_to(PACKAGE), imported_names(module)
        told = {name for name in names if name.startswith("gns3trio.notifications.")}
        assert told <= {"gns3trio.notifications.feed", "gns3trio.notifications.feed.ChangeFeed"}, relative
        if names & {"json", "orjson", "gns3trio.encoding"}:
            writers.add(str(relative))
        if relative.parts[0] == "controller":
            functions = [node.name for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, _FUNCTIONS)]
            assert not [name for name in functions if name.endswith(("view", "views", "as_json"))], relative
    assert writers == {
        "compute/nodes/docker/engine.py",  # the API of Docker
        "compute/nodes/qemu/qmp.py",  # the monitor of QEMU
        "compute/remote/batches.py",  # requests to computes of ours
        "compute/remote/http.py",  # requests to computes of others
        "compute/remote/session.py",
        "controller/archives/snapshots.py",
        "controller/gns3_format/own_fields.py",
        "controller/gns3_format/records.py",
        "controller/library/image_uploads.py",
        "controller/people/audit_trail.py",
        "controller/people/ended_tokens.py",
        "controller/people/people_file.py",
        "controller/storage/server_state.py",
    }


def test_views_name_what_clients_see() -> None:
    """A view takes the fields of a reply's class (``shown_as``), and never all that an object below the API has."""
    takes_all: dict[str, set[str]] = {}
    for module in modules_below("api"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in ("attrs.asdict", "attrs.fields"):
                takes_all.setdefault(str(module.relative_to(PACKAGE)), set()).add(node.attr)
    assert takes_all == {
        # the shapes themselves
        "api/replies.py": {"fields"},
        # bodies of requests, for the controller
        "api/routing.py": {"fields"},
        "api/v1/routes.py": {"asdict"},
        "api/v2/bodies.py": {"asdict"},
        "api/v2/compute_batches.py": {"asdict"},
        "api/v2/computes.py": {"asdict"},
        "api/v2/shapes.py": {"asdict"},
        "api/v2/topology.py": {"asdict"},
    }


def test_handlers_do_not_import_each_other() -> None:
    """What two of them need lies below both."""
    dotted = {".".join(module.relative_to(PACKAGE.parent).with_suffix("").parts): module for module in MODULES}
    tables = {
        name
        for name, module in dotted.items()
        if name.startswith("gns3trio.api.v") and "= RouteTable(" in module.read_text()
    }
    assert {"gns3trio.api.v1.routes", "gns3trio.api.v2.nodes", "gns3trio.api.v3.server"} <= tables
    for name in sorted(tables):
        assert not imported_names(dotted[name]) & tables, name


def test_versions_do_not_import_each_other() -> None:
    """But version 3 has shapes and views of version 2, whose objects it shows with a few fields more."""
    allowed = {"v1": {"v1"}, "v2": {"v2"}, "v3": {"v2", "v3"}}
    for module in modules_below("api"):
        version = module.relative_to(PACKAGE).parts[1]
        if version in allowed:
            used = {name.split(".")[2] for name in imported_names(module) if name.startswith("gns3trio.api.v")}
            assert used & allowed.keys() <= allowed[version], module


# The rooms and single modules of ``controller/``, from the lowest; each may use those in the lines above its own.
CONTROLLER_ROOMS: list[set[str]] = [
    {"names", "run_limit"},
    {"gns3_format"},
    {"storage"},
    {"changes", "people"},
    {"former_computes", "opened_elsewhere", "registered_computes"},
    {"computes", "library"},
    {"placement"},
    {"services"},
    {"context"},
    {"nodes"},
    {"links"},
    {"project"},
    {"controller"},
    {"archives", "as_code", "template_nodes", "unused_images"},
    {"driven_nodes", "host_usage"},
]
# Likewise for ``compute/``: the interface and what controllers know, then this host, and what puts it together.
COMPUTE_ROOMS: list[set[str]] = [
    {"form_fields", "image_headers"},
    {
        "__init__",
        "captures",
        "emulator_host",
        "expressions",
        "extensions",
        "gns3_3",
        "host",
        "images",
        "nio",
        "node",
        "node_features",
        "node_traits",
        "outcomes",
        "script_files",
        "split_trials",
        "trunks",
    },
    {"capture_files", "emulators", "interface"},
    {"clients", "hosted_reports", "local", "node_update", "other_hosts", "split_probe"},
    {"hosted_project", "nodes", "nodes/parts"},
    {
        "hosted",
        "nodes/cloud",
        "nodes/docker",
        "nodes/ethernet_hub",
        "nodes/ethernet_switch",
        "nodes/qemu",
        "nodes/vpcs",
    },
    {"nodes/nat"},
    {"node_types"},
    {"actions", "hosted_batches", "hosted_captures", "local_compute", "remote"},
]
# It names what changes, of every room, and uses nothing of it.
ANNOTATES_ONLY = {"controller/changes.py"}


def modules_used(module: Path) -> set[Path]:
    """The modules of this package that a module imports, for annotations too."""
    used = set()
    for name in imported_names(module):
        if name.startswith("gns3trio."):
            place = PACKAGE.joinpath(*name.split(".")[1:])
            used |= {path for path in (place.with_suffix(".py"), place / "__init__.py") if path in MODULES}
    return used


def room_of(module: Path) -> str:
    """The room, or the single module; each folder in ``compute/nodes`` is a room."""
    _, *folders, name = module.relative_to(PACKAGE).parts
    return "/".join(folders[: 2 if folders[:1] == ["nodes"] and "compute" in module.parts else 1]) or name.removesuffix(
        ".py"
    )


@pytest.mark.parametrize(
    "module", modules_below("controller", "compute"), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_room_uses_only_those_below_it(module: Path) -> None:
    if str(module.relative_to(PACKAGE)) in ANNOTATES_ONLY:
        return
    layer = module.relative_to(PACKAGE).parts[0]
    rooms_by_layer = {"controller": CONTROLLER_ROOMS, "compute": COMPUTE_ROOMS}
    floor = {room: number for number, rooms in enumerate(rooms_by_layer[layer]) for room in rooms}
    own = room_of(module)
    for used in modules_used(module) & set(modules_below(layer)):
        assert room_of(used) == own or floor[room_of(used)] < floor[own], f"{own} imports {used.relative_to(PACKAGE)}"


def test_no_module_imports_itself_by_way_of_others() -> None:
    using = {module: modules_used(module) for module in MODULES}
    using |= {PACKAGE / name: set() for name in ANNOTATES_ONLY}
    while leaves := [module for module, used in using.items() if not used & using.keys()]:
        for module in leaves:
            del using[module]
    assert sorted(str(module.relative_to(PACKAGE)) for module in using) == []
