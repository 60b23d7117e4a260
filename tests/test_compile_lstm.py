"""Compiled, every variant and every option of the layers gives what it gives."""

import gc
import re

import numpy as np
import pytest
from test_compile import assert_same

import minigrad as mg
from benchmarks.by_hand import ByHand
from lstm import LSTM, Bidirectional, LSTMCell, Recurrent, Stack, State, masks
from lstm.additions import ClippedCell, LayerNormCell, ProjectedCell
from lstm.others import GRUCell, IRNNCell, ResetAfterGRUCell, RNNCell
from lstm.truncated import truncated
from lstm.variants import (
    CoupledCell,
    FullGateRecurrenceCell,
    LinearCandidateCell,
    LinearOutputCell,
    NoForgetGateCell,
    NoInputGateCell,
    NoOutputGateCell,
    PeepholeCell,
)
from minigrad.compiling import program_lines
from minigrad.compiling.graph import Node
from minigrad.compiling.rolled_loops import Loop

B, T, n, m = 3, 6, 2, 4
RANDOM = np.random.default_rng(1)
CELLS = [
    LSTMCell, PeepholeCell, CoupledCell, NoInputGateCell, NoForgetGateCell,
    NoOutputGateCell, LinearCandidateCell, LinearOutputCell, FullGateRecurrenceCell,
    GRUCell, ResetAfterGRUCell, RNNCell, IRNNCell, LayerNormCell, ClippedCell,
]  # fmt: skip


def normal(*shape):
    return RANDOM.standard_normal(shape)


def loops(program):
    return [item for item in program.items if isinstance(item, Loop)]


def learning(layer, *names):
    """Return a training step of a layer that is given more by these names."""

    def step(x, target, *more):
        y, state = layer(x, **dict(zip(names, more, strict=True)))
        loss = mg.squared_error(y, target)
        return loss, mg.grad(loss, layer), list(mg.Tape(state).outputs)

    return step


def assert_compiles(f, arguments, rolled=True):
    step = mg.compile(f)
    for _ in range(2):
        given = arguments()
        assert_same(step(*given), f(*given))
    assert len(step.programs) == 1
    if rolled:
        assert len(step.program.lines) < 300
    return step


def batch():
    return normal(B, T, n), normal(B, T, m)


@pytest.mark.parametrize("cell", CELLS)
def test_every_variant_is_two_loops(cell):
    step = assert_compiles(learning(Recurrent(cell(n, m, rng=0))), batch)
    assert len(loops(step.program)) == 2
    in_loops = re.findall(r"^ {12}.*", step.source, re.MULTILINE)
    assert not [line for line in in_loops if "transpose(" in line]  # they are views


@pytest.mark.parametrize("batch", [(), (B,)])
def test_a_step_is_nine_calls_and_one_of_them_a_product(batch):
    step = mg.compile(learning(LSTM(n, m)), normal(*batch, T, n), normal(*batch, T, m))
    text = step.source[step.source.index("def step") :]
    loops = re.findall(r"^ +for .*\n((?: {12}.*\n)+)", text, re.MULTILINE)
    assert [body.count("\n") for body in loops] == [9, 9]
    assert [body.count("matmul(") for body in loops] == [1, 1]
    assert text.count("outer_into(") == 1


@pytest.mark.parametrize("half", [lambda z: 0.5 * z, lambda z: z * 0.5])
def test_a_number_leaves_the_loop_on_either_side(half):
    W = mg.Parameter(normal(m, m), "W")

    def f(x):
        y = mg.Tensor(np.zeros((B, m)))
        for t in range(T):
            with mg.scope("loop", t + 1):
                y = mg.tanh(half(mg.matvec(W, y))) + x[:, t]
        return y

    step = mg.compile(f)
    x = normal(B, T, m)
    assert_same(step(x), f(x))
    (loop,) = loops(step.program)
    assert all(line.op is not mg.TABLE["multiply"] for line in loop.lines)


def test_what_is_planned_by_hand_is_the_gradient():
    layer = LSTM(n, m, rng=0, dtype="f4")
    gates = ("output", "forget", "input", "candidate")
    for parameter in layer.parameters():
        parameter.data = normal(*parameter.shape).astype("f4")
    x, target = normal(B, T, n).astype("f4"), normal(B, T, m).astype("f4")
    difference = layer(x)[0] - target
    expected = mg.grad((difference * difference).sum(), layer)
    cells = [getattr(layer.cell, gate) for gate in gates]
    weights = [(cell.W.data, cell.b.data) for cell in cells]
    for gate, bars in zip(gates, ByHand(T, B, n, m)(x, target, weights), strict=True):
        for name, bar in zip("Wb", bars, strict=True):
            np.testing.assert_allclose(bar, expected[f"cell.{gate}.{name}"], 1e-4, 1e-5)


def test_short_sequences():
    f = learning(LSTM(n, m, rng=0))
    step = mg.compile(f)
    for length in (1, 2, 3):
        given = normal(B, length, n), normal(B, length, m)
        assert_same(step(*given), f(*given))


