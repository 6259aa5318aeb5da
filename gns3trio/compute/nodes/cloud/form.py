"""What a form says of clouds and their templates. Sans-IO."""

from gns3trio.compute.form_fields import HIDDEN, FieldNote, Form, OnlyIf
from gns3trio.compute.nodes.cloud.settings import CloudPort

_OF_INTERFACES = OnlyIf(column="type", values=("ethernet", "tap"))
_OF_TUNNELS = OnlyIf(column="type", values=("udp",))

FORM = Form(
    notes={
        "ports_mapping": FieldNote(
            label="Ports",
            group="Network",
            rows=CloudPort,
            hint="They can be changed while the cloud has no links.",
            columns={
                "type": FieldNote(
                    label="Leads to", labels={"ethernet": "interface", "tap": "TAP interface", "udp": "UDP tunnel"}
                ),
                "interface": FieldNote(label="Interface", suggested_by="interfaces", only_if=_OF_INTERFACES),
                "lport": FieldNote(label="Local port", only_if=_OF_TUNNELS),
                "rhost": FieldNote(label="Remote address", only_if=_OF_TUNNELS),
                "rport": FieldNote(label="Remote port", only_if=_OF_TUNNELS),
                "name": FieldNote(label="Name", made_of="{interface}"),
                "port_number": FieldNote(made_of="{row}", is_shown=False),
            },
        ),
        "remote_console_type": FieldNote(
            label="Type", group="Console", hint="Of the console of a device behind the cloud, for GNS3's clients."
        ),
        "remote_console_host": FieldNote(label="Host", group="Console"),
        "remote_console_port": FieldNote(label="Port", group="Console"),
        "remote_console_http_path": FieldNote(label="Path", group="Console"),
        "interfaces": HIDDEN,
    },
    takes_effect="now",
)
