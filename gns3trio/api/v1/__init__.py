"""Version 1 of the API: ``routes``, the ``bodies`` of their requests, ``views`` of what they reply, and ``events``."""
