"""The compiled core; everything else is in pyproject.toml, which has no place for cffi_modules."""

from setuptools import setup

setup(cffi_modules=["build_ffi.py:ffibuilder"])
