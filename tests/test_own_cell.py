"""A cell of one's own, as Build and train your own model has it, in every layer.

It has nothing of the project's cells: a state of its own with a matrix in it, a start
that is learned, and no method but those that `RecurrentCell` asks for.
"""

import re
from typing import NamedTuple

import numpy as np
import pytest

import minigrad as mg
from lstm import (
    LSTM,
    Bidirectional,
    Directions,
    GRUCell,
    LSTMCell,
    Recurrent,
    Stack,
    State,
    TimeDistributed,
    detached,
    truncated,
)
from lstm.masks import variational, zoneout, zoneout_mean

RNG = np.random.default_rng(3)
X = RNG.standard_normal((3, 5, 2))
LENGTHS = [5, 2, 3]


class Fast(NamedTuple):
    """What the cell carries: its output y (..., m), and a matrix A (..., m, m)."""

    y: mg.Tensor
    A: mg.Tensor


class FastWeights(mg.Module):
    """y_t = tanh(W x_t + A_t y_{t-1}), A_t = 0.9 A_{t-1} + 0.5 y_{t-1} y_{t-1}^T."""

    def __init__(self, n, m, seed=0):
        self.n, self.m = n, m
        self.W = mg.Dense(n, m, rng=seed)
        self.y_0 = mg.Parameter(np.random.default_rng(seed).standard_normal(m))

    def start(self, batch=()):
        return Fast(
            y=self.y_0 + np.zeros((*batch, self.m)),
            A=np.zeros((*batch, self.m, self.m)),
        )

    def forward(self, x, state):
        y, A = state
        A = 0.9 * A + 0.5 * y[..., :, None] * y[..., None, :]
        return Fast(mg.tanh(self.W(x) + (A * y[..., None, :]).sum(axis=-1)), A)


def by_hand(cell, x, state=None):
    """Return y at every step, and the last state, of one sequence (T, n)."""
    state = cell.start() if state is None else state
    outputs = []
    for x_t in x:
        state = cell(x_t, state)
        outputs.append(state.y.data)
    return np.array(outputs), state


def same(ours, theirs):
    ours, theirs = (getattr(each, "data", each) for each in (ours, theirs))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-14)


def same_state(ours, theirs):
    assert type(ours) is type(theirs) is Fast
    for one, other in zip(ours, theirs, strict=True):
        same(one, other)


cell, other = FastWeights(2, 3), FastWeights(2, 3, seed=1)


@pytest.mark.parametrize("layer", [Recurrent(cell), LSTM(cell)], ids=["any", "LSTM"])
def test_it_runs_over_time_alone_and_in_a_batch(layer):
    y, state = layer(X)
    for b in range(3):
        outputs, end = by_hand(cell, X[b])
        same(y.data[b], outputs)
        same_state(Fast(state.y.data[b], state.A.data[b]), Fast(*end))
        alone, _ = layer(X[b])
        same(alone, outputs)


def test_it_is_masked_also_where_its_state_is_a_matrix():
    y, state = Recurrent(cell)(X, lengths=LENGTHS)
    back, end = Recurrent(cell, reverse=True, outputs="zero")(X, lengths=LENGTHS)
    for b, T in enumerate(LENGTHS):
        outputs, last = by_hand(cell, X[b, :T])
        same(y.data[b, :T], outputs)
        same_state(Fast(state.y.data[b], state.A.data[b]), last)
        outputs, last = by_hand(cell, X[b, :T][::-1])
        same(back.data[b, :T], outputs[::-1])
        assert not back.data[b, T:].any()
        same_state(Fast(end.y.data[b], end.A.data[b]), last)


def test_what_is_never_real_never_counts():
    nan = np.where((np.arange(5) < np.array(LENGTHS)[:, None])[..., None], X, np.nan)
    same(
        Recurrent(cell)(nan, lengths=LENGTHS)[1].A,
        Recurrent(cell)(X, lengths=LENGTHS)[1].A,
    )


