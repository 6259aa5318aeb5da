"""What a form says of Docker nodes and their templates. Sans-IO."""

from gns3trio.compute.form_fields import HIDDEN, FieldNote, Form
from gns3trio.compute.nodes.docker.settings import CustomAdapter

_ADAPTERS = FieldNote(
    label="Single adapters",
    group="Network",
    hint="What is particular of one adapter. What is empty is as with the others.",
    rows=CustomAdapter,
    key="adapter_number",
    columns={
        "adapter_number": FieldNote(label="Adapter"),
        "port_name": FieldNote(label="Port name"),
        "mac_address": FieldNote(label="MAC address"),
        "adapter_type": HIDDEN,  # there is one only
    },
)

FORM = Form(
    notes={
        "image": FieldNote(label="Image", control="image", hint="It is pulled if the host does not have it."),
        "start_command": FieldNote(label="Start command", hint="If it is empty, that of the image."),
        "environment": FieldNote(label="Environment", control="lines", hint="A variable in each line: NAME=value."),
        "memory": FieldNote(label="Most memory", unit="MiB", hint="0 is no limit."),
        "cpus": FieldNote(label="Most processors", hint="Such as 1.5; 0 is no limit."),
        "usage": FieldNote(label="Notes on its use", control="lines", takes_effect="now"),
        "adapters": FieldNote(label="Adapters", group="Network", takes_effect="stopped"),
        "mac_address": FieldNote(
            label="MAC address", group="Network", hint="Of the first adapter. If it is empty, it follows from the node."
        ),
        "custom_adapters": _ADAPTERS,
        "extra_hosts": FieldNote(
            label="Hosts", group="Network", control="lines", hint="For /etc/hosts, one in each line: name:address."
        ),
        "console_resolution": FieldNote(label="Resolution", group="Console", hint="Of a VNC console."),
        "console_http_port": FieldNote(
            label="Port of its page", group="Console", hint="Of a console that is a web page."
        ),
        "console_http_path": FieldNote(label="Path of its page", group="Console"),
        "extra_volumes": FieldNote(
            label="Kept folders",
            group="Disks",
            hint="Folders whose contents stay when it is stopped, one in each line.",
        ),
        "aux": HIDDEN,
        "container_id": HIDDEN,
    },
    adapters=_ADAPTERS,
)
