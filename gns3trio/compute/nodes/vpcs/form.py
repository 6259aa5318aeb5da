"""What a form says of VPCS nodes and their templates. Sans-IO."""

from gns3trio.compute.form_fields import FieldNote, Form

FORM = Form(
    notes={
        "startup_script": FieldNote(
            label="Start-up script",
            control="script",
            hint="The commands that it runs when it starts. %h stands for its name.",
        ),
        "base_script_file": FieldNote(
            label="Base script",
            hint="The text that becomes the start-up script of a new node.",
            suggested_by="base_configs",
        ),
        "engine": FieldNote(
            label="Engine",
            group="Advanced",
            hint="What runs the nodes. Without a choice it is the server's default.",
            labels={"process": "VPCS program", "builtin": "built in"},
        ),
    },
    of_templates=frozenset({"base_script_file"}),
)
