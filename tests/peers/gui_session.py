"""A session in the GNS3 desktop GUI 2.2, offscreen: a project, two VPCS, a link, start, capture, stop, a machine
and a container, and two appliances: ``Toaster`` of the server, and the file ``box.gns3a``.

Run by the GUI's own Python, with HOME a folder of its own: ``gui_session.py HOST PORT``. It prints a line for each
thing that the GUI has come to show, and ends with status 1 at the first that it does not.
"""

import json
import os
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE = 60.0
HOST, PORT = sys.argv[1], int(sys.argv[2])
# What the GUI starts for a console, in place of a terminal: it types, and keeps in a file what it reads, up to what the
# node should say.
CONSOLE = """
import socket, sys
host, port, file, awaited, *typed = sys.argv[1:]
with socket.create_connection((host, int(port))) as client, open(file, "wb", 0) as seen:
    client.sendall((" ".join(typed) + "\\n").encode() if typed else b"")
    data = b""
    while awaited.encode() not in data and (piece := client.recv(4096)):
        data += piece
        seen.write(piece)
"""


def settle_down(folder: Path) -> None:
    """The GUI's settings: the server, and no wizards."""
    folder.mkdir(parents=True)
    server = {"auto_start": False, "host": HOST, "port": PORT, "protocol": "http", "auth": False}
    lines = [f"{name} = {value}" for name, value in server.items()]
    (folder / "gns3_server.conf").write_text("\n".join(["[Server]", *lines, "report_errors = False", ""]))
    window = {"hide_setup_wizard": True, "check_for_update": False, "hide_getting_started_dialog": True}
    (folder / "gns3_gui.conf").write_text(json.dumps({"MainWindow": window, "type": "settings", "version": "2.2.61"}))


settle_down(Path(os.environ["HOME"], ".config", "GNS3", "2.2"))

from gns3.application import Application  # noqa: E402 - reads the settings

app = Application(["gns3"])

from gns3.controller import Controller  # noqa: E402 - these need the application
from gns3.local_config import LocalConfig  # noqa: E402
from gns3.main_window import MainWindow  # noqa: E402
from gns3.qt import QtCore, QtWidgets  # noqa: E402
from gns3.template_manager import TemplateManager  # noqa: E402
from gns3.topology import Topology  # noqa: E402


def answer_dialogs() -> None:
    """As a user would: a name for the project, yes to questions, away with the rest."""
    for dialog in app.topLevelWidgets():
        kind = type(dialog).__name__
        if not isinstance(dialog, QtWidgets.QDialog) or not dialog.isVisible() or "Progress" in kind:
            continue
        if kind == "ProjectDialog" and not Topology.instance().project():
            dialog.uiNameLineEdit.setText("from the GUI")
            dialog.done(1)
        elif "Confirm" in dialog.windowTitle():
            dialog.done(QtWidgets.QMessageBox.StandardButton.Yes.value)
        elif isinstance(dialog, QtWidgets.QWizard):
            if dialog is app.activeModalWidget():
                go_on(dialog)
        elif kind == "QMessageBox" and dialog.text().startswith("Would you like to install"):
            press(dialog.button(QtWidgets.QMessageBox.StandardButton.Yes))
        else:
            print(f"rejected: {kind}: {dialog.text() if hasattr(dialog, 'text') else dialog.windowTitle()}", flush=True)
            dialog.reject()


def go_on(wizard: Any) -> None:
    """Choose the appliance of the server, or the only version of an appliance, when its images are here."""
    chosen = {"uiApplianceFromServerWizardPage": "Toaster", "uiFilesWizardPage": "Ready to install"}
    page = wizard.currentPage()
    if (wanted := chosen.get(page.objectName())) is not None:
        [tree] = page.findChildren(QtWidgets.QTreeWidget)
        flags = QtCore.Qt.MatchFlag.MatchContains | QtCore.Qt.MatchFlag.MatchRecursive
        items = [item for column in range(tree.columnCount()) for item in tree.findItems(wanted, flags, column)]
        if not items:
            return
        tree.setCurrentItem(items[0])
        items[0].setSelected(True)
    button = wizard.WizardButton.FinishButton if wizard.nextId() < 0 else wizard.WizardButton.NextButton
    press(wizard.button(button))


def press(button: Any) -> None:
    """Press a button when the present event is over: it may open a dialog."""
    QtCore.QTimer.singleShot(0, button.click)


