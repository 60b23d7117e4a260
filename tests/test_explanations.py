"""Every cell says what it is: counts, equations, and which reading each line has."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from variant_cases import KINDS, OTHERS

import minigrad as mg
from lstm import (
    LSTM,
    CoupledCell,
    FullGateRecurrenceCell,
    Gate,
    GRUCell,
    IRNNCell,
    LayerNormCell,
    LinearCandidateCell,
    LSTMCell,
    NoForgetGateCell,
    NoInputGateCell,
    NoOutputGateCell,
    PeepholeCell,
    ProjectedCell,
    Recurrent,
    ResetAfterGRUCell,
    RNNCell,
    Stack,
    State,
)
from lstm.explain import explanation

CELLS = [*KINDS, *OTHERS]
every_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.__name__)


def made(cell, n=3, m=4, **options):
    if issubclass(cell, ProjectedCell):
        options["p"] = 2
    return cell(n, m, rng=0, **options)


def told(cell):
    return " ".join(str(explanation(cell)).split())


FORMULAS = {
    PeepholeCell: "4(nm + m^2 + m) + 3m = 4(3*4 + 4^2 + 4) + 3*4 = 140",
    CoupledCell: "3(nm + m^2 + m) = 3(3*4 + 4^2 + 4) = 96",
    FullGateRecurrenceCell: "3(nm + 4m^2 + m) + nm + m^2 + m = "
    "3(3*4 + 4*4^2 + 4) + 3*4 + 4^2 + 4 = 272",
    LayerNormCell: "4(nm + m^2 + m) + 6m = 4(3*4 + 4^2 + 4) + 6*4 = 152",
    ProjectedCell: "4(nm + pm + m) + pm = 4(3*4 + 2*4 + 4) + 2*4 = 104",
    GRUCell: "3(nm + m^2 + m) = 3(3*4 + 4^2 + 4) = 96",
    ResetAfterGRUCell: "2(nm + m^2 + m) + nm + m + m^2 + m = "
    "2(3*4 + 4^2 + 4) + 3*4 + 4 + 4^2 + 4 = 100",
    RNNCell: "nm + m^2 + m = 3*4 + 4^2 + 4 = 32",
}


@pytest.mark.parametrize("cell", FORMULAS, ids=lambda cell: cell.__name__)
def test_the_count_is_a_formula_in_letters_and_in_numbers(cell):
    assert explanation(made(cell)).formula == FORMULAS[cell]


@settings(max_examples=20)
@given(st.sampled_from(CELLS), st.integers(1, 9), st.integers(1, 9))
def test_the_formula_comes_to_the_number_of_parameters(cell, n, m):
    built = made(cell, n, m)
    said = explanation(built)
    _, numbers, count = said.formula.split(" = ")
    assert int(count) == sum(p.size for p in built.parameters())
    assert eval(numbers.replace("^", "**").replace("(", "*(")) == int(count)
    assert all(len(line) <= 88 for line in str(said).split("\n"))


@every_cell
def test_asking_changes_nothing_and_spoils_no_tape(cell):
    built = made(cell)
    before = {path: p.data.copy() for path, p in built.named_parameters()}
    y, _ = Recurrent(built)(np.ones((2, 3)))
    told(built)
    mg.grad(y.sum(), built.parameters())  # refused, had a Parameter been written
    for path, parameter in built.named_parameters():
        np.testing.assert_array_equal(parameter.data, before[path])


@every_cell
def test_the_equations_are_those_of_the_tape(cell):
    built = made(cell)
    lines = str(explanation(built)).split("\n")
    x = mg.Tensor(np.ones(3), "x")
    outputs = list(dict.fromkeys(built(x, built.start())))
    for equation in mg.derive(outputs):
        assert (f"  {equation}" in lines) == equation.forward or "where" in str(
            equation
        )


@pytest.mark.parametrize(("cell", "equation"), [
    (PeepholeCell, "z_o = W_o v + b_o + p_o ⊙ c"),
    (CoupledCell, "c = f ⊙ c_0 + (1 − f) ⊙ c̃"),
    (NoInputGateCell, "c = f ⊙ c_0 + c̃"),
    (NoForgetGateCell, "c = c_0 + i ⊙ c̃"),
    (NoOutputGateCell, "y = tanh(c)"),
    (LinearCandidateCell, "c̃ = W_c v + b_c"),
    (FullGateRecurrenceCell, "u = [x, y_0, f_0, i_0, o_0]"),
    (ProjectedCell, "y = W_r h"),
    (GRUCell, "v_r = [x, r ⊙ y_0]"),
    (ResetAfterGRUCell, "z_y = W_y x + b_y + r ⊙ z"),
])  # fmt: skip
def test_the_changed_equation_is_there_to_read(cell, equation):
    assert equation in explanation(made(cell)).equations


@every_cell
def test_only_the_line_of_c_may_have_both_readings(cell):
    text = told(made(cell))
    assert ("both readings" in text) == ("c_t in R^4" in text)
    mixes = issubclass(cell, (LayerNormCell, ProjectedCell))
    assert ("y_t, mixes all of c_t" in text) == mixes


def test_the_line_of_c_goes_through_a_product_where_a_gate_forgets():
    assert "through x and +: both readings" in told(LSTMCell(3, 4))
    assert "the top, through +: both readings" in told(NoForgetGateCell(3, 4))


def test_the_usual_cell_needs_no_equations_and_its_c_meets_its_own_gates_only():
    assert explanation(LSTMCell(3, 4)).equations == []
    meets = "c_k meets only f_k, i_k and c~_k: element-wise, never another neuron's."
    assert meets in told(LSTMCell(3, 4))


def test_what_a_neuron_reads_has_its_letter_in_the_usual_cell_alone():
    assert "computed by row k of its W from all of v." in told(LSTMCell(3, 4))
    assert "from all of what it reads." in told(PeepholeCell(3, 4))


def test_a_cell_state_that_mixes_has_the_layer_reading_only():
    class Matrix(LSTMCell):
        def f(self, v, c_prev):
            return self.forget(v, also=mg.matvec(self.candidate.W[:, :2], c_prev))

    text = told(Matrix(3, 2, rng=0))
    assert "the layer reading only, for c_k depends on other entries" in text


@pytest.mark.parametrize(("cell", "share"), [
    (PeepholeCell, "W and b and entry k of p_f, p_i and p_o plus one c_k; the"),
    (ProjectedCell, "W and b and column k of W_r plus one c_k; the"),
    (ResetAfterGRUCell, "W and b, entry k of d and row k of U; the"),
    (IRNNCell, "W and b; the"),
])  # fmt: skip
def test_a_neuron_is_its_share_of_every_parameter(cell, share):
    assert f"So a neuron of this cell is row k of every {share}" in told(made(cell))


@every_cell
def test_deeper_boxes_are_counted_and_said_to_be_no_plain_layers(cell):
    built = made(cell, hidden={next(iter(made(cell).letters)): (6,)})
    text = told(built)
    total = sum(p.size for p in built.parameters())
    assert f"this cell has {total}: a box of it is not a plain dense layer" in text


def test_a_layer_and_a_cell_say_the_same(capsys):
    cell = made(GRUCell)
    cell.explain()
    said = capsys.readouterr().out
    Recurrent(cell).explain()
    LSTM(cell).explain()
    assert capsys.readouterr().out == 2 * said


class Plain(mg.Module):
    """A cell of one's own."""

    n, m = 3, 2

    def __init__(self, box):
        self.box = box

    def start(self, batch=()):
        return State.zeros(self.m, batch)

    def forward(self, x, state):
        y = self.box(mg.concatenate([x, state.y], axis=-1))
        return State(y, state.c * 1.0)


