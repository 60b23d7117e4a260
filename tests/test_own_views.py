"""The page `docs/do/draw-your-own-model.md`: what it promises is what happens."""

import ast
import re
from pathlib import Path

import pytest
from pypdf import PdfReader

import minigrad as mg
from minigrad.drawing import VIEWS, Drawing
from minigrad.drawing.styles import STYLES

PAGE = Path(__file__).parents[1] / "docs/do/draw-your-own-model.md"
CELL = re.compile(r"^```\{code-cell\}\n(?::tags: [^\n]*\n\n)?(.*?)^```$", re.M | re.S)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Run all cells of the page, one after the other; return its names and pictures."""
    names, shown = {"__name__": "page"}, []
    views, styles = dict(VIEWS), dict(STYLES)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("page"))
        patch.delitem(__import__("sys").modules, "my_model", raising=False)
        for cell in CELL.findall(PAGE.read_text("utf-8")):
            *lines, last = ast.parse(cell).body
            exec(compile(ast.Module(lines, []), str(PAGE), "exec"), names)
            if isinstance(last, ast.Expr):
                shown.append(eval(ast.unparse(last), names))
            else:
                exec(ast.unparse(last), names)
        yield names, [each for each in shown if isinstance(each, Drawing)], Path.cwd()
    for known, before in ((VIEWS, views), (STYLES, styles)):
        known.clear()
        known.update(before)


def test_names_and_time_steps_turn_a_record_into_a_cell(page):
    _, (unnamed, named, *_), _ = page
    assert "view 'op'" in repr(unnamed)
    assert "view 'gate'" in repr(named)


def test_a_long_tape_is_folded_and_says_so(page):
    names, (*_, long, _raised, _own), _ = page
    assert len(mg.Tape(names["long"])) > 9000
    assert "997 time steps" in long.dot or "t = 3 ... 999" in long.dot


def test_every_format_is_what_its_suffix_says(page):
    folder = page[2] / "pictures"
    begin = {"pdf": b"%PDF", "svg": b"<?xml", "png": b"\x89PNG", "dot": b"digraph"}
    for suffix, first in begin.items():
        assert (folder / f"leaky.{suffix}").read_bytes().startswith(first)
    assert "tanh" in PdfReader(folder / "leaky.pdf").pages[0].extract_text()


def test_the_commands_wrote_their_files(page):
    for name in ("loss.pdf", "trained.svg", "loss.html"):
        assert (page[2] / name).stat().st_size > 1000


def test_a_view_of_ones_own_groups_and_labels_and_the_rest_comes_by_itself(page):
    names, (*_, own), _ = page
    tape = mg.Tape(names["s"])
    kept = sum(entry.data.nbytes for entry in tape if entry.primitive)
    labels = [int(each) for each in re.findall(r"(\d+) bytes", own.dot)]
    assert sum(labels) == kept
    assert len(labels) == 4  # time steps
    assert "a time step, and what it keeps" in own.dot  # the legend
