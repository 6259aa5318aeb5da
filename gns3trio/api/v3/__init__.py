"""Version 3 of the API, as GNS3 3 has it, over the same projects as the other versions."""
