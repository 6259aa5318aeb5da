"""A server process of ours for the story."""

from tests.e2e.conftest import start_server

__all__ = ["start_server"]  # a fixture
