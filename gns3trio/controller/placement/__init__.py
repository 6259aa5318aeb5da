"""Which compute runs a node that names none: the load of the computes, and the division of a lab among them."""
