"""Run the first Python example of a README, so that it cannot rot.

The code runs as a program of its own in the current folder. Its lines keep the
numbers that they have in the README, and a traceback shows them.
"""

import runpy
import sys
import tempfile
from pathlib import Path


def first_example(markdown: str) -> str:
    """Return the first ```python block, below as many empty lines as precede it."""
    before, fence, rest = markdown.partition("```python\n")
    code, end, _ = rest.partition("\n```")
    if not (fence and end):
        raise SystemExit("The README has no ```python block to run.")
    return "\n" * (before.count("\n") + 1) + code + "\n"


if __name__ == "__main__":
    readme = Path(sys.argv[1] if len(sys.argv) > 1 else "README.md")
    with tempfile.TemporaryDirectory() as folder:
        # A real file, because the engine quotes the source line of each Tensor.
        program = Path(folder, "README.py")
        program.write_text(first_example(readme.read_text(encoding="utf-8")), "utf-8")
        runpy.run_path(str(program), run_name="__main__")
