"""The modules of our page, each with unit tests in Node.js: ``tests/web/NAME.test.js`` tests ``gns3trio/web/NAME.js``.

Node.js is the one that Playwright brings for itself: it is locked with Playwright, and nothing else is installed.
"""

import os
import subprocess
from pathlib import Path

import playwright
import pytest

import gns3trio

NODE = os.environ.get("PLAYWRIGHT_NODEJS_PATH") or str(Path(playwright.__file__).parent / "driver" / "node")
TESTS = Path(__file__).parent
PAGE = Path(gns3trio.__file__).parent / "web"
# These put elements and the other modules together, which only a browser can show: see tests/browser.
TESTED_IN_THE_BROWSER = {
    "app",
    "arrange/arrange_commands",
    "captures/link_captures",
    "docs",
    "drawer/broadcast_bar",
    "drawer/console_page",
    "drawer/find_bar",
    "drawer/full_view",
    "drawer/lab_drawer",
    "drawer/packet_table",
    "drawer/packets",
    "drawer/screen",
    "drawer/terminal",
    "drawings/drawing_commands",
    "drawings/drawing_panel",
    "drawings/drawing_tool",
    "drawings/handles",
    "drawings/note_editor",
    "drawings/style_fields",
    "edit/clipboard",
    "edit/lab_commands",
    "edit/object_commands",
    "edit/port_choice",
    "edit/rename",
    "edit/several_form",
    "empty_lab",
    "files/node_files",
    "flows/heat_map",
    "flows/mesh",
    "flows/pair_list",
    "forms",
    "hosts/host_choice",
    "hosts/host_form",
    "hosts/host_panel",
    "hosts/hosted_list",
    "hosts/hosts_view",
    "hosts/link_hosts",
    "hosts/move_node",
    "images/images_view",
    "images/install",
    "lab_settings/notes",
    "lab_settings/project_commands",
    "lab_settings/settings_form",
    "lab_settings/variable_rows",
    "lab_view",
    "map/drawings",
    "map/gestures",
    "map/graph",
    "map/groups",
    "map/hits",
    "map/label_drag",
    "map/labels",
    "map/linking",
    "map/links",
    "map/map_keys",
    "map/nodes",
    "map/overlays",
    "map/port_handle",
    "map/stage",
    "map/wire_marks",
    "panels/label_fields",
    "panels/link_conditions",
    "panels/link_filters",
    "panels/link_panel",
    "panels/node_engine",
    "panels/node_panel",
    "panels/overview",
    "panels/several_panel",
    "panels/sheet",
    "people/account",
    "people/name_forms",
    "people/people_view",
    "projects/export",
    "projects_view",
    "properties/controls",
    "properties/form",
    "properties/node_settings",
    "properties/symbols",
    "properties/table",
    "snapshots/snapshots_view",
    "templates/template_form",
    "templates/templates_view",
    "toolbar",
}
MODULES = {str(path.relative_to(PAGE).with_suffix("")) for path in PAGE.rglob("*.js") if "vendor" not in path.parts}


def run_tests(file: Path) -> subprocess.CompletedProcess[str]:
    # Our modules have no package.json that calls them modules; Node.js finds that out, and warns that this takes time.
    options = [
        "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
        "--test",
        "--test-force-exit",  # a message that goes after half a minute holds nobody up
        "--test-isolation=none",
        "--test-reporter=spec",
    ]
    return subprocess.run([NODE, *options, str(file)], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("name", sorted(MODULES - TESTED_IN_THE_BROWSER))
def test_a_module_of_the_page(name: str) -> None:
    file = TESTS / f"{name}.test.js"
    assert file.exists(), f"{name}.js has no unit tests: write {file}"
    run = run_tests(file)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "tests 0\n" not in run.stdout


def test_each_file_is_named_after_its_module() -> None:
    tested = {str(path.relative_to(TESTS)).removesuffix(".test.js") for path in TESTS.rglob("*.test.js")}
    assert tested | TESTED_IN_THE_BROWSER == MODULES
    assert tested & TESTED_IN_THE_BROWSER == set()


def test_a_test_that_fails_is_told(tmp_path: Path) -> None:
    file = tmp_path / "wrong.test.mjs"
    file.write_text('import test from "node:test";\ntest("this is wrong", () => { throw new Error("no"); });\n')
    run = run_tests(file)
    assert run.returncode == 1
    assert "this is wrong" in run.stdout
