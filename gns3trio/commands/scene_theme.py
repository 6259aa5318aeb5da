"""The colors of a drawn project, on white and on dark paper.

The elements have the colors of white paper as attributes, which every viewer understands. On dark paper a style sheet
replaces them, by the classes of the elements; viewers follow the reader's preference by themselves (``auto``).
"""

from typing import Literal, get_args

from gns3trio.commands.dark_colors import dark_rules

Theme = Literal["light", "dark", "auto"]
THEMES: tuple[str, ...] = get_args(Theme)

PAPER = "#ffffff"
INK = "#1c2128"
WIRE, PORT = "#5c6470", "#5c6470"
CONDITION, CONDITION_PLATE = "#8a1c45", "#fdf0f4"
STARTED, SUSPENDED, STOPPED = "#2b8a3e", "#e67700", "#8a95a1"
NODE_PLATE = "#eef1f4"

_DARK = (
    ".paper{fill:#14181d}.ink{fill:#e7ebef}.halo{stroke:#14181d}.wire{stroke:#8d99a6}.port{fill:#a3aeba}"
    ".condition{fill:#ffa8c4}.plate{fill:#3a1626;stroke:#ffa8c4}.lamp{stroke:#14181d}.node{fill:#232a32;stroke:#8d99a6}"
)
# Drawings are made for white paper, too. A text without a color is black there.
_DARK_DRAWING = "text:not([fill]){fill:#e7ebef}"


def _when_dark(rules: str, theme: Theme) -> str:
    if theme == "light":
        return ""
    return f"<style>{rules if theme == 'dark' else f'@media (prefers-color-scheme:dark){{{rules}}}'}</style>"


def style_sheet(theme: Theme) -> str:
    """The style sheet of a picture; empty on white paper."""
    return _when_dark(_DARK, theme)


def drawing_style_sheet(svg: str, theme: Theme) -> str:
    """The style sheet inside of a drawing; empty on white paper."""
    return _when_dark(_DARK_DRAWING + dark_rules(svg), theme) if theme != "light" else ""
