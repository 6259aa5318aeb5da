"""Passwords that take no time, for tests of something else."""

from collections.abc import Iterator

import pytest

from gns3trio.controller.people import passwords


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hashes of passwords take no time."""
    monkeypatch.setattr(passwords, "MEMORY_KIB", 64)
    monkeypatch.setattr(passwords, "PASSES", 1)
    caches = (passwords._hasher, passwords._nobodys_hash)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()
