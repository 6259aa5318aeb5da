"""What the command line does beside running the server: one module for each command."""
