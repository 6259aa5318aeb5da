"""The users of the server, and what they may do."""
