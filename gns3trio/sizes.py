"""Sizes in bytes for people."""

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_SMALL = 10 * 1024


def size_text(size: float) -> str:
    """A size such as ``256 GiB`` or ``1.5 MiB``. A small one that is no multiple of 1 KiB is told in bytes, because
    each of them may matter.
    """
    if size < _SMALL and size % 1024:
        return f"{size:.0f} byte{'' if size == 1 else 's'}"
    unit = 0
    while size >= 1024 and unit < len(_UNITS) - 1:
        size /= 1024
        unit += 1
    digits = f"{size:.3g}" if size < 1000 else f"{size:.0f}"
    return f"{digits} {_UNITS[unit]}"
