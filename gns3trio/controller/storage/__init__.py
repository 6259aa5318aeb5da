"""Files of the controller on disk: found, written durably, and kept in versions."""
