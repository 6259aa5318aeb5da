"""Positions in the drawing: free places for new nodes, and arrangements of labs. No I/O and no state of a lab."""
