"""Files of arrays, and files that are written whole or not at all."""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.messages import explained


def as_path(path: str | os.PathLike[str], asked: str) -> Path:
    """Return a path; raises TypeError with a sentence for what is none."""
    if isinstance(path, (str, os.PathLike)):
        return Path(path)
    raise explained(
        TypeError,
        asked,
        {"path": path},
        f"a path is text, and this is of type {type(path).__name__}.",
        "name a file, such as 'picture.pdf' or pathlib.Path('page.html').",
    )


def write_whole(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file beside its place, then move it there; return the path.

    Killed at any moment, the old file or the new one is there, never a part; what was
    written beside it may stay, see `remove_parts`. The new one's bytes are handed to
    the disk (fsync) before it takes its place. Folders are made. Raises OSError with a
    sentence if the path cannot be written.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        files = [f"{str(each)!r} is a file, no folder" for each in path.parents
                 if each.is_file()]  # fmt: skip
        reason = files[0] if files else error.strerror or error
        raise explained(
            OSError,
            f"writing {str(path)!r}",
            f"the file cannot be written: {reason}.",
            "choose a folder that you may write to; nothing was changed.",
        ) from error
    return path


def saved(
    path: str | os.PathLike[str], formats: Mapping[str, Callable[[], str | bytes]]
) -> Path:
    """Write a derivation in the format that the ending names; return the path.

    Raises ValueError for an ending that names none, OSError where it cannot be written.
    """
    suffix = Path(path).suffix
    if suffix not in formats:
        *others, last = formats
        raise explained(
            ValueError,
            f"save({str(path)!r}) of a derivation",
            f"the ending {suffix!r} is no format it can be written in.",
            f"end the name in {', '.join(others)} or {last}.",
        )
    made = formats[suffix]()
    return write_whole(path, made.encode() if isinstance(made, str) else made)


def remove_parts(path: Path) -> None:
    """Remove what `write_whole` left beside a path where it was killed while writing.

    Nobody else may be writing to that path.
    """
    name = re.compile(rf"\.{re.escape(path.name)}\.\d+-\d+")
    for each in path.parent.glob(f".{path.name}.*"):
        if name.fullmatch(each.name):
            each.unlink(missing_ok=True)


def npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return the content of an `.npz` file, the same bytes for the same arrays.

    Any name will do, also `file`, which `np.savez(path, **arrays)` keeps for itself.
    """
    from zipfile import ZipFile  # here, because few programs ever save

    content = io.BytesIO()
    with ZipFile(content, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)
    return content.getvalue()


def read_npz(
    path: str | os.PathLike[str], writer: str = "Module.save"
) -> dict[str, np.ndarray]:
    """Return every array of an `.npz` file under its name.

    writer  what writes such files, for the message

    Raises ValueError with a sentence if it is not such a file, whole and readable.
    """
    import zlib
    from zipfile import BadZipFile

    try:
        file: Any = np.load(path, allow_pickle=False)
        if isinstance(file, np.ndarray):
            raise ValueError("it holds one array without a name")
        with file:
            return dict(file)
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        raise explained(
            ValueError,
            f"load({str(path)!r})",
            f"it is not a readable .npz file of arrays: {error}.",
            f"give a file that {writer} wrote; nothing was changed.",
        ) from error
