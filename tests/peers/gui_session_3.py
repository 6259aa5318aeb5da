"""A session in the GNS3 desktop GUI 3, offscreen: log in, a project, two VPCS, a switch, links, power, console, filter,
capture, snapshot and its restore, export.

Run by the GUI's own Python, with HOME a folder of its own: ``gui_session_3.py HOST PORT USER PASSWORD``. It prints a
line for each thing that the GUI has come to show, and ends with status 1 at the first that it does not.
"""

import json
import os
import sys
import time
import traceback
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

PATIENCE = 60.0
HOST, PORT, USER, PASSWORD = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
NAME = "from the GUI 3"
EXPORTED = Path("exported.gns3project").absolute()
# What the GUI starts for a console, in place of a terminal: it types, and keeps in a file what it reads, up to what the
# node should say.
CONSOLE = """
import socket, sys
host, port, file, awaited, *typed = sys.argv[1:]
with socket.create_connection((host, int(port))) as client, open(file, "wb", 0) as seen:
    client.sendall((" ".join(typed) + "\\r\\n").encode())
    data = b""
    while awaited.encode() not in data and (piece := client.recv(4096)):
        data += piece
        seen.write(piece)
"""


def settle_down(folder: Path) -> None:
    """The GUI's settings: the server and who logs in, and no wizards."""
    folder.mkdir(parents=True)
    server = {"auto_start": False, "host": HOST, "port": PORT, "protocol": "http", "remote": True}
    server |= {"username": USER, "password": PASSWORD, "report_errors": False}
    window = {"hide_setup_wizard": True, "check_for_update": False, "hide_getting_started_dialog": True}
    settings = {"Controller": server, "MainWindow": window, "type": "settings", "version": "3.0.6"}
    (folder / "gns3_gui.conf").write_text(json.dumps(settings))


def end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What the GUI does wrong itself ends the session."""
    print("".join(traceback.format_exception(kind, error, trace)), flush=True)
    os._exit(1)


sys.excepthook = end
settle_down(Path(os.environ["HOME"], ".config", "GNS3", "3.0"))

from gns3.application import Application  # noqa: E402 - reads the settings

app = Application(["gns3"])

from gns3.compute_manager import ComputeManager  # noqa: E402 - these need the application
from gns3.controller import Controller  # noqa: E402
from gns3.local_config import LocalConfig  # noqa: E402
from gns3.main_window import MainWindow  # noqa: E402
from gns3.qt import QtCore, QtWidgets  # noqa: E402
from gns3.template_manager import TemplateManager  # noqa: E402
from gns3.topology import Topology  # noqa: E402

# What is to be done in the next dialog of a kind, once.
wanted: dict[str, list[Callable[[Any], None]]] = {}


def answer_dialogs() -> None:
    """As a user would: a name for the project, what is wanted, yes to questions, away with the rest."""
    for dialog in app.topLevelWidgets():
        kind = type(dialog).__name__
        if not isinstance(dialog, QtWidgets.QDialog) or not dialog.isVisible() or "Progress" in kind:
            continue
        if kind == "ProjectDialog" and not Topology.instance().project():
            dialog.uiNameLineEdit.setText(NAME)
            dialog.done(1)
        elif wanted.get(kind):
            wanted[kind].pop(0)(dialog)
        elif kind == "SnapshotsDialog" and wanted.get("QInputDialog"):
            pass  # the name is asked next
        elif (
            kind == "QMessageBox" and "would you like to proceed" in dialog.text()
        ) or "Confirm" in dialog.windowTitle():
            dialog.done(QtWidgets.QMessageBox.StandardButton.Yes.value)
        else:
            if kind == "QMessageBox":
                print(f"dismissed: {dialog.windowTitle()}: {dialog.text()}", flush=True)
            dialog.reject()


def await_(what: str, condition: Callable[[], Any]) -> None:
    """Let the GUI work until the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            print(f"not seen: {what}", flush=True)
            os._exit(1)
        app.processEvents(QtCore.QEventLoop.ProcessEventsFlag.AllEvents, 50)
    print(f"seen: {what}", flush=True)


def later(function: Callable[[], Any]) -> None:
    """Do what opens a dialog that waits for its answer, outside of the present turn."""
    QtCore.QTimer.singleShot(0, function)


def ask(method: str, path: str, body: Any = None) -> Any:
    """What another client asks of the server; it logs in each time."""
    return _ask(method, path, body, _ask("POST", "access/users/authenticate", CREDENTIALS, "")["access_token"])


def _ask(method: str, path: str, body: Any, token: str) -> Any:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{HOST}:{PORT}/v3/{path}", method=method, data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
        text = reply.read()
    return json.loads(text) if text else None


