"""The nodes of a project: creating, changing, deleting, starting and stopping them, and their ports."""
