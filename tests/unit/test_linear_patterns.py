"""Every regular expression of the product takes time in proportion to its text, whatever the text.

The expressions are found in the modules, with the methods that they are used by, and tried with texts that repeat what
they are made of: one that looks at a part of a text again and again takes more than its share for the longer text.
"""

import ast
import itertools
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
import pytest

import gns3trio

PACKAGE = Path(gns3trio.__file__).parent
METHODS = ("search", "match", "fullmatch", "sub", "findall", "finditer", "split")
# Of these commands' own users, who may stop them: what somebody says to expect of his own console.
NOT_FROM_OUTSIDE = {"commands/console.py", "commands/demo.py"}

SHORT, LONG = 2000, 16000
# A text of 16,000 characters is gone through in a few milliseconds. Only what takes longer is compared with a shorter
# one, for which a quadratic expression takes a 64th, and a linear one an eighth.
SUSPICIOUS_SECONDS = 0.015
LEAST_RATIO_OF_QUADRATIC = 24


@attrs.frozen
class Used:
    """An expression and a method that is called on it."""

    pattern: re.Pattern[Any]
    method: str
    where: str

    def run(self, text: str) -> None:
        subject: Any = text.encode("latin-1", errors="replace") if isinstance(self.pattern.pattern, bytes) else text
        if self.method == "sub":
            self.pattern.sub(subject[:0], subject)
        elif self.method == "finditer":
            for _ in self.pattern.finditer(subject):
                pass
        else:
            getattr(self.pattern, self.method)(subject)


def product_modules() -> Iterator[tuple[str, str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if "re." in (text := path.read_text()) and name not in NOT_FROM_OUTSIDE:
            yield name, text, ast.parse(text)


def named_patterns(name: str, text: str) -> Iterator[Used]:
    """Compiled expressions of a module and of its classes, by the methods that the module calls on them."""
    module = import_module("gns3trio." + name.removesuffix(".py").replace("/", "."))
    spaces = [vars(module), *(vars(each) for each in vars(module).values() if isinstance(each, type))]
    for key, value in (pair for space in spaces for pair in list(space.items())):
        if isinstance(value, re.Pattern):
            methods = {m for m in METHODS if re.search(rf"\b{re.escape(key)}\.{m}\(", text)} or set(METHODS)
            yield from (Used(value, method, f"{name}: {key}.{method}") for method in sorted(methods))


def inline_patterns(name: str, tree: ast.Module) -> Iterator[Used]:
    """Literals in calls such as ``re.sub``."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re"), attr=method), args=[ast.Constant(value=pattern), *_]
            ) if method in METHODS:
                assert isinstance(pattern, str | bytes)
                flags = re.MULTILINE if "MULTILINE" in ast.dump(node) else 0
                yield Used(re.compile(pattern, flags), method, f"{name}:{node.lineno}")


def yaml_patterns() -> Iterator[Used]:
    """The YAML reader takes them from a table of its own."""
    from gns3trio.topology_yaml import _RESOLVERS

    for resolvers in _RESOLVERS.values():
        yield from (Used(pattern, "match", f"topology_yaml.py: {tag}") for tag, pattern in resolvers)


def patterns() -> dict[str, Used]:
    found = [use for name, text, tree in product_modules() for use in named_patterns(name, text)]
    found += [use for name, _, tree in product_modules() for use in inline_patterns(name, tree)]
    found += yaml_patterns()
    return {use.where: use for use in found}


def example(pattern: str | bytes) -> str:
    """A short text that the expression fits, or nearly."""
    return "".join(map(_example, import_module("re._parser").parse(pattern)))


def _example(item: tuple[Any, Any]) -> str:
    kind, value = item
    match str(kind):
        case "LITERAL":
            return str(chr(value))
        case "ANY" | "NOT_LITERAL":
            return "a"
        case "IN":
            return _member(value)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, _, inner = value
            return "".join(map(_example, inner)) * max(1, least)
        case "SUBPATTERN":
            return "".join(map(_example, value[-1]))
        case "BRANCH":
            return "".join(map(_example, value[1][0]))
        case _:  # what has no width, and references
            return ""


def _member(members: list[tuple[Any, Any]]) -> str:
    fitting = (chr(point) for point in range(33, 127) if _is_member(members, point))
    return next(fitting, "\n" if _is_member(members, 10) else " ")


def _is_member(members: list[tuple[Any, Any]], point: int) -> bool:
    categories = {"CATEGORY_DIGIT": r"\d", "CATEGORY_SPACE": r"\s", "CATEGORY_WORD": r"\w"}
    negated = str(members[0][0]) == "NEGATE"
    for kind, value in members:
        match str(kind):
            case "LITERAL" if value == point:
                return not negated
            case "RANGE" if value[0] <= point <= value[1]:
                return not negated
            case "CATEGORY" if re.fullmatch(categories.get(str(value), r"(?!)"), chr(point)):
                return not negated
    return negated


def hostile_texts(pattern: str | bytes) -> Iterator[Callable[[int], str]]:
    """Makers of texts of a length: what repeats parts of a fitting text, behind each beginning of it and before an end
    that does not fit.
    """
    fitting = example(pattern)[:40]
    beginnings = [fitting[:end] for end in range(len(fitting) + 1)]
    alphabet = dict.fromkeys((" ", "0", "a", "\n", *fitting))
    pairs = ["".join(pair) for pair in itertools.permutations(list(alphabet)[:10], 2)]
    for unit, before in itertools.product([*alphabet, *filter(None, beginnings), *pairs], beginnings):
        yield partial(_repeated, unit, before)


def _repeated(unit: str, before: str, size: int) -> str:
    return before + unit * (size // len(unit)) + "\0"


def seconds(use: Used, text: str) -> float:
    before = time.thread_time()
    use.run(text)
    return time.thread_time() - before


def is_quadratic(use: Used, make: Callable[[int], str]) -> bool:
    long, short = make(LONG), make(SHORT)
    if (least := seconds(use, long)) < SUSPICIOUS_SECONDS:
        return False
    if least < 10 * SUSPICIOUS_SECONDS:  # what else the machine does may have made it so long
        least = min(least, *(seconds(use, long) for _ in range(2)))
    return least > SUSPICIOUS_SECONDS and least > LEAST_RATIO_OF_QUADRATIC * min(seconds(use, short) for _ in range(9))


@pytest.mark.parametrize("use", patterns().values(), ids=patterns().keys())
def test_the_time_grows_no_faster_than_the_text(use: Used) -> None:
    for make in hostile_texts(use.pattern.pattern):
        assert not is_quadratic(use, make), f"{use.pattern.pattern!r} with texts such as {make(60)!r}"


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"\d+$", "sub"),
        (rb"""\bwidth\s*=\s*["']\s*([0-9.]+)\s*(?:px|pt)?\s*["']""", "search"),
        (rb"<svg\b[^>]*>", "search"),
        (r"(a|b)*c", "search"),
        (r"a +b| +c", "findall"),
    ],
)
def test_a_quadratic_expression_is_found(pattern: str | bytes, method: str) -> None:
    use = Used(re.compile(pattern), method, "here")
    assert any(is_quadratic(use, make) for make in hostile_texts(pattern))


def test_the_expressions_are_found() -> None:
    found = {use.pattern.pattern for use in patterns().values()}
    assert {rb"<svg(?=[\s>/])", r"([0-9]+)"} <= found
    assert len(found) > 20
