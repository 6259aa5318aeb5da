"""The commands of the command line besides ``serve``: one module each."""
