"""Dropout as masks that are sampled beforehand; numbers in other precisions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layer_cases import (
    X,
    same,
)

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
)
from lstm.masks import (
    Variational,
    Zoneout,
    between,
    variational,
    zoneout,
    zoneout_mean,
)
from minigrad.feedforward import beside

# ----------------------------------------------------------------------------- dropout


def test_a_rate_of_zero_changes_no_bit():
    layer = LSTM(2, 3, rng=0)
    plain = layer(X)
    for nothing in (
        variational(layer, (3,), rng=0),
        zoneout(layer, (3, 5), rng=0),
        zoneout_mean(layer),
        (variational(layer, (3,), rng=0), zoneout(layer, (3, 5), rng=1)),
    ):
        same(layer(X, dropout=nothing), plain)
    assert np.all(between((4, 5), 0.0, rng=0) == 1)


@given(st.floats(0.05, 0.95), st.integers(0, 5))
def test_masks_keep_the_mean(rate, seed):
    mask = between((200, 50), rate, rng=seed)
    kept = 1 / (1 - rate)
    assert set(np.unique(mask)) <= {0.0, kept}
    deviation = np.sqrt(rate / (1 - rate) / mask.size)
    assert abs(mask.mean() - 1) < 6 * deviation


def test_variational_masks_are_the_same_at_every_step():
    layer = LSTM(2, 3, rng=0)
    dropout = variational(layer, (3,), x=0.5, y=0.5, rng=0)
    state = State.zeros(3, (3,))
    for t in range(5):
        x, y = X[:, t] * dropout.x, state.y * dropout.y
        state = layer.cell(x, State(y, state.c))
    same(layer(X, dropout=dropout)[1], state)
    other = variational(layer, (3,), x=0.5, y=0.5, rng=1)
    assert np.any(other.y != dropout.y)


def test_zoneout_keeps_entries_and_its_mean_is_its_expectation():
    layer = LSTM(2, 1, rng=0)
    start = State(np.array([0.3]), np.array([-0.5]))
    new = layer.cell(X[0, 0], start)
    for kept in (False, True):
        masks = State(np.array([[kept]]), np.array([[not kept]]))
        _, state = layer(
            X[0, :1], start, dropout=type(zoneout(layer, (1,), rng=0))(masks)
        )
        same(state.y, start.y if kept else new.y)
        same(state.c, new.c if kept else start.c)
    _, mean = layer(X[0, :1], start, dropout=zoneout_mean(layer, y=0.25, c=0.75))
    np.testing.assert_allclose(mean.y.data, 0.25 * start.y + 0.75 * new.y.data)
    np.testing.assert_allclose(mean.c.data, 0.75 * start.c + 0.25 * new.c.data)


def test_zoneout_of_zeros_and_ones_is_refused():  # for ~1 is -2, which is true
    layer = LSTM(2, 3, rng=0)
    masks = State(np.ones((3, 5, 3), int), np.zeros((3, 5, 3), int))
    with pytest.raises(TypeError, match="booleans"):
        layer(X, dropout=Zoneout(masks))


def test_the_same_seed_gives_the_same_masks():
    layer = LSTM(2, 3, rng=0)
    one, other = (zoneout(layer, (3, 5), y=0.5, c=0.5, rng=7) for _ in range(2))
    same(one.masks, other.masks)
    assert np.any(one.masks.y != one.masks.c)


def test_float32_stays_float32():
    stack = Stack(
        Bidirectional(LSTM(2, 3, rng=0, dtype=np.float32)),
        LSTM(6, 2, rng=1, dtype=np.float32),
    )
    below, above = stack.layers
    x = X.astype(np.float32)
    y, states = stack(
        x,
        lengths=[5, 3, 0],
        between=[between((3, 5, 6), 0.5, rng=0, dtype=np.float32)],
        dropout=[
            Directions(
                variational(below.forth, (3,), x=0.2, y=0.2, rng=0),
                zoneout_mean(below.back, c=0.2),
            ),
            zoneout(above, (3, 5), c=0.5, rng=1),
        ],
    )
    assert y.dtype == np.float32
    assert {part.dtype for part in states[1]} == {np.dtype(np.float32)}
    for path, g in mg.grad((y * y).mean(), dict(stack.named_parameters())).items():
        assert g.dtype == np.float32, path


@pytest.mark.parametrize("kind", ["f4", "f8", "i8", "?"])
def test_plain_numbers_do_not_widen_a_float32_layer(kind):
    ones, m = np.ones((5, 2)).astype(kind), 4
    layers = [Recurrent(cell(2, m, dtype="f4")) for cell in (LSTMCell, GRUCell)]
    for layer, above in zip(layers, reversed(layers), strict=True):
        start = type(layer.start())(*(np.ones(m).astype(kind) for _ in layer.start()))
        for y, state in (layer(ones), layer(ones, start)):
            assert {part.dtype for part in (y, *state)} == {np.dtype("f4")}
        once = layer.cell(ones[0], start)
        assert {part.dtype for part in once} == {np.dtype("f4")}
        masks = Variational(ones[0], start.y)
        assert layer(ones, dropout=masks)[0].dtype == np.float32
        gap = np.ones((5, m)).astype(kind)
        y, _ = Stack(layer, Recurrent(type(above.cell)(m, 2, dtype="f4")))(
            ones, between=[gap]
        )
        assert y.dtype == np.float32


def test_numbers_that_are_not_real_keep_their_domain_in_a_float32_layer():
    layer = LSTM(2, 3, rng=0, dtype="f4")
    x = np.ones((5, 2))
    assert layer(mg.Tensor(x))[0].dtype == np.float64  # a Tensor is what it is
    assert beside("f4", np.array([Fraction(1, 3)])).tolist() == [Fraction(1, 3)]


def test_extreme_numbers_neither_warn_nor_leave_their_range():
    stack = Stack(
        Bidirectional(LSTM(2, 3, rng=0, outputs="zero"), merge="mul"), LSTM(3, 2, rng=1)
    )
    with np.errstate(all="raise", under="ignore"):
        y, states = stack(1e4 * X, lengths=[5, 3, 1])
        mg.grad((y * y).sum(), stack.parameters())
    assert np.all(np.abs(y.data) < 1)
    assert np.all(np.isfinite(states[1].c.data))
