"""The composed pictures: what they group, where things stand, how wires go.

`python tests/test_views.py` writes the golden texts anew; look at the pictures then.
"""

from __future__ import annotations

import builtins
import functools
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy
from view_cases import (
    CELLS,
    LAYERS,
    MORE,
    Elman,
    Stacked,
    dense,
    loss,
    over_time,
    sequence,
)

import minigrad as mg
from lstm import LSTM
from minigrad.drawing import VIEWS, draw
from minigrad.drawing.cell.recurrent import gate_sheet
from minigrad.drawing.cell.routes import RIGHT, NoRoute, Paper
from minigrad.drawing.curves import curve
from minigrad.drawing.project import Picture
from minigrad.drawing.sheet import RIM, Sheet
from minigrad.drawing.words import number as number_text
from minigrad.structure.sublayers import structure
from minigrad.structure.time_steps import steps

GOLDEN = Path(__file__).parent / "golden"
PLACED = ["gate", "unrolled", "folded"]
ALL = [*PLACED, "neuron"]
EVERY = [*ALL, "backward", "cotangents", "dense", "layer"]


def pictured(view):
    """Return what the kept picture of a view shows."""
    if view == "difference":
        return [CELLS["coupled"]()[0], CELLS["LSTM"]()[0]]
    return sequence(3)


KNOWN = {
    view: lambda view=view: draw(pictured(view), view).dot
    for view in [*EVERY, "difference"]
} | {
    "stack": lambda: draw(LAYERS["stack"](3), "gate").dot,
    "bidirectional": lambda: draw(LAYERS["bidirectional"](3), "unrolled").dot,
}


def tape(made):
    return mg.Tape(*(made if isinstance(made, list) else [made]))


def boxes(made):
    return [group for group in structure(tape(made)) if group.kind == "dense"]


@functools.cache
def step(name):
    found = steps(tape(MORE[name]()))
    return found[min(1, len(found) - 1)]


# --------------------------------------------------------------------------- the views


def test_a_recurrent_cell_is_drawn_as_one_and_anything_else_as_a_tape():
    assert "view 'gate'" in repr(draw(CELLS["LSTM"]()))
    assert "view 'op'" in repr(draw(dense()))
    assert "view 'op'" in repr(draw(mg.Tensor(1.0)))


def test_a_dense_network_is_a_row_of_boxes():
    assert repr(draw(dense(), "gate")) == "<Drawing: 4 nodes, 3 arrows, view 'gate'>"


def test_the_gate_view_says_which_step_it_shows_and_what_it_does_not():
    dot = draw((sequence(5) * 2.0).sum(), "gate").dot
    assert "drawn: t = 2, one of 5 time steps" in dot
    assert "not drawn, outside the loop: stack in LSTM, multiply, sum" in dot


def test_the_unrolled_view_says_that_the_weights_are_shared():
    dot = draw(sequence(3), "unrolled", fold=False).dot
    assert "all 3 time steps read the same 8 Parameters" in dot
    assert [f'label="t = {t}"' in dot for t in (1, 2, 3, 4)] == [True] * 3 + [False]


def test_a_long_sequence_is_drawn_as_first_second_and_last():
    dot = draw(sequence(100), "unrolled", fold=False).dot
    shown = re.findall(r'label="t = (\d+)"', dot)
    assert shown == ["1", "2", "100"]
    assert "97 time steps" in dot


def test_what_a_page_does_not_hold_of_the_steps_is_a_box_for_each():
    dot = draw(sequence(100), "unrolled").dot
    assert re.findall(r'label="t = (\d+)"', dot) == ["2"]  # its frame
    assert re.findall(r">t = (\d+)</FONT><BR/>[^>]*>as t = 2<", dot) == ["1", "100"]
    assert "t = 2 is open, each other time step is a box" in dot
    for end in ("x_1", "y_1", "x_2", "y_2", "x_100", "y_100", "c_0", "c_100"):
        assert f'tooltip="{end} = ' in dot


