"""One line an epoch, as CSV: readable while the run goes on, by people and programs.

A line is appended in one write, and the checkpoint that follows notes how long the file
is. A run that was killed between the two left a line too many, or part of one: resuming
cuts the file to the length in the checkpoint, and the epoch writes its line again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

Row = Mapping[str, float]


def append(path: Path, row: Row) -> int:
    """Append a line, before the first one the names of its columns; return the size.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "log.csv"
    >>> append(path, {"epoch": 1, "loss": 0.5})
    17
    >>> append(path, {"epoch": 2, "loss": 0.25})
    24
    >>> rows(path)
    [{'epoch': 1.0, 'loss': 0.5}, {'epoch': 2.0, 'loss': 0.25}]
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    with path.open("ab") as file:
        if file.tell() == 0:
            writer.writerow(row)
        writer.writerow(row.values())
        file.write(text.getvalue().encode())
        return file.tell()


def cut(path: Path, size: int) -> None:
    """Cut the file to a size it had before; a file that is not there stays so.

    A file that is shorter, since somebody cut it, is left with its whole lines.
    """
    if path.exists():
        whole = path.read_bytes()[:size].rfind(b"\n") + 1
        with path.open("r+b") as file:
            file.truncate(whole)


def rows(path: Path) -> list[dict[str, float]]:
    """Return every line as a dict; nothing, if there is no file yet."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
