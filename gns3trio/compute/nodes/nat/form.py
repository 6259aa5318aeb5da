"""What a form says of NAT nodes. Sans-IO."""

from gns3trio.compute.form_fields import HIDDEN, FieldNote, Form

FORM = Form(
    notes={
        "port_forwards": FieldNote(
            label="Forwarded ports",
            group="Network",
            hint="A port of this host leads to a port of a host in the lab.",
            columns={
                "protocol": FieldNote(label="Protocol", labels={"tcp": "TCP", "udp": "UDP"}),
                "host_address": FieldNote(label="Address here"),
                "host_port": FieldNote(label="Port here"),
                "guest_address": FieldNote(label="Address in the lab"),
                "guest_port": FieldNote(label="Port in the lab"),
            },
        ),
        "ports_mapping": HIDDEN,
        "gateway": HIDDEN,
    },
    takes_effect="now",
)
