"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from minigrad.messages import explain, user_line


def write_whole(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file beside its place, then move it there; return the path.

    Interrupted at any moment, the old file or the new one is there, never a part.
    Folders are made. Raises OSError with a sentence if the path cannot be written.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(content)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(
            explain(
                f"writing {str(path)!r}, at {user_line()}",
                {},
                f"the file cannot be written: {error.strerror or error}.",
                "choose a folder that you may write to; nothing was changed.",
            )
        ) from error
    return path
