"""A lab of ten thousand built-in PCs on one server."""
