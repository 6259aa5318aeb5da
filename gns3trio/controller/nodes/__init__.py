"""The nodes of a project: made, changed and deleted, started and stopped, and the ports that they show."""