def test_a_cell_of_ones_own_is_explained_too():
    text = told(Plain(Gate("h", 3, 2, mg.tanh, rng=0)))
    assert "Plain with n = 3 inputs" in text and "A cell of one's own." in text
    assert "nm + m^2 + m = 3*2 + 2^2 + 2 = 12" in text
    assert "box h = tanh(z_h) 2 x 5 2 12" in text


def test_a_cell_without_boxes_is_not():
    with pytest.raises(TypeError, match=r"no part that is a\s+Gate"):
        explanation(Plain(mg.Dense(5, 2)))


def test_a_state_beside_y_and_c_is_told_with_its_size():
    said, cell = told(made(FullGateRecurrenceCell)), made(FullGateRecurrenceCell)
    more = set(explanation(cell).carried) - {"y", "c"}
    assert len(more) == 3
    assert said.count("carried as well") == len(more)
    assert all(f"{name}_{{t-1}} in R^4: carried" in said for name in more)


@every_cell
def test_the_first_sentence_says_every_size_once(cell):
    sizes = "n = 3 inputs and m = 4 outputs"
    if issubclass(cell, ProjectedCell):
        sizes = "n = 3 inputs, m = 4 neurons and p = 2 outputs"
    assert f" with {sizes}: a layer of 4 neurons," in told(made(cell))


@every_cell
def test_a_parameter_is_called_as_in_the_equations(cell):
    """So it is in pictures and certificates: W_f in `forget.W`, g in `g`."""
    built, others = made(cell), {"recurrent.W": "U", "recurrent.b": "d"}
    for path, parameter in built.named_parameters():
        gate, _, letter = path.rpartition(".")
        named = f"{letter}_{built.letters[gate]}" if gate in built.letters else path
        assert parameter.name == others.get(path, named)


def test_a_composite_is_a_table_of_its_layers():
    text = str(explanation(Stack(LSTM(3, 4), mg.Dense(4, 2))))
    head, _, *table = text.split("\n")[:6]
    assert head == "Stack: at every step reads R^3, says R^2."
    assert [re.split(r"\s\s+", row) for row in table] == [
        ["part", "layer", "reads", "says", "carries", "parameters"],
        ["layers.0", "LSTMCell, x_1 first", "3", "4", "y, c in R^4", "128"],
        ["layers.1", "Dense", "4", "2", "nothing", "10"],
        ["all", "138"],
    ]
