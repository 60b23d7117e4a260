"""A picture is a projection of a recorded tape, and its text is the same everywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from drawing_cases import ROOT, difference, lstm

import minigrad as mg
from minigrad.drawing import VIEWS, Group, Label, View, draw, render
from minigrad.drawing.backward.cotangents import _gradient
from minigrad.drawing.safe import decorated
from minigrad.drawing.words import values_text

# ---------------------------------------------------------------------- the DOT text

GOLDEN = r"""digraph tape {
	graph [bgcolor="#ffffff" fontname=Helvetica fontsize=11 newrank=true nodesep=0.16 rankdir=LR ranksep=0.3 tooltip="How loss was computed"]
	node [fixedsize=true fontcolor="#1b1b1b" fontname=Helvetica]
	edge [arrowsize=.6 color="#1b1b1b" fontcolor="#55595e" fontname=Helvetica fontsize=9]
	n0 [label=<<FONT POINT-SIZE="11">a</FONT><BR/><FONT POINT-SIZE="9">3</FONT>> color="#2f5f96" fillcolor="#dbe7f6" height=0.47 shape=ellipse style=filled tooltip="a = 3\nshape (), float64" width=0.47]
	n3 [label=<<FONT POINT-SIZE="13">×</FONT>> color="#99215a" fillcolor="#f8cfe0" height=0.36 shape=ellipse style=filled tooltip="t3 = c_1 × c_1\nshape (), float64\nvalue 1" width=0.36]
	n4 [label=<<FONT POINT-SIZE="13">× 0.5</FONT><BR/><FONT POINT-SIZE="11">loss</FONT>> color="#99215a" fillcolor="#f8cfe0" height=0.55 penwidth=2.4 shape=ellipse style=filled tooltip="loss = t3 × 0.5\nshape (), float64\nvalue 0.5" width=0.75]
	subgraph cluster_0 {
		color="#b3b3b3" fillcolor="#fbfbfb" fontcolor="#55595e" label=part labeljust=c labelloc=t margin=7 style="rounded,filled" tooltip=part
		subgraph cluster_1 {
			color="#3f6a47" fillcolor="#eaf4ec" fontcolor="#3f6a47" label="t = 1" labeljust=c labelloc=t margin=7 style="rounded,filled" tooltip="part[1]"
			n2 [label=<<FONT POINT-SIZE="13">−</FONT><BR/><FONT POINT-SIZE="11">c<SUB><FONT POINT-SIZE="8">1</FONT></SUB></FONT>> color="#99215a" fillcolor="#f8cfe0" height=0.55 shape=ellipse style=filled tooltip="c_1 = a − b\nshape (), float64\nvalue 1\nin part[1]" width=0.55]
			n1 [label=<<FONT POINT-SIZE="11">b</FONT><BR/><FONT POINT-SIZE="9">2</FONT>> color="#8c8c8c" fillcolor="#ececec" height=0.47 shape=box style="rounded,filled" tooltip="b = 2\nshape (), float64" width=0.40]
		}
	}
	n0 -> n2 [label=1 labeltooltip="a ()" tooltip="a ()" weight=5]
	n1 -> n2 [label=2 labeltooltip="b ()" tooltip="b ()" weight=5]
	n2 -> n3 [tooltip="c_1 ()" weight=5]
	n2 -> n3 [tooltip="c_1 ()" weight=5]
	n3 -> n4 [tooltip="t3 ()"]
}
"""  # noqa: E501


def test_the_text_of_a_small_tape_is_known_byte_for_byte():
    assert draw(difference(), legend=False).dot == GOLDEN


@pytest.mark.slow
def test_the_text_is_the_same_in_every_process():
    program = (
        "import sys; sys.path.insert(0, 'tests'); import hashlib;"
        "from drawing_cases import lstm; from minigrad.drawing import VIEWS, draw;"
        "views = [v for v in VIEWS if v != 'difference'];"
        "texts = [draw(lstm(3), v).dot for v in views];"
        "texts.append(draw(lstm(12), 'op').dot);"
        "texts.append(draw([lstm(2), lstm(3)], 'difference').dot);"
        "print(hashlib.sha256(repr(texts).encode()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "77")
    }
    assert len(seen) == 1


def test_drawing_imports_no_graphviz_until_something_is_drawn():
    program = (
        "import sys, minigrad, minigrad.drawing;"
        "late = {'graphviz', 'reportlab', 'sympy', 'pypdfium2'};"
        "sys.exit(bool(late & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, cwd=ROOT)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.arange(20) < 3, "3 of 20 true"),
        (np.array([True, False]), "[true, false]"),
        (np.arange(20.0) - 4, "from -4 to 15, mean 5.5"),
        (
            np.append(np.zeros(20), [np.nan, np.inf]),
            "from 0 to 0, mean 0, 2 not finite",
        ),
        (np.full(20, np.inf), "nothing finite"),
        (np.zeros(20, complex), "20 numbers, complex128"),
        (np.array(2.5), "2.5"),
    ],
)
def test_few_values_are_written_out_and_many_are_summarised(array, says):
    assert values_text(array) == says


@pytest.mark.parametrize(
    ("stderr", "says"),
    [
        (b"", "it failed silently"),
        (b"one\ntwo\n three \nthree\n\nfour\n", "two three four"),
        (b"a\nb\nc\nd\nd", "b c d"),
        (b"Traceback (most recent call last):\n  File\nE: no font", "E: no font"),
        (b"x" * 300, "x" * 200),
        (b"\xff!", "\N{REPLACEMENT CHARACTER}!"),
    ],
)
def test_of_a_failing_program_its_last_words_are_told(stderr, says):
    assert render._last_words(stderr) == says


def test_operands_that_may_not_be_swapped_are_numbered_in_order():
    a, b = mg.Tensor(1.0, name="a"), mg.Tensor(2.0, name="b")
    dot = draw(b - a).dot  # a is older, b is the first operand
    assert "n1 -> n2 [label=1" in dot
    assert "n0 -> n2 [label=2" in dot
    assert dot.index("n1 -> n2") < dot.index("n0 -> n2")
    assert "t2 = b − a" in dot


def test_operands_that_may_be_swapped_are_not_numbered():
    a, b = mg.Tensor(1.0, name="a"), mg.Tensor(2.0, name="b")
    assert not re.search(r"label=[12]", draw(a * b).dot)
    W = mg.Parameter(np.eye(2), name="W")
    assert not re.search(r"label=[12]", draw(mg.matvec(W, mg.Tensor([1.0, 2]))).dot)


def test_a_leaf_of_several_clusters_is_drawn_in_each_and_dashed():
    W = mg.Parameter([1.0, 2.0], name="W")
    total = mg.Tensor(0.0, name="s")
    for t in range(3):
        with mg.scope(t):
            total = total + (W * W).sum()
    dot = draw(total).dot
    taps = [line for line in dot.splitlines() if re.match(r"\s*n\d+_\d+ \[", line)]
    assert len(taps) == 3
    assert all("dashed" in tap for tap in taps)
    assert "drawn at each use" in dot


def test_clusters_are_nested_as_scopes_are_and_steps_say_their_time():
    with mg.scope("LSTM", 3, "forget"):
        y = mg.sigmoid(mg.Tensor(0.5, name="z"))
    dot = draw(y).dot
    order = [dot.index(f"label={label}") for label in ("LSTM", '"t = 3"', "forget")]
    assert order == sorted(order)


def test_kinds_of_leaves_differ_and_the_legend_names_them():
    dot = draw(difference()).dot
    assert {"parameter", "input, initial state"} <= set(
        re.findall(r"> ([\w, ]+)<BR", dot)
    )
    assert "> parameter<" not in draw(difference(), legend=False).dot


def test_a_tooltip_says_equation_shape_value_and_scope():
    assert (
        r"c_1 = a − b\nshape (), float64\nvalue 1\nin part[1]" in draw(difference()).dot
    )


def test_constants_are_said_by_their_user():
    dot = draw(1.0 - mg.Tensor([0.5, 0.5]) * np.array([1.0, 2.0])).dot
    assert "1 −" in dot
    assert "b = [1, 2]" in dot


def test_an_array_is_called_by_the_name_that_its_row_gives_it():
    W, x = mg.Parameter(np.ones((4, 2)), name="W"), mg.Tensor([1.0], name="x")
    assert "v = array (4, 2)" in draw(mg.matvec(W, np.ones((4, 2)))).dot
    assert "W = array (3, 4)" in draw(mg.matvec(np.ones((3, 4)), W[:, 0])).dot
    assert "b = array (2, 3)" in draw(W @ np.ones((2, 3))).dot
    assert "part 2 = [5, 6]" in draw(mg.concatenate([x, np.array([5.0, 6.0])])).dot
    masked = draw(mg.where(np.arange(9) > 3, W[0, 0], np.zeros(9))).dot
    assert "b = array (9,)" in masked
    assert "mask array (9,)" in masked


def test_the_legend_explains_the_symbols_of_this_picture_and_no_others():
    W, v = mg.Parameter(np.eye(2), name="W"), mg.Tensor([1.0, 2.0], name="v")
    dot = draw(mg.tanh(mg.matvec(W, v))).dot
    assert "matvec: W v over the last axis" in dot
    assert "sigmoid" not in dot
    assert "tanh:" not in dot
    assert "sigmoid: 1 / (1 + exp(-a))" in draw(mg.sigmoid(v)).dot


def test_a_part_is_yellow_where_it_has_parameters():
    def part(leaf: mg.Tensor) -> str:
        with mg.scope("part"):
            return draw(leaf * 2.0).dot

    assert "part with parameters" in part(mg.Parameter(1.0))
    assert "part with parameters" not in part(mg.Tensor(1.0))


def test_layers_stand_beside_each_other():
    dot = draw(mg.Sequential(mg.Dense(2, 3), mg.Dense(3, 1))(np.ones(2))).dot
    assert re.search(r"n\d+ -> n\d+ \[style=invis\]", dot)


def test_a_leaf_alone_can_be_drawn():
    assert (
        repr(draw(mg.Tensor(1.0, name="a")))
        == "<Drawing: 1 nodes, 0 arrows, view 'op'>"
    )


def test_names_are_written_as_in_equations():
    assert decorated("W_f").startswith("W<SUB>")
    assert decorated("f_bar") == "f\u0304"
    assert decorated("<b>") == "&lt;b&gt;"


# ------------------------------------------------------------------ mistakes explained


def parts(message: str) -> bool:
    return "\n  why   " in message and "\n  fix   " in message


def test_a_path_that_cannot_be_written_is_explained(tmp_path):
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(OSError, match="cannot be written") as caught:
        draw(difference()).save(tmp_path / "file" / "a.dot")
    assert parts(str(caught.value))
    (tmp_path / "folder.dot").mkdir()
    with pytest.raises(OSError, match="cannot be written"):
        draw(difference()).save(tmp_path / "folder.dot")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.dot"]


def unrecorded() -> mg.Tensor:
    with mg.no_grad():
        return mg.Tensor(1.0) * 2.0


def released() -> mg.Tensor:
    loss = difference()
    mg.Tape(loss).release()
    return loss


@pytest.mark.parametrize(
    ("mistake", "error", "says"),
    [
        (lambda: draw(difference(), view="magic"), ValueError, 'no view.*choose "op"'),
        (lambda: draw(np.ones(2)), TypeError, "only a Tensor remembers"),
        (lambda: draw([difference(), 1.0]), TypeError, "draw of a float"),
        (lambda: draw(3), TypeError, "draw of an int.*only a Tensor remembers"),
        (lambda: draw([]), ValueError, "draw of nothing.*structure of some"),
        (lambda: draw(unrecorded()), ValueError, "under no_grad"),
        (lambda: draw(released()), ValueError, "was released"),
        (lambda: draw(chain(400), "op"), ValueError, "401 nodes.*mg.scope.*fold=False"),
        (lambda: draw(lstm(3), max_nodes=4), TypeError, "max_nodes.*fold=False"),
        (lambda: draw(difference()).save("a.jpeg"), ValueError, r"\.jpeg.*\.svg"),
        (lambda: draw(difference()).save("a"), ValueError, r"\(none\)"),
    ],
)
def test_a_mistake_is_explained(mistake, error, says):
    with pytest.raises(error, match=f"(?s){says}") as caught:
        mistake()
    assert parts(str(caught.value))


def chain(many: int) -> mg.Tensor:
    """Functions of functions, without a time step that could be folded."""
    y = mg.Tensor(1.0, name="w")
    for _ in range(many):
        y = mg.tanh(y)
    return y


def test_a_view_is_an_entry_in_a_registry(monkeypatch):
    def one_box(tape: mg.Tape) -> list[Group]:
        made = tuple(entry for entry in tape if entry.primitive is not None)
        return [Group(made, (), "linear", Label("everything"))]

    monkeypatch.setitem(VIEWS, "box", View("what goes in?", one_box))
    drawing = draw(difference(), view="box")
    assert repr(drawing) == "<Drawing: 3 nodes, 2 arrows, view 'box'>"


# ------------------------------------------------------------- what backward() added up


def test_the_gradient_of_one_parameter_is_written_out_and_that_of_several_measured():
    p, q = mg.Parameter([1.0, 2.0]), mg.Parameter(1.0)
    assert _gradient([p]) == "not yet"
    p.grad, q.grad = np.array(3.0), np.array(4.0)
    assert _gradient([p]) == values_text(np.array(3.0)) == "3"
    assert _gradient([p, q]) == "norm 5"
    p.grad = np.array([0.123456, 123456.0, -0.5])
    assert _gradient([p]) == "norm 1.23e+05"
