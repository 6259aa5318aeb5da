"""What modules import. Each file is read once, for all tests that ask."""

import ast
from functools import cache
from pathlib import Path

import attrs


@attrs.frozen
class Import:
    """A name that a module imports: ``from a.b import c`` is ``a.b.c``, of the module ``a.b``."""

    line: int
    name: str
    module: str | None = None  # None for ``import a.b``
    level: int = 0  # the dots of a relative import


@cache
def imports_of(file: Path) -> tuple[Import, ...]:
    """All imports of a module, wherever they stand in it."""
    found: list[Import] = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found += [Import(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found += [Import(node.lineno, f"{module}.{alias.name}", module, node.level) for alias in node.names]
    return tuple(found)


@cache
def imported_names(file: Path) -> frozenset[str]:
    """The modules that a module imports, and what it imports from them, as dotted names."""
    imports = imports_of(file)
    return frozenset({each.name for each in imports} | {each.module for each in imports if each.module is not None})