@pytest.mark.parametrize("merge", ["concat", "sum", "mul", "average", None])
def test_it_reads_in_both_directions(merge):
    both = Bidirectional(Recurrent(cell), Recurrent(other, reverse=True), merge=merge)
    y, state = both(X[0])
    forth, back = by_hand(cell, X[0])[0], by_hand(other, X[0][::-1])[0][::-1]
    expected = {
        "concat": np.hstack([forth, back]),
        "sum": forth + back,
        "mul": forth * back,
        "average": (forth + back) / 2,
        None: forth,
    }[merge]
    same(y if merge else y.forward, expected)
    assert isinstance(state, Directions) and state.backward.A.shape == (3, 3)


def stacked():
    return Stack(
        Recurrent(cell), mg.Dense(3, 2, mg.tanh, rng=0), Recurrent(other), LSTM(3, 4)
    )


def test_it_stands_in_a_stack_beside_other_layers():
    deep = stacked()
    y, states = deep(X, lengths=LENGTHS)
    low, _ = Recurrent(cell)(X, lengths=LENGTHS)
    middle, _ = Recurrent(other)(deep.layers[1](low), lengths=LENGTHS)
    same(y, deep.layers[3](middle, lengths=LENGTHS)[0])
    assert [type(s) for s in states] == [Fast, type(None), Fast, State]
    again, _ = deep(X, states)
    assert np.abs(again.data - y.data).max() > 1e-3  # it went on from there


@pytest.mark.parametrize("layer", [Recurrent(cell), stacked()], ids=["alone", "stack"])
def test_pieces_are_the_whole_and_gradients_end_between_them(layer):
    x = mg.Tensor(X)
    whole, _ = layer(x)
    pieces = list(truncated(layer, x, k=2))
    same(np.concatenate([piece.y.data for piece in pieces], axis=-2), whole)
    slope = mg.grad((pieces[1].y ** 2).sum(), x)
    assert not slope[:, :2].any() and slope[:, 2:4].any() and not slope[:, 4:].any()


def test_its_state_is_cut_without_a_method_of_its_own():
    _, state = Recurrent(cell)(X)
    assert isinstance(detached(state), Fast)
    assert detached(state).A.primitive is None is not state.A.primitive
    assert [type(s) for s in detached([None, state])] == [type(None), Fast]


def test_dropout_around_it_changes_nothing_at_rate_0_and_something_above():
    layer = Recurrent(cell)
    plain = layer(X)[0].data
    for none, some in (
        (variational(layer, (3,), rng=0), variational(layer, (3,), y=0.5, rng=0)),
        (zoneout(layer, (3, 5), rng=0), zoneout(layer, (3, 5), A=0.5, rng=0)),
        (zoneout_mean(layer), zoneout_mean(layer, A=0.5)),
    ):
        np.testing.assert_array_equal(layer(X, dropout=none)[0].data, plain)
        dropped = layer(X, dropout=some)
        assert np.abs(dropped[0].data - plain).max() > 1e-6
        assert dropped[1].A.shape == (3, 3, 3)
        list(truncated(layer, X, 2, dropout=some))


def test_zoneout_keeps_single_entries_of_a_matrix():
    layer = Recurrent(cell)
    masks = zoneout(layer, (3, 5), A=0.5, rng=0)
    start = Fast(RNG.standard_normal((3, 3)), RNG.standard_normal((3, 3, 3)))
    _, state = layer(X[:, :1], start, dropout=masks.for_steps(slice(0, 1)))
    kept = masks.masks.A[:, 0]
    np.testing.assert_array_equal(state.A.data[kept], start.A[kept])
    assert (state.A.data[~kept] != start.A[~kept]).all()


def test_in_a_sequence_of_modules_its_y_flows_on():
    model = mg.Sequential(Recurrent(cell), mg.Dense(3, 1, rng=0))
    same(model(X), model.layers[1](Recurrent(cell)(X)[0]))


def test_every_step_may_be_a_sequence_of_its_own():
    videos = RNG.standard_normal((4, 3, 5, 2))
    y = TimeDistributed(Recurrent(cell), rank=2)(videos)
    same(y.data[1], Recurrent(cell)(videos[1])[0])