def test_the_folded_view_marks_the_delay_and_both_ends():
    dot = draw(sequence(5), "folded").dot
    assert 'label="t = 1 … 5"' in dot
    assert dot.count("t → t + 1") == 2
    for end in ("c_0", "y_0", "c_5", "y_5"):
        assert f'tooltip="{end} = ' in dot


@pytest.mark.parametrize(("last", "other"), [(2, 2), (4, 4), (4, 3)])
def test_steps_that_differ_are_not_folded(last, other):
    usual, different = Elman(3, 2), Elman(3, 2)
    y = mg.Tensor(np.zeros(2), "y_0")
    for t in range(1, last + 1):
        with mg.scope(t):
            cell = different if t == other else usual
            y = cell(mg.Tensor(np.ones(3), "x"), y)
    dot = draw(y, "folded").dot
    why = f"not folded, because t = {other} differs from t = 1"
    assert f"{why}; this is the view unrolled" in dot
    assert "t → t + 1" not in dot
    assert "read the same" not in draw(y, "unrolled").dot


# -------------------------------------------------------------------- nearer, farther


def test_a_stack_is_one_node_for_each_layer_with_shapes_between():
    dot = draw(Stacked()(np.ones((5, 7, 3))), "layer").dot
    assert [f"{name}</FONT>" in dot for name in ("first", "second", "answer")] == [
        True
    ] * 3
    assert dot.count('label="y, c to t + 1: ') == 2
    assert "(5, 7, 4)" in dot
    assert "7 × (5, 3)" in dot
    assert "for 5 × 7 vectors" in dot
    assert "128 numbers to train" in dot


def test_layers_of_both_directions_are_joined_in_their_order():
    class BothWays(mg.Module):
        def __init__(self):
            self.forth, self.back = LSTM(3, 2, rng=0), LSTM(3, 2, rng=1)

        def forward(self, x):
            forth, back = self.forth(x)[0], self.back(x[::-1])[0]
            return mg.concatenate([forth, back[::-1]], axis=-1)

    drawing = draw(BothWays()(mg.Tensor(np.ones((4, 3)), "X")), "layer")
    assert repr(drawing) == "<Drawing: 8 nodes, 10 arrows, view 'layer'>"
    assert drawing.dot.count('label="y, c to t + 1: (2,)"') == 2
    assert 'label="1: (4, 2)"' in drawing.dot
    assert 'label="2: (4, 2)"' in drawing.dot
    assert "shape=square" in drawing.dot  # where they are joined


def test_what_a_layer_begins_with_is_one_node():
    dot = draw(sequence(3), "layer").dot
    assert dot.count("initial") == 1  # in the legend
    assert re.search(r"y<SUB>.*?, c<SUB>", dot)
    assert "3 × (3,)" in dot


def test_a_dense_layer_at_every_time_step_is_one_node_without_an_arrow_to_itself():
    answer, y = mg.Dense(2, 1, mg.tanh, rng=0), sequence(4)
    outputs = []
    for t in range(4):
        with mg.scope("answers", t + 1):
            outputs.append(answer(y[t]))
    dot = draw(mg.stack(outputs), "layer").dot
    assert dot.count("to t + 1") == 1  # of the LSTM
    assert dot.count("4 time steps") == 2
    assert "3 numbers to train" in dot


def series():
    """Return the last state of an Elman cell whose inputs are leaves of one name."""
    return over_time(Elman(3, 2), mg.Tensor(np.zeros(2), "y_0"), 3)


STANDS_FOR = [  # of which program, its node's symbol, name and remark, and its tooltip
    (lambda: LAYERS["stack"](3),
     ("", "y_0, c_0", ""), "y_0, c_0: read before there is anything to carry"),
    (lambda: LAYERS["stack"](3),
     ("", "layers.1", "3 time steps\n4 matrices W\n56 numbers to train"),
     "Stack.layers.1: 58 entries of the tape"),
    (lambda: LAYERS["every step"](3),
     ("tanh", "layers.1", "3 time steps\nW, b\n12 numbers to train"),
     "Stack.layers.1: 13 entries of the tape"),
    (lambda: mg.Dense(3, 2, mg.tanh, rng=0)(mg.Tensor(np.ones((5, 4, 3)), "x")),
     ("tanh", "Dense", "W, b\n8 numbers to train\nfor 5 × 4 vectors"),
     "W (2, 3)\nb (2,)\nt5 = tanh(z)"),
    (series, ("", "x", "3 × (3,)"), "x_1 to x_3"),
    (series, ("tanh", "recurrent", "3 time steps\nW_y, b_y\n12 numbers to train"),
     "the loop: 12 entries of the tape"),
]  # fmt: skip


