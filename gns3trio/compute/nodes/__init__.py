"""The node types that run on this host, a package for each."""
