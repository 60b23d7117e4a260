"""Writing a derivation to a file, in the format that the file's ending names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from minigrad.files import write_whole
from minigrad.messages import explained


def saved(
    path: str | os.PathLike[str], formats: Mapping[str, Callable[[], str | bytes]]
) -> Path:
    """Write what the format of this ending makes, all or nothing; return the path.

    Raises ValueError for an ending that names none, OSError where it cannot be written.
    """
    suffix = Path(path).suffix
    if suffix not in formats:
        *others, last = formats
        raise explained(
            ValueError,
            f"save({str(path)!r}) of a derivation",
            {},
            f"the ending {suffix!r} is no format it can be written in.",
            f"end the name in {', '.join(others)} or {last}.",
        )
    made = formats[suffix]()
    return write_whole(path, made.encode() if isinstance(made, str) else made)