@pytest.mark.parametrize(("made", "words", "says"), STANDS_FOR)
def test_a_node_says_what_it_stands_for(made, words, says):
    recorded = mg.Tape(made())
    nodes = Picture(recorded, list(VIEWS["layer"].groups(recorded))).nodes
    found = [node.tooltip for node in nodes if tuple(node.label) == words]
    assert found
    assert all(f"{each}\n".startswith(f"{says}\n") for each in found)


def test_a_feed_forward_network_has_no_recurrent_arrow():
    drawing = draw(dense(), "layer")
    assert repr(drawing) == "<Drawing: 4 nodes, 3 arrows, view 'layer'>"
    assert "t + 1" not in drawing.dot


def test_inside_a_box_are_its_matrix_bias_and_activation():
    drawing = draw(CELLS["LSTM"](), "dense")
    assert repr(drawing) == "<Drawing: 8 nodes, 7 arrows, view 'dense'>"
    for word in ("[ , ]", "W v", "+", "σ", "(2, 5)"):
        assert word in drawing.dot


def test_of_several_boxes_the_deepest_is_looked_into():
    dot = draw(CELLS["deeper"](), "dense").dot
    assert "hidden.0" in dot
    assert "(6, 5)" in dot
    assert "(2, 6)" in dot


def test_where_one_of_several_boxes_is_drawn_the_picture_says_which():
    assert "one of 3 boxes" in draw(dense(), "dense").dot
    assert "one of 4 boxes" in draw(sequence(3), "dense").dot
    alone = mg.Dense(3, 2, mg.tanh)(mg.Tensor(np.ones(3), "x"))
    assert "drawn" not in draw(alone, "dense").dot


# --------------------------------------------------------------------- text and paint


@pytest.mark.parametrize("name", KNOWN)
def test_the_text_of_a_view_is_known_byte_for_byte(name):
    assert KNOWN[name]() == (GOLDEN / f"{name}.dot").read_text("utf-8")


def test_no_text_rests_on_how_python_adds_floats(monkeypatch, tmp_path):
    # Python 3.12 carries along what 3.11 rounds away; math.fsum and integers are exact.
    plain_sum = builtins.sum

    def checked_sum(values, /, start=0):
        values, caller = list(values), sys._getframe(1).f_globals["__name__"]
        ours = caller.startswith(("minigrad", "lstm"))
        assert not (ours and any(type(each) is float for each in values)), caller
        return plain_sum(values, start)

    monkeypatch.setattr(builtins, "sum", checked_sum)
    for text in KNOWN.values():
        assert text()
    assert str(mg.prove(loss())) and str(mg.derive(loss(), level="layer"))
    assert str(mg.prove_equal(lambda a: a + a, lambda a: 2 * a, (2,)))
    assert mg.explore(loss(), tmp_path / "loss.html")


def test_two_wires_never_share_a_way_even_where_there_is_no_other():
    narrow = Paper(9, 1)  # one row: nobody can get past
    narrow.wire([((0, 0), RIGHT)], [[((8, 0), RIGHT)]], set())
    with pytest.raises(NoRoute):
        narrow.wire([((1, 0), RIGHT)], [[((7, 0), RIGHT)]], set())


def test_a_corner_is_round_unless_a_wire_begins_there():
    path = [(0.0, 0.0), (50.0, 0.0), (50.0, 50.0)]
    assert (50.0, 0.0) not in curve(path)
    assert (50.0, 0.0) in curve(path, sharp={(50.0, 0.0)})


def test_a_line_of_neurons_goes_through_its_points():
    drawn = Sheet()
    drawn.line("a", "b", [(0.0, 0.0), (90.0, 0.0), (90.0, 90.0)])
    assert "90,0" in drawn.edges[0][2]["pos"].split()


