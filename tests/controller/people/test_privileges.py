"""The built-in roles have the privileges of GNS3 3."""

import typing

from gns3trio.controller.people.privileges import BUILT_IN_ROLES, PRIVILEGES, Privilege


def test_every_privilege_has_a_description() -> None:
    assert list(PRIVILEGES) == list(typing.get_args(Privilege))
    assert len(PRIVILEGES) == 45


def test_roles() -> None:
    assert BUILT_IN_ROLES["Administrator"] == PRIVILEGES.keys()
    assert not BUILT_IN_ROLES["No Access"]
    assert len(BUILT_IN_ROLES["User"]) == 24
    assert {name.rpartition(".")[2] for name in BUILT_IN_ROLES["Auditor"]} == {"Audit"}
    assert len(BUILT_IN_ROLES["Auditor"]) == 10
    assert BUILT_IN_ROLES["User manager"] == {
        f"{area}.{verb}" for area in ("User", "Group") for verb in ("Allocate", "Audit", "Modify")
    }
    for name, privileges in BUILT_IN_ROLES.items():
        assert privileges <= PRIVILEGES.keys(), name
