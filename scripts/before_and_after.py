"""Every picture before a change and after it, side by side on one page.

    python scripts/before_and_after.py REVISION [OUT.html] [VIEW ...]

The models of the tests are drawn in every view, once as the revision draws them and
once as this tree does, each in a process of its own. Pictures that are the same byte
for byte are counted and left out; a view that one of the two declines says so.
"""

from __future__ import annotations

import html
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from minigrad.drawing import VIEWS

ROOT = Path(__file__).parents[1]

DRAW = """
import json, sys
tests, *views = sys.argv[1:]
sys.path.append(tests)
import minigrad as mg
from model_cases import MODELS

pictures = {}
for name, made in MODELS.items():
    for view in views:
        try:
            pictures[f"{name}: {view}"] = mg.draw(made(), view).svg()
        except Exception as error:
            pictures[f"{name}: {view}"] = str(error)
print(json.dumps(pictures))
"""

PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>Before and after</title>
<style>
body {{ font-family: sans-serif; margin: 1em }}
section {{ display: grid; grid-template-columns: 1fr 1fr; gap: 1em }}
section > * {{ border: 1px solid #ccc; overflow: auto; min-width: 0 }}
svg {{ max-width: 100%; height: auto }}
</style><h1>Before ({revision}) and after</h1><p>{same} pictures are the same.</p>
"""


def pictures(tree: Path, views: list[str]) -> dict[str, str]:
    """Return every model's views as that tree draws them: svg, or why there is none."""
    command = [sys.executable, "-c", DRAW, str(ROOT / "tests"), *views]
    done = subprocess.run(
        command, cwd=tree, stdout=subprocess.PIPE, text=True, check=True
    )
    drawn: dict[str, str] = json.loads(done.stdout)
    return drawn


def shown(picture: str) -> str:
    """Return a picture, or words, as a part of a page."""
    at = picture.find("<svg")
    return picture[at:] if at >= 0 else html.escape(picture)


def main(revision: str, out: str = "before-and-after.html", *views: str) -> None:
    """Write the page."""
    views = views or tuple(view for view in VIEWS if view != "difference")
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "before")
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", str(tree), revision], check=True)
        try:
            before = pictures(tree, list(views))
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)
    after = pictures(ROOT, list(views))
    changed = [
        name for name in {**before, **after} if before.get(name) != after.get(name)
    ]
    page = [PAGE.format(revision=html.escape(revision), same=len(after) - len(changed))]
    for name in changed:
        both = (shown(each.get(name, "not a view yet")) for each in (before, after))
        cells = "".join(f"<div>{each}</div>" for each in both)
        page.append(f"<h2>{html.escape(name)}</h2><section>{cells}</section>")
    Path(out).write_text("\n".join(page), encoding="utf-8")
    print(f"{out}: {len(changed)} pictures of {len(after)} differ")


if __name__ == "__main__":
    main(*sys.argv[1:])
