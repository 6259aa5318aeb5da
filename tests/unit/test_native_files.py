"""The C sources: ARCHITECTURE says what each owns."""

import pytest

import build_ffi

ARCHITECTURE = (build_ffi.ROOT / "ARCHITECTURE.md").read_text()


@pytest.mark.parametrize("source", [*build_ffi.SOURCES, *build_ffi.NAT_SOURCES])
def test_architecture_says_what_a_source_owns(source: str):
    assert f"`{source}`" in ARCHITECTURE
