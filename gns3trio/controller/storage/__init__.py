"""Files of the controller on disk: finding them, writing them durably, and keeping earlier versions."""
