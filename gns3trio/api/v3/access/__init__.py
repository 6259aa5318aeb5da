"""``/v3/access`` and ``/v3/pools``: users, groups, roles, access control entries and pools."""
