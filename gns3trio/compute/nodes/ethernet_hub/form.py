"""What a form says of Ethernet hubs and their templates. Sans-IO."""

from gns3trio.compute.form_fields import FieldNote, Form

FORM = Form(
    notes={
        "ports_mapping": FieldNote(
            label="Ports",
            group="Network",
            key="port_number",
            hint="They can be changed while the hub has no links.",
            columns={
                "port_number": FieldNote(label="Port"),
                "name": FieldNote(label="Name", made_of="Ethernet{port_number}"),
            },
        ),
    },
    takes_effect="now",
)