def test_a_long_expression_is_cut_where_a_number_would_stand():
    letters = sympy.symbols("a b c d e f g h")
    assert number_text(sum(letters[:3])) == "a + b + c"
    assert number_text(sum(letters)) == "a + b + c + d + e + f +…"


def test_a_picture_of_one_time_step_says_of_how_many():
    for count in (1, 2, 3):
        said = f"one of {count} time steps" in draw(sequence(count), "gate").dot
        assert said == (count > 1)


def test_a_single_time_step_is_not_drawn_for_all_of_them():
    once, twice = mg.Tape(sequence(1)), mg.Tape(sequence(2))
    alone = gate_sheet(once).dot_text("")
    assert gate_sheet(once, for_all=True).dot_text("") == alone
    assert "t = 1 … 2" in gate_sheet(twice, for_all=True).dot_text("")
    assert "t = 1 … 2" not in gate_sheet(twice).dot_text("")


@pytest.mark.parametrize("view", ["gate", "unrolled", "folded", "neuron"])
@pytest.mark.parametrize("name", ["Elman", "LSTM", "over time"])
def test_legend_and_picture_stand_in_the_middle_of_a_sheet_as_wide_as_it_says(
    name, view
):
    drawn = next(iter(VIEWS[view].sheets(tape(CELLS[name]()))))
    text = drawn.dot_text("")
    left, low, right, high = map(float, re.search('bb="(.*?)"', text)[1].split(","))
    middle = float(re.search('lp="(.*?),', text)[1])
    (first, _), (last, _) = drawn.bounds()
    assert (left + right) / 2 == pytest.approx(middle, abs=0.02)
    assert (first + last) / 2 == pytest.approx(middle, abs=0.02)
    size = right - left + 2 * RIM, high - low + 2 * RIM
    assert drawn.size() == pytest.approx(size, abs=0.02)


def test_a_wire_hops_over_what_crosses_it_and_over_nothing_else():
    up = [(0.0, 0.0), (0.0, 90.0)]
    plain, hopping = curve(up), curve(up, hops=[(0.0, 50.0)])
    assert max(x for x, _ in plain) == 0.0 < max(x for x, _ in hopping)
    elsewhere = [(30.0, 50.0), (0.0, 0.0), (0.0, 90.0), (0.0, 150.0), (0.0, -20.0)]
    assert curve(up, hops=elsewhere) == plain
    np.testing.assert_allclose(curve(up[::-1], hops=[(0.0, 50.0)])[::-1], hopping)
    flat = [(0.0, 0.0), (90.0, 0.0)]
    assert curve(flat, hops=[(50.0, 0.0)]) == curve(flat)


def test_a_difference_passes_its_cotangent_on_and_its_negative():
    a, b = mg.Tensor(3.0, name="a"), mg.Tensor(2.0, name="b")
    dot = draw(a - b, view="backward").dot
    assert dot.count('tooltip="× −1"') == 1
    assert dot.count('tooltip="as it is"') == 1
    assert 'tooltip="× −1"' in draw(-a, view="backward").dot


def test_a_state_whose_next_value_nobody_reads_is_carried_until_then():
    first, second = mg.Dense(2, 2, mg.tanh, rng=0), mg.Dense(2, 2, mg.tanh, rng=1)
    a, b = mg.Tensor(np.zeros(2), name="a_0"), mg.Tensor(np.zeros(2), name="b_0")
    for t in (1, 2, 3):
        with mg.scope(t):
            a, b = second(a) * b, first(b)  # b_3 is not on the tape
            a.name, b.name = "a", "b"
    found = steps(mg.Tape(a))
    carried = [
        {
            (e.before.name, e.after.name if e.after is not None else None)
            for e in s.states
        }
        for s in found
    ]
    assert carried[1] == {("a", "a"), ("b", "b")}
    assert carried[2] == {("a", "a"), ("b", None)}
    assert not found[2].inputs


if __name__ == "__main__":
    for name, text in KNOWN.items():
        (GOLDEN / f"{name}.dot").write_text(text(), encoding="utf-8")