def test_a_start_that_is_learned_has_a_gradient():
    layer = Recurrent(cell)

    def loss(y_0):
        vars(cell)["y_0"] = y_0
        y, state = layer(X, lengths=LENGTHS)
        return (y * y).sum() + state.A.sum()

    y_0 = cell.y_0
    try:
        mg.check_gradients(loss, RNG.standard_normal(3))
    finally:
        cell.y_0 = y_0


def test_it_is_counted_and_explained_as_a_part():
    text = str(Stack(Recurrent(cell), mg.Dense(3, 1)).explanation())
    assert "FastWeights, x_1 first" in text and "A in R^3x3" in text


# -------------------------------------------------------------------- what is missing


class Whole(mg.Module):
    n, m = 2, 3

    def start(self, batch=()):
        return State.zeros(3, batch)

    def forward(self, x, state):
        return State(state.y * 1.0, state.c * 1.0)


class Hidden(NamedTuple):
    h: mg.Tensor


class WithoutN(Whole):
    n = None


class WithoutM(Whole):
    m = None


class WithoutStart(Whole):
    start = None


class FloatingM(Whole):
    m = 3.0


class NoModule:
    n, m = 2, 3

    def start(self, batch=()):
        return State.zeros(3, batch)

    def __call__(self, x, state):
        return state


class Tupled(Whole):
    def start(self, batch=()):
        return np.zeros((*batch, 3)), np.zeros((*batch, 3))


class Unnamed(Whole):
    def start(self, batch=()):
        return Hidden(np.zeros((*batch, 3)))


class OneOnly(Whole):
    def start(self):
        return State.zeros(3)


class Unbatched(Whole):
    def start(self, batch=()):
        return State.zeros(3)


class Pair(Whole):
    def forward(self, x, state):
        return state.y * 1.0, state.c * 1.0


class Bare(Whole):
    def forward(self, x, state):
        return state.y * 1.0


class Grown(Whole):
    def forward(self, x, state):
        return State(state.y * 1.0, mg.concatenate([state.c, state.c], axis=-1))


MISSING = {
    "n": (lambda: Recurrent(WithoutN()), r"it has no n, the size of x_t"),
    "m": (lambda: Recurrent(WithoutM()), r"it has no m, the size of y_t"),
    "a whole m": (lambda: Recurrent(FloatingM()), r"its m is 3\.0: no size of y_t"),
    "start": (lambda: LSTM(WithoutStart()), r"no start\(batch=\(\)\)(.|\n)*def start"),
    "being a Module": (lambda: Recurrent(NoModule()), r"would not be found"),
    "names in the state": (
        lambda: Recurrent(Tupled()),
        r"its start\(\) returns a tuple, no Named",
    ),
    "y in the state": (lambda: Recurrent(Unnamed()), r"Hidden\(h\) has no field y"),
    "a batch for start": (lambda: Recurrent(OneOnly()), r"start\(\) takes no batch"),
    "batches at the start": (lambda: Recurrent(Unbatched()), r"\(3,\), not\s+\(2, 3\)"),
    "a state returned": (
        lambda: Recurrent(Pair())(X),
        r"tuple(.|\n)*start\(\) is State",
    ),
    "all of a state returned": (lambda: Recurrent(Bare())(X), r"return State\(y, c\)"),
    "shapes that stay": (
        lambda: Recurrent(Grown())(X),
        r"c_\{t-1\}: shape \(3, 3\)(.|\n)*c_t: shape \(3, 6\)(.|\n)*keeps its shapes",
    ),
    "an instance": (lambda: Recurrent(Whole), r"a class, no cell yet"),
    "a cell, not a layer": (lambda: Recurrent(LSTM(2, 3)), r"is a layer already"),
    "a layer in a Stack": (lambda: Stack(GRUCell(2, 3)), r"Stack\(Recurrent\(cell\)"),
    "a layer in a Bidirectional": (
        lambda: Bidirectional(Whole(), Whole()),
        r"Recurrent\(other, reverse=True\)",
    ),
    "a single direction": (
        lambda: Bidirectional(Stack(LSTM(2, 3), LSTM(3, 3))),
        r"make every layer Bidirectional",
    ),
    "a layer over time to truncate": (
        lambda: truncated(Whole(), X, 2),
        r"of a cell, Recurrent\(cell\)",
    ),
    "a state to truncate": (
        lambda: truncated(mg.Sequential(LSTM(2, 3)), X, 2),
        r"in the place of Sequential",
    ),
    "a module without time": (lambda: TimeDistributed(Whole()), r"Recurrent\(cell\)"),
    "steps that are sequences": (lambda: TimeDistributed(LSTM(2, 3)), r"rank=2"),
    "masks of one cell": (
        lambda: variational(Stack(LSTM(2, 3)), rng=0),
        r"a Stack takes a list of masks",
    ),
    "masks of one direction": (
        lambda: zoneout(Bidirectional(LSTM(2, 3)), (3, 5), rng=0),
        r"Directions\(forward, backward\)",
    ),
    "a state for a cell": (
        lambda: LSTMCell(2, 3)(X[:, 0]),
        r"no state of a cell(.|\n)*Recurrent\(cell\) runs it over time",
    ),
    "a cell's layer in a Sequential": (
        lambda: mg.Sequential(GRUCell(2, 3))(X),
        r"no state of a cell(.|\n)*Output\(y\)",
    ),
    "Modules for a Sequential": (
        lambda: mg.Sequential([LSTM(2, 3), mg.Dense(3, 1)]),
        r"Sequential\(\*layers\)",
    ),
    "a Stack for lengths": (
        lambda: mg.Sequential(LSTM(2, 3), mg.Dense(3, 1))(X, lengths=LENGTHS),
        r"Stack\(\*model\.layers\)",
    ),
    "layers of a Sequential for a Stack": (
        lambda: Stack(mg.Sequential(LSTM(2, 3), mg.Dense(3, 1)), LSTM(1, 1)),
        r"Stack\(\*sequential\.layers\)",
    ),
    "steps for the layer above": (
        lambda: Stack(LSTM(2, 3, outputs="last"), LSTM(3, 3)),
        r'leave outputs="last" to the highest layer over time',
    ),
}


