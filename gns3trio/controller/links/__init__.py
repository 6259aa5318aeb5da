"""The links of a project: creating, changing, capturing, counting and measuring them."""
