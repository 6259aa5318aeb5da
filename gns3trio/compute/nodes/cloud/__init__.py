"""Clouds: ports of a lab that reach networks of this host."""