@pytest.mark.parametrize(("wrong", "words"), MISSING.values(), ids=MISSING)
def test_what_is_missing_is_told(wrong, words):
    with pytest.raises((TypeError, ValueError)) as caught:
        wrong()
    text = str(caught.value)
    assert re.search(words, " ".join(text.split())), text
    assert re.search(r"at test_own_cell\.py:\d+$", text.split("\n")[0])
    assert "\n  why   " in text and "\n  fix   " in text
    assert max(map(len, text.split("\n"))) <= 88


def test_all_that_is_missing_is_told_at_once():
    with pytest.raises(TypeError) as caught:
        Recurrent(lambda x, state: state)
    for part in ("no Module", "no n", "no m", "no start"):
        assert part in str(caught.value)


@pytest.mark.parametrize("between", ["nothing", "fed back", "masked", "called twice"])
def test_a_loop_without_scopes_is_compiled_and_proved_and_a_wrong_slope_is_not(
    between, monkeypatch
):
    cell, rng = LSTMCell(2, 2, rng=0), np.random.default_rng(1)

    def loss(xs, mask):
        state = cell.start()
        for t in range(3):
            x = xs[t] + state.y * 0.5 if between == "fed back" and t else xs[t]
            state = cell(x, state)
            if between == "called twice":
                state = cell(x * 2.0, state)
            if between == "masked":
                state = State(*(part * mask for part in state))
        return (state.y**2).sum()

    def gradient(xs, mask):
        return mg.grad(loss(xs, mask), cell.parameters())

    xs, mask = rng.standard_normal((3, 2)), np.array([1.0, 0.5])
    step = mg.compile(gradient, xs, mask)
    for found, right in zip(step(-xs, mask), gradient(-xs, mask), strict=True):
        np.testing.assert_allclose(found, right, rtol=0, atol=1e-12)
    mg.prove(loss(mg.Tensor(xs, "X"), mask))
    wrong = (lambda y, a: 1 - y,)
    monkeypatch.setattr(mg.TABLE["tanh"], "partials", wrong)
    monkeypatch.setattr(mg.TABLE["tanh"], "rules", wrong)
    with pytest.raises(mg.ProofFailed):
        mg.prove(loss(mg.Tensor(xs, "X"), mask))
