"""Version 1 of the API: ``routes``, request ``bodies``, ``views`` that format replies, and ``events``."""
