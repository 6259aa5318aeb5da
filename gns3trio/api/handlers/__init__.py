"""Handlers of routes that several versions have: each table registers them with its own path, reply and privilege."""
