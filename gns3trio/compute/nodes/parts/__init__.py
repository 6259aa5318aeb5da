"""Parts that several node types use: processes, sandboxes, consoles."""
