"""An open project: its nodes, drawings and settings, from opening to closing."""
