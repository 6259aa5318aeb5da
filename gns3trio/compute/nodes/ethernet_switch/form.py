"""What a form says of Ethernet switches and their templates. Sans-IO."""

from gns3trio.compute.form_fields import FieldNote, Form, OnlyIf

FORM = Form(
    notes={
        "ports_mapping": FieldNote(
            label="Ports",
            group="Network",
            key="port_number",
            hint="A trunk carries all VLANs; the one beside it is its native VLAN, without a tag. "
            "While the switch has links, no port can be added or removed.",
            columns={
                "port_number": FieldNote(label="Port"),
                "type": FieldNote(label="Type", labels={"access": "access", "dot1q": "trunk (802.1Q)", "qinq": "QinQ"}),
                "vlan": FieldNote(label="VLAN", hint="Of a trunk: its native VLAN. Of QinQ: the outer VLAN."),
                "ethertype": FieldNote(
                    label="Ethertype",
                    labels={"": "0x8100"},
                    # The empty one is 0x8100, too.
                    choices=("", "0x88A8", "0x9100", "0x9200"),
                    only_if=OnlyIf(column="type", values=("qinq",)),
                ),
                "name": FieldNote(made_of="Ethernet{port_number}", is_shown=False),
            },
        ),
    },
    takes_effect="now",
)