LAYERS = {
    "reversed": LSTM(n, m, rng=0, reverse=True),
    "two": Stack(LSTM(n, 3, rng=0), LSTM(3, m, rng=1)),
    "projected": Recurrent(ProjectedCell(n, 5, m, rng=0)),
    "both directions": Bidirectional(LSTM(n, m, rng=0), merge="sum"),
    "deep gates": LSTM(n, m, rng=0, hidden={"forget": (3,)}),
    "relu": LSTM(n, m, rng=0, activations={"candidate": mg.relu}),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    assert_compiles(learning(LAYERS[name]), batch)


@pytest.mark.parametrize("outputs", ["hold", "zero"])
def test_padding_is_an_argument(outputs):
    layer = LSTM(n, m, rng=0, outputs=outputs)
    masks = lambda: (*batch(), RANDOM.random((B, T)) < 0.7)  # noqa: E731
    lengths = lambda: (*batch(), RANDOM.integers(1, T + 1, B))  # noqa: E731
    assert_compiles(learning(layer, "mask"), masks)
    assert_compiles(learning(layer, "lengths"), lengths)


def test_a_state_that_is_given_and_one_that_is_asked_for():
    layer = LSTM(n, m, rng=0)

    def f(x, y, c):
        Y, state = layer(x, State(y, c))
        loss = (Y * Y).sum() + state.c.sum()
        return mg.grad(loss, layer), state

    assert_compiles(f, lambda: (normal(B, T, n), normal(B, m), normal(B, m)))


def test_only_the_last_output():
    layer = LSTM(n, m, rng=0, outputs="last")
    f = lambda x: mg.grad((layer(x)[0] ** 2).sum(), layer)  # noqa: E731
    assert_compiles(f, lambda: (normal(B, T, n),))


def test_dropout_masks_are_arguments():
    layer = LSTM(n, m, rng=0)

    def f(x, target, mask_x, mask_y):
        y, _ = layer(x, dropout=masks.Variational(mask_x, mask_y))
        loss = mg.squared_error(y, target)
        return loss, mg.grad(loss, layer)

    def sampled():
        return [2.0 * (RANDOM.random((B, k)) < 0.5) for k in (n, m)]

    assert_compiles(f, lambda: (*batch(), *sampled()))


def test_the_gradient_of_the_input():
    layer = LSTM(n, m, rng=0)
    f = lambda x: mg.grad((layer(x)[0] ** 2).sum(), x)  # noqa: E731
    assert_compiles(f, lambda: (mg.Tensor(normal(B, T, n)),))


def test_truncated_backpropagation():
    layer = LSTM(n, m, rng=0)

    def f(x, target):
        total = [
            mg.grad(mg.squared_error(piece.y, target[:, piece.steps]), layer)
            for piece in truncated(layer, x, 3)
        ]
        return total

    assert_compiles(f, batch, rolled=False)


@pytest.mark.parametrize("of", [mg.Tensor, lambda a: a])
def test_a_cell_that_is_called_in_a_loop_of_python_has_loops(of):
    cell = LSTMCell(n, m, rng=0)

    def f(x):
        state = cell.start()
        for t in range(20):
            state = cell(of(x[t]), state)
        return mg.grad((state.y * state.c).sum(), cell)

    step = mg.compile(f, normal(20, n))
    x = normal(20, n)
    assert_same(step(x), f(x))
    assert len(loops(step.program)) == 2


def test_its_picture_has_a_frame_for_each_loop():
    drawing = mg.draw(mg.compile(learning(LSTM(n, m, rng=0)), *batch()))
    assert drawing.dot.count("subgraph cluster_") == 2
    assert "for t = T, …, 1" in drawing.dot and "style=dashed" in drawing.dot
    assert re.search(r'label="ones\(3, 1\)", shape=plaintext', drawing.dot)


def test_each_rewrite_can_be_drawn_and_says_what_it_left():
    step = mg.compile(learning(LSTM(n, m, rng=0)), *batch())
    before, after = (mg.draw(step, view).dot for view in ("before", "rows_alone"))
    assert "σ" in before and "σ" not in after
    with pytest.raises(ValueError, match="one of: before, composites_open"):
        mg.draw(step, "gate")
    first, *_, last = step.program.stages
    assert last.calls < first.calls / 2 and last.bytes == step.program.bytes
    assert last.bytes < first.bytes / 2
    assert f"{last.bytes:,}" in step.explain()


def test_a_program_has_as_many_lines_whatever_the_length():
    layer = LSTM(n, m, rng=0)
    texts = []
    for length in (20, 300):
        x, target = normal(1, length, n), normal(1, length, m)
        texts.append(mg.compile(learning(layer), x, target).source.count("\n"))
    assert texts[0] == texts[1]


def test_a_cotangent_has_its_name_where_it_is_whole():
    step = mg.compile(learning(LSTM(n, m, rng=0)), *batch())
    assert re.search(r"c_bar\[t\] = \S+\[t\] \+ \S+\[t\+1\]", str(step))


def test_all_sums_are_continued_in_one_round(monkeypatch):
    found = []

    def counted(classes, before=program_lines._continued):
        found.append(before(classes))
        return found[-1]

    monkeypatch.setattr(program_lines, "_continued", counted)
    mg.compile(learning(Stack(*(LSTM(k, m, rng=0) for k in (n, m, m)))), *batch())
    assert len(found) == 2 and found[0] > found[1] == 0


def test_what_was_traced_is_freed_at_once():
    gc.collect()
    gc.disable()
    try:
        before = sum(type(each) is Node for each in gc.get_objects())
        step = mg.compile(learning(LSTM(n, m, rng=0)), *batch())
        after = sum(type(each) is Node for each in gc.get_objects())
    finally:
        gc.enable()
    assert after == before and step.programs
