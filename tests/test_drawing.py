"""A picture is a projection of a recorded tape, and its text is the same everywhere."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pypdf
import pytest
from conftest import RENDERERS, needs_dot
from hypothesis import given, settings
from hypothesis import strategies as st
from view_cases import LAYERS

import minigrad as mg
from minigrad.drawing import VIEWS, Group, Label, NotRendered, View, draw, render
from minigrad.drawing import drawing as drawing_module
from minigrad.drawing.backward.cotangents import _gradient
from minigrad.drawing.dot import Graph
from minigrad.drawing.fold import fold, foldings
from minigrad.drawing.project import Picture
from minigrad.drawing.render import pure_program
from minigrad.drawing.safe import decorated
from minigrad.drawing.words import values_text

ROOT = Path(__file__).parents[1]
posix_only = pytest.mark.skipif(os.name == "nt", reason="a shell script as renderer")
SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}"


def difference() -> mg.Tensor:
    """a - b, twice the same Tensor, and a number: the smallest tape that has it all."""
    a = mg.Tensor(3.0, name="a")
    b = mg.Parameter(2.0, name="b")
    with mg.scope("part", 1):
        c = a - b
        c.name = "c"
    loss = c * c * 0.5
    loss.name = "loss"
    return loss


def lstm(steps: int, n: int = 3, m: int = 2) -> mg.Tensor:
    """An LSTM written out, its inputs taken from one array outside the loop."""
    rng = np.random.default_rng(0)
    letters = {"forget": "f", "input": "i", "candidate": "c", "output": "o"}
    W = {k: mg.Parameter(rng.normal(size=(m, n + m)), f"W_{k}") for k in "fico"}
    b = {k: mg.Parameter(np.zeros(m), f"b_{k}") for k in "fico"}
    x = mg.Tensor(rng.normal(size=(steps, n)), name="x")
    y, c = mg.Tensor(np.zeros(m), name="y_0"), mg.Tensor(np.zeros(m), name="c_0")
    for t in range(steps):
        x_t = x[t]
        with mg.scope("LSTM", t + 1, "cell"):
            v = mg.concatenate([x_t, y], axis=-1)
            gate = {}
            for name, k in letters.items():
                with mg.scope(name):
                    act = mg.tanh if k == "c" else mg.sigmoid
                    gate[k] = act(mg.matvec(W[k], v) + b[k])
                    gate[k].name = k if k != "c" else "c~"
            c = gate["f"] * c + gate["i"] * gate["c"]
            y = gate["o"] * mg.tanh(c)
            c.name, y.name = "c", "y"
    loss = (y * y).sum()
    loss.name = "loss"
    return loss


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
        "import sys; sys.path.insert(0, 'tests'); import hashlib, test_drawing as t;"
        "views = [v for v in t.VIEWS if v != 'difference'];"
        "texts = [t.draw(t.lstm(T), v).dot for T in (3, 12) for v in views];"
        "texts.append(t.draw([t.lstm(2), t.lstm(3)], 'difference').dot);"
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
        "late = {'graphviz', 'reportlab', 'svglib', 'sympy', 'pypdfium2'};"
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


# --------------------------------------------------------------------------- folding


def test_a_thousand_steps_fold_into_a_picture_as_small_as_that_of_fifty():
    drawing = draw(lstm(1000), "op")
    assert len(drawing.dot.splitlines()) == len(draw(lstm(50), "op").dot.splitlines())
    assert "997 time steps" in drawing.dot
    assert "t = 3 … 999" in drawing.dot
    assert 'label="t = 2"' in drawing.dot  # a frame: it is open
    assert "t = 1000" in drawing.dot
    assert 'label="t = 3"' not in drawing.dot


def test_a_folded_node_says_what_it_stands_for():
    tape = mg.Tape(lstm(1000))
    groups, _ = list(foldings(tape, list(VIEWS["op"].groups(tape))))[2]
    nodes = Picture(tape, groups).nodes
    assert [(node.label, node.tooltip) for node in nodes if node.kind == "folded"] == [
        (Label("", "t = 1", "18 entries"), "LSTM[1]: 18 entries of the tape"),
        (
            Label("folded", "", "997 time steps\nt = 3 … 999\nas t = 2"),
            "997 time steps, t = 3 to 999: the same primitives and the same Parameters "
            "as t = 2, each reading the state of the one before",
        ),
        (Label("", "t = 1000", "18 entries"), "LSTM[1000]: 18 entries of the tape"),
    ]


def test_time_is_folded_first_then_steps_then_gates_then_layers():
    tape = mg.Tape(lstm(40))
    groups = list(VIEWS["op"].groups(tape))
    gates = "folded: every dense sub-layer is one box"
    one = "folded: of LSTM t = 2 is drawn, every other time step is one node"
    assert [notes for _, notes in foldings(tape, groups)] == [
        (),
        ("folded: 37 time steps of LSTM, t = 3 to 39; each repeats t = 2",),
        (one,),
        (one, gates),
        ("folded: every layer is one node, with all its time steps",),
    ]
    many = [len(found) for found, _ in foldings(tape, groups)]
    assert many == sorted(many, reverse=True)


def test_of_several_layers_one_stays_open_longest():
    tape = mg.Tape(LAYERS["stack"](3))
    found = [(g, n) for g, n in foldings(tape, list(VIEWS["op"].groups(tape)))]
    (groups, notes), *_ = [
        each for each in found if "every other layer" in str(each[1])
    ]
    assert [group.kind for group in groups].count("layer") == 1
    assert notes[0].startswith("folded: of Stack.layers.0 t = 2 is drawn")


def test_folding_loses_and_repeats_no_entry():
    made = lstm(9)
    tape = mg.Tape(made)
    for groups, _ in foldings(tape, list(VIEWS["op"].groups(tape))):
        seen = [e for g in groups for e in g.entries if e.primitive is not None]
        assert len(seen) == len(set(seen))
        assert set(seen) == {e for e in tape if e.primitive is not None}


def frames_within_frames(depth: int) -> mg.Tensor:
    """Return a number that is made in that many parts, each within the one before."""
    x = mg.Tensor([1.0, 2.0], name="x")
    with contextlib.ExitStack() as parts:
        for k in range(depth):
            parts.enter_context(mg.scope(f"part {k}"))
            x = mg.tanh(x)
    return mg.sum(x)


@pytest.mark.parametrize("view", ["op", "backward"])
@pytest.mark.parametrize("name", ["difference", "LSTM", 1, 2, 8])
@pytest.mark.parametrize("with_legend", [True, False])
def test_the_size_of_a_picture_is_known_before_it_is_placed(name, view, with_legend):
    made = {"difference": difference(), "LSTM": lstm(2)}
    tape = mg.Tape(made[name] if name in made else frames_within_frames(name))
    if view == "op":
        graph = Graph(Picture(tape, list(VIEWS["op"].groups(tape))))
    else:
        graph = next(VIEWS[view].sheets(tape))
    svg = render.render(graph.dot_text("", with_legend), "svg", "graphviz-pure")
    placed = re.search(rb'width="(.*?)pt" height="(.*?)pt"', svg).groups()
    wide, high = np.divide(graph.size(with_legend), np.array(placed, float))
    assert (0.95 if name != 8 else 1.05) < wide < 1.1  # many frames are never forgotten
    assert 0.92 < high < 1.3


def test_what_fits_is_not_folded():
    assert "folded" not in draw(lstm(1), "op").dot
    assert "folded: of LSTM" in draw(lstm(3), "op").dot
    assert "folded" not in draw(lstm(3), "op", fold=False).dot


def test_only_true_repeats_are_folded():
    def loop(special: int) -> mg.Tensor:
        w, other = mg.Parameter(0.5, name="w"), mg.Parameter(0.6, name="other")
        y = mg.Tensor(1.0, name="y_0")
        for t in range(40):
            with mg.scope("loop", t):
                y = mg.tanh(y * (other if t == special else w))
        return y

    tape = mg.Tape(loop(20))
    _, notes = fold(tape, list(VIEWS["op"].groups(tape)))
    many = re.findall(r"folded: (\d+) time steps of loop", " ".join(notes))
    assert [int(each) for each in many] == [18, 17]  # around step 20, which stays


def test_different_numbers_in_the_program_are_not_repeats():
    y = mg.Tensor(1.0, name="y_0")
    for t in range(40):
        with mg.scope("loop", t):
            y = mg.tanh(y * (0.5 + t))
    dot = draw(y).dot
    assert "each repeats" not in dot
    assert "folded: every layer is one node" in dot


def test_time_may_run_backwards():
    y = mg.Tensor(1.0, name="y_0")
    for t in reversed(range(40)):
        with mg.scope("back", t):
            y = mg.tanh(y * 0.5)
    assert "t = 37 … 1" in draw(y).dot


# --------------------------------------------------------------------------- painting


@pytest.mark.parametrize("renderer", RENDERERS)
def test_an_svg_has_every_node_arrow_and_cluster(renderer):
    drawing = draw(lstm(2), "op", renderer=renderer, fold=False)
    root = ET.fromstring(drawing.svg().encode())
    classes = [group.get("class") for group in root.iter(f"{SVG}g")]
    nodes, arrows = map(int, re.findall(r"(\d+) (?:nodes|arrows)", repr(drawing)))
    assert classes.count("node") == nodes
    assert classes.count("edge") == arrows
    assert (
        classes.count("cluster") == drawing.dot.count("subgraph cluster_") == 1 + 2 * 6
    )
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text.startswith("How loss was computed")
    assert "prefers-color-scheme: dark" in root.find(f"{SVG}style").text


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_pdf_has_its_text_and_embeds_its_fonts(renderer, tmp_path):
    path = draw(lstm(2), "op", renderer=renderer).save(
        tmp_path / "new" / "folder" / "a.pdf"
    )
    (page,) = pypdf.PdfReader(path).pages
    text = page.extract_text()
    assert {"σ", "tanh", "forget", "candidate"} <= set(text.split())
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    descriptors = [
        (
            font["/DescendantFonts"][0].get_object()
            if "/DescendantFonts" in font
            else font
        )
        for font in fonts
    ]
    embedded = ["/FontFile2", "/FontFile3", "/FontFile"]
    used = [
        each["/FontDescriptor"] for each in descriptors if "/FontDescriptor" in each
    ]
    assert used
    assert all(any(key in each for key in embedded) for each in used)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_pdf_is_the_same_twice_and_carries_no_date(renderer, tmp_path):
    drawing = draw(difference(), renderer=renderer)
    one, two = (
        drawing.save(tmp_path / name).read_bytes() for name in ("1.pdf", "2.pdf")
    )
    assert one == two
    assert not re.search(rb"/CreationDate \(D:202", one)


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("name", ["loss", "a(b\\", "ŷ"])
def test_a_pdf_has_a_title_and_no_made_up_author(name, renderer, tmp_path):
    leaf = mg.Tensor(1.0, name=name)
    path = draw(leaf, renderer=renderer).save(tmp_path / "a.pdf")
    about = pypdf.PdfReader(path).metadata
    if "cairo" not in str(about.producer):  # too long for the room there
        assert about.title == f"How {name} was computed: a tape of 1 steps"
    assert not about.author


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_subscript_follows_its_letter(renderer):
    svg = draw(mg.Tensor([1.0, 2.0], name="W_f"), renderer=renderer).svg()
    assert re.search(r">W<tspan [^>]*>f</tspan></text>", svg)


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_png_is_an_image(renderer, tmp_path):
    path = draw(difference(), renderer=renderer).save(tmp_path / "a.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_without_a_system_dot_the_wheel_is_found_off_the_path(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("MINIGRAD_RENDERER", raising=False)
    assert "graphviz-pure" in draw(difference()).svg()


@needs_dot
def test_without_the_wheel_the_system_dot_is_used(monkeypatch):
    monkeypatch.setattr(render, "pure_program", lambda: None)
    monkeypatch.delenv("MINIGRAD_RENDERER", raising=False)
    assert "<svg" in draw(difference()).svg()


def test_the_environment_chooses_the_renderer(monkeypatch):
    monkeypatch.setenv("MINIGRAD_RENDERER", "graphviz-pure")
    assert "graphviz-pure" in draw(difference()).svg()
    monkeypatch.setenv("MINIGRAD_RENDERER", str(pure_program()))
    assert "graphviz-pure" in draw(difference()).svg()


def test_no_renderer_costs_the_picture_but_not_the_text(tmp_path):
    drawing = draw(difference(), renderer="no-such-program")
    with pytest.raises(NotRendered, match=r"(?s)not found.*fix.*a\.dot"):
        drawing.save(tmp_path / "a.pdf")
    assert (tmp_path / "a.dot").read_text(encoding="utf-8") == drawing.dot
    assert not (tmp_path / "a.pdf").exists()
    assert drawing._repr_svg_() is None
    words = drawing._repr_mimebundle_()
    assert list(words) == ["text/plain"]
    assert "drawing.dot" in words["text/plain"]


@posix_only
def test_a_renderer_that_hangs_is_ended(tmp_path, monkeypatch):
    program = tmp_path / "slow"
    program.write_text("#!/bin/sh\nwhile :; do :; done\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(render, "TIME_LIMIT", 0.2)
    with pytest.raises(NotRendered, match=r"not ready after 0\.2 s"):
        draw(difference(), renderer=str(program)).svg()


def test_no_more_is_installed_where_all_that_is_there_refuses():
    with pytest.raises(NotRendered, match="to install more") as caught:
        render.render("digraph {", "svg")
    assert "refused: " in str(caught.value)
    assert "pip install" not in str(caught.value)


@posix_only
def test_a_renderer_that_fails_says_what_it_said(tmp_path):
    program = tmp_path / "broken"
    program.write_text("#!/bin/sh\necho 'no such luck' >&2\nexit 3\n", "utf-8")
    program.chmod(0o755)
    with pytest.raises(NotRendered, match="no such luck"):
        draw(difference(), renderer=str(program)).svg()


def test_saving_is_quiet_and_leaves_nothing_behind(tmp_path, capfd):
    draw(difference()).save(tmp_path / "a.dot")
    draw(difference()).save(tmp_path / "a.svg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.dot", "a.svg"]
    assert capfd.readouterr() == ("", "")


def test_a_notebook_gets_a_picture_and_words():
    bundle = draw(difference())._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/plain"}


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


# ----------------------------------------------------------------------- hostile names

HOSTILE = ["<b>", '"', "\\N", "a:b", "x\ny", "a\\", "&lt;", "<<TABLE>>", "\x00", "]]>",
           "--", "\u202e", "\ud800", "subgraph", "W_<i>", "_", "x_", "%s"]  # fmt: skip


def paint(name: str, renderer: str) -> None:
    with mg.scope(name, 1):
        y = mg.Tensor([1.0], name=name) * 2.0
        y.name = name
    drawing = draw(y, renderer=renderer)
    drawing.dot.encode("utf-8")
    classes = [
        group.get("class") for group in ET.fromstring(drawing.svg().encode()).iter()
    ]
    assert (classes.count("node"), classes.count("edge")) == (2, 1)


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_harms_nothing(name, renderer):
    paint(name, renderer)


@pytest.mark.slow
@settings(max_examples=20)
@given(st.text(max_size=12))
def test_any_name_harms_nothing(name):
    paint(name, "graphviz-pure")


BACKSLASHES = [f"\\{letter}" for letter in "NGETHLlrnx\\"] + [
    'y\\N\\G"', "a\\", "\\\\N", "\\&lt;"]  # fmt: skip


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("name", BACKSLASHES)
def test_a_name_is_shown_letter_for_letter(name, renderer):
    with mg.scope(name):
        y = mg.Tensor([1.0], name=name) * 2.0
    y.name = name
    tooltips = f"How {name} was computed", f"{name} = {name} × 2"
    for view, labels, told in (
        ("op", 3, [*tooltips, f"in {name}"]),  # two nodes and a frame
        ("backward", 2, tooltips),
    ):
        root = ET.fromstring(draw(y, view, renderer=renderer).svg().encode())
        texts = ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]
        assert texts.count(name) == labels
        pointed_at = [each.get(f"{LINK}title", "") for each in root.iter(f"{SVG}a")]
        for says in told:
            assert any(says in each for each in pointed_at)


def test_the_svg_can_be_read_by_others():
    assert ET.parse(io.StringIO(draw(difference()).svg()))
    assert drawing_module.accessible("<svg a='1'>", "<&", "").count("&lt;&amp;") == 1


VIEWS_OF_ONE = sorted(set(VIEWS) - {"difference"})


@pytest.mark.parametrize("view", VIEWS_OF_ONE)
def test_what_only_fetches_or_adds_up_is_drawn_where_it_is_the_result(view):
    x = mg.Tensor(np.ones((3, 2)), name="x")
    for result in (x, x.sum(), x[[0, 1, 1]], [x.sum(), mg.tanh(x)]):
        assert "digraph" in draw(result, view).dot


@pytest.mark.parametrize("view", VIEWS_OF_ONE)
def test_arrays_and_single_numbers_may_be_among_what_is_joined(view):
    x = mg.Tensor(0.5, name="x")
    for t in range(3):
        with mg.scope("loop", t):
            y = mg.tanh(x)
            x = mg.concatenate([mg.reshape(y, (1,)), np.ones(1)]).sum() + mg.exp(y)
    assert "digraph" in draw(mg.stack([x, np.array(2.0)]), view).dot


@pytest.mark.parametrize("view", VIEWS_OF_ONE)
def test_arrays_without_entries_are_drawn(view):
    x = mg.Tensor(np.ones((2, 3)), name="x")
    y = x[:, 3:] @ x[0, 3:] + x[1, 0]
    assert "digraph" in draw(mg.tanh(y), view).dot


# ------------------------------------------------------------- what backward() added up


def test_the_gradient_of_one_parameter_is_written_out_and_that_of_several_measured():
    p, q = mg.Parameter([1.0, 2.0]), mg.Parameter(1.0)
    assert _gradient([p]) == "not yet"
    p.grad, q.grad = np.array(3.0), np.array(4.0)
    assert _gradient([p]) == values_text(np.array(3.0)) == "3"
    assert _gradient([p, q]) == "norm 5"
    p.grad = np.array([0.123456, 123456.0, -0.5])
    assert _gradient([p]) == "norm 1.23e+05"