CREDENTIALS = {"username": USER, "password": PASSWORD}
LocalConfig.instance()
timer = QtCore.QTimer()
timer.timeout.connect(answer_dialogs)
timer.start(100)
window = MainWindow()
window.show()
topology = Topology.instance()
await_("the server", Controller.instance().connected)
await_("templates", TemplateManager.instance().templates)
await_("a compute", ComputeManager.instance().computes)
await_("a project", lambda: topology.project() is not None and topology.project().id())
project = f"projects/{topology.project().id()}"


def add(kind: str, x: int) -> None:
    """A node from the built-in template of its type."""
    count = len(topology.nodes())
    [template] = [each for each in TemplateManager.instance().templates().values() if each.template_type() == kind]
    window.uiGraphicsView.createNodeFromTemplateId(template.id(), QtCore.QPointF(x, 0))
    await_(
        f"another {kind}", lambda: sum(bool(node.node_id() and node.ports()) for node in topology.nodes()) == count + 1
    )


for kind, x in (("vpcs", -200), ("vpcs", 200), ("ethernet_switch", 0)):
    add(kind, x)
nodes = topology.nodes()[:2]
window.uiGraphicsView.addLink(nodes[0], nodes[0].ports()[0], nodes[1], nodes[1].ports()[0])
await_("a link", topology.links)


def link_ids() -> list[str]:
    """The links at the server. The GUI gives a new link an id of its own first."""
    return [each["link_id"] for each in ask("GET", f"{project}/links")]


await_("the link at the server", lambda: link_ids() == [each.link_id() for each in topology.links()] != [])
[link] = topology.links()
of_link = f"{project}/links/{link.link_id()}"

window.uiStartAllAction.trigger()
await_("both started", lambda: all(node.isStarted() for node in nodes))
Path("console.py").write_text(CONSOLE)
nodes[0].openConsole(f"{sys.executable} console.py %h %p seen.txt MAC show ip")
await_("the console", lambda: Path("seen.txt").exists() and b"MAC" in Path("seen.txt").read_bytes())
link.setFilters({"delay": [20, 0]})
link.update()
await_("a filter at the server", lambda: ask("GET", of_link)["filters"] == {"delay": [20, 0]})
link.startCapture("DLT_EN10MB", "from_the_gui.pcap")
await_("a capture", lambda: link.capturing() and link.capture_file_path())
link.stopCapture()
await_("its end", lambda: not link.capturing())
link.toggleSuspend()
await_("the link suspended at the server", lambda: ask("GET", of_link)["suspend"] is True)
window.uiStopAllAction.trigger()
await_("both stopped", lambda: not any(node.isStarted() for node in nodes))
ask("POST", f"{project}/nodes/{nodes[0].node_id()}/start", {})
await_("a start by another client", nodes[0].isStarted)
ask("POST", f"{project}/nodes/{nodes[0].node_id()}/stop", {})
await_("a stop by another client", lambda: not nodes[0].isStarted())
nodes[0].update({"name": "renamed"})
await_("another name", lambda: nodes[0].name() == "renamed")

wanted["SnapshotsDialog"] = [lambda dialog: later(dialog.uiCreatePushButton.click)]
wanted["QInputDialog"] = [lambda dialog: (dialog.setTextValue("before"), dialog.accept())]
later(window.uiSnapshotAction.trigger)
await_("a snapshot at the server", lambda: [each["name"] for each in ask("GET", f"{project}/snapshots")] == ["before"])
await_("no dialog", lambda: QtWidgets.QApplication.activeModalWidget() is None)
link.deleteLink()
await_("no link", lambda: not topology.links())


def restore(dialog: Any) -> None:
    """Choose the snapshot, and restore it."""
    if not dialog.uiSnapshotsList.count():
        wanted["SnapshotsDialog"].append(restore)  # the list has not come
        return
    dialog.uiSnapshotsList.setCurrentRow(0)
    later(dialog.uiRestorePushButton.click)


wanted["SnapshotsDialog"] = [restore]
later(window.uiSnapshotAction.trigger)
await_("the link again", lambda: len(topology.links()) == 1)
await_("all nodes again", lambda: {node.name() for node in topology.nodes()} == {"renamed", "PC2", "Switch1"})


def export(dialog: Any) -> None:
    """Say where, and finish."""
    dialog.uiPathLineEdit.setText(str(EXPORTED))
    dialog.next()
    later(dialog.accept)


wanted["ExportProjectWizard"] = [export]
later(window.uiExportProjectAction.trigger)
await_("the export", lambda: EXPORTED.exists() and zipfile.is_zipfile(EXPORTED))
os._exit(0)  # its threads do not end by themselves
