"""Templates, base configurations and symbols, from which new nodes are created."""
