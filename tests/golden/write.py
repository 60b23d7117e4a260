"""Write the golden texts anew, and look at the pictures then: see test_views.py."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from test_views import GOLDEN, KNOWN  # noqa: E402

for name, text in KNOWN.items():
    (GOLDEN / f"{name}.dot").write_text(text(), encoding="utf-8")
