"""Write the golden texts anew, and look at the pictures then: see test_views.py."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from test_views import EVERY, GOLDEN, draw, sequence  # noqa: E402

for view in EVERY:
    text = draw(sequence(3), view).dot
    (GOLDEN / f"{view}.dot").write_text(text, encoding="utf-8")