def await_(what: str, condition: Callable[[], Any]) -> None:
    """Let the GUI work until the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            print(f"not seen: {what}", flush=True)
            os._exit(1)
        app.processEvents(QtCore.QEventLoop.ProcessEventsFlag.AllEvents, 50)
    print(f"seen: {what}", flush=True)


def from_elsewhere(path: str) -> None:
    """What another client asks of the server."""
    request = urllib.request.Request(f"http://{HOST}:{PORT}/v2/projects/{path}", method="POST", data=b"")
    urllib.request.urlopen(request, timeout=PATIENCE).close()


LocalConfig.instance()
timer = QtCore.QTimer()
timer.timeout.connect(answer_dialogs)
timer.start(100)
window = MainWindow()
window.show()
topology = Topology.instance()
await_("the server", Controller.instance().connected)
await_("templates", TemplateManager.instance().templates)
await_("a project", lambda: topology.project() is not None and topology.project().id())

[vpcs] = [each for each in TemplateManager.instance().templates().values() if each.template_type() == "vpcs"]
for count, x in ((1, -200), (2, 200)):
    window.uiGraphicsView.createNodeFromTemplateId(vpcs.id(), QtCore.QPointF(x, 0))
    await_(
        f"{count} VPCS", lambda wanted=count: sum(bool(n.node_id() and n.ports()) for n in topology.nodes()) == wanted
    )
nodes = topology.nodes()
window.uiGraphicsView.addLink(nodes[0], nodes[0].ports()[0], nodes[1], nodes[1].ports()[0])
await_("a link", lambda: [link.initialized() for link in topology.links()] == [True])
[link] = topology.links()

window.uiStartAllAction.trigger()
await_("both started", lambda: all(node.isStarted() for node in nodes))
link.startCapture("DLT_EN10MB", "from_the_gui.pcap")
await_("a capture", lambda: link.capturing() and link.capture_file_path())
link.stopCapture()
await_("its end", lambda: not link.capturing())
window.uiStopAllAction.trigger()
await_("both stopped", lambda: not any(node.isStarted() for node in nodes))
first = f"{topology.project().id()}/nodes/{nodes[0].node_id()}"
from_elsewhere(f"{first}/start")
await_("a start by another client", nodes[0].isStarted)
nodes[0].update({"name": "renamed"})
await_("another name", lambda: nodes[0].name() == "renamed")
link.deleteLink()
await_("no link", lambda: not topology.links())


Path("console.py").write_text(CONSOLE)


def make(kind: str, count: int) -> Any:
    """A node of the only template of a type: the node with this number. It is started with all others."""
    [template] = [each for each in TemplateManager.instance().templates().values() if each.template_type() == kind]
    window.uiGraphicsView.createNodeFromTemplateId(template.id(), QtCore.QPointF(0, 100 * count))
    await_(f"a node of {kind}", lambda: sum(bool(n.node_id() and n.ports()) for n in topology.nodes()) == count)
    made = topology.nodes()[count - 1]
    window.uiStartAllAction.trigger()
    await_("its start", made.isStarted)
    return made


def open_console(node: Any, awaited: str, typed: str = "") -> None:
    """The console, where the node says this."""
    seen = Path(f"{node.name()}.txt")
    node.openConsole(f"{sys.executable} console.py %h %p {seen} {awaited} {typed}")
    await_(f"the console of {node.name()}", lambda: seen.exists() and awaited.encode() in seen.read_bytes())


machine, container = make("qemu", 3), make("docker", 4)
open_console(machine, "R")
open_console(container, "BusyBox", "busybox")
container.update({"environment": "LAB=1", "adapters": 1, "start_command": "", "extra_volumes": ["/data"]})
await_("settings of the container", lambda: container.settings()["environment"] == "LAB=1")
window.uiSuspendAllAction.trigger()
await_("both suspended", lambda: all(each.status() == each.suspended for each in (machine, container)))


def install(template: str, begin: Callable[[], Any]) -> None:
    """Go through the wizard of an appliance, which ends before ``begin`` does, to a template and a node of it."""

    def give_up() -> None:
        print(f"not seen: the end of the wizard for {template}", flush=True)
        os._exit(1)

    watch = threading.Timer(PATIENCE, give_up)
    watch.start()
    begin()
    watch.cancel()
    templates = TemplateManager.instance().templates()
    await_(f"the template {template}", lambda: template in {each.name() for each in templates.values()})
    count = len(topology.nodes()) + 1
    [made] = [each for each in templates.values() if each.name() == template]
    window.uiGraphicsView.createNodeFromTemplateId(made.id(), QtCore.QPointF(0, 100 * count))
    await_(f"a node of {template}", lambda: sum(bool(n.node_id() and n.ports()) for n in topology.nodes()) == count)


install("Toaster 1.0", window.uiNewTemplateAction.trigger)
install("Box 2.0", lambda: window.loadPath(str(Path("box.gns3a").absolute())))
os._exit(0)  # its threads do not end by themselves
