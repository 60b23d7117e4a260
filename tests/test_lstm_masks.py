"""Sequences of different lengths: what a mask freezes, holds and never reads."""

import numpy as np
import pytest
from layer_cases import (
    PATTERN,
    RNG,
    X,
    same,
)

import minigrad as mg
from lstm import (
    LSTM,
    Bidirectional,
    Stack,
    State,
    TimeDistributed,
    last,
)
from lstm.masks import Frozen, chosen, zero_padded
from minigrad.numpy_protocol.array_like import plain

# ------------------------------------------------------------------------------- masks


def test_lengths_are_masks():
    layer = LSTM(2, 3, rng=0)
    lengths = np.array([5, 2, 0])
    mask = np.arange(5) < lengths[:, None]
    for one, other in zip(
        *(layer(X, **real) for real in ({"lengths": lengths}, {"mask": mask})),
        strict=True,
    ):
        same(one, other)


def test_a_mask_that_is_true_everywhere_changes_nothing():
    layer = LSTM(2, 3, rng=0)
    same(layer(X), layer(X, mask=np.ones((3, 5), bool)))


@pytest.mark.parametrize("reverse", [False, True])
def test_real_steps_are_read_as_if_there_were_no_others(reverse):
    layer = LSTM(2, 3, rng=0, reverse=reverse)
    y, state = layer(X, mask=PATTERN)
    for b in (0, 1):
        alone, end = layer(X[b, PATTERN[b]])
        np.testing.assert_allclose(y.data[b, PATTERN[b]], alone.data, atol=1e-15)
        np.testing.assert_allclose(state.c.data[b], end.c.data, atol=1e-15)


def test_the_state_is_frozen_and_the_output_held():
    layer = LSTM(2, 3, rng=0)
    start = State(RNG.standard_normal((3, 3)), RNG.standard_normal((3, 3)))
    y, state = layer(X, start, mask=PATTERN)
    np.testing.assert_array_equal(y.data[0, 2], y.data[0, 1])
    np.testing.assert_array_equal(y.data[0, 4], state.y.data[0])
    np.testing.assert_array_equal(y.data[2], np.tile(start.y[2], (5, 1)))
    np.testing.assert_array_equal(state.c.data[2], start.c[2])


def test_outputs_at_padding_are_zero_if_that_is_asked_for():
    held, state = LSTM(2, 3, rng=0)(X, mask=PATTERN)
    zero, same_state = LSTM(2, 3, rng=0, outputs="zero")(X, mask=PATTERN)
    same(state, same_state)
    np.testing.assert_array_equal(zero.data, held.data * PATTERN[..., None])


@pytest.mark.parametrize("reverse", [False, True])
def test_what_stands_at_padding_is_never_read(reverse):
    layer = LSTM(2, 3, rng=0, reverse=reverse)
    poisoned = np.where(PATTERN[..., None], X, np.nan)
    same(layer(X, mask=PATTERN), layer(poisoned, mask=PATTERN))
    x = mg.Tensor(poisoned)
    y, state = layer(x, mask=PATTERN)
    gradient = mg.grad((y * y).sum() + state.c.sum(), x)
    assert np.all(gradient[~PATTERN] == 0)
    assert np.all(gradient[PATTERN] != 0)


@pytest.mark.parametrize(("reverse", "begins"), [(False, "y_0"), (True, "y_6")])
def test_the_state_that_a_layer_begins_with_is_called_after_its_time(reverse, begins):
    y, _ = LSTM(2, 3, reverse, rng=0)(X)
    assert begins in {leaf.name for leaf in mg.Tape(y).leaves}


def test_a_module_at_every_step_reads_lists_of_numbers_too():
    each = TimeDistributed(mg.Dense(2, 1, rng=0))
    same(each(X.tolist()), each(X))


def test_what_freezes_says_its_shapes_and_gives_some_of_its_steps():
    freeze = Frozen(PATTERN)
    assert repr(freeze) == "Frozen(real=(3, 5))"
    freeze.also = State(np.ones(2), None)
    assert repr(freeze) == "Frozen(real=(3, 5), also=(y=(2,), c=None))"
    same(freeze.for_steps(slice(1, 3)).real, PATTERN[:, 1:3])


def test_a_chosen_state_keeps_its_names():
    new = State(mg.Tensor([1.0, 2.0], "y"), np.ones(2))
    old = State(mg.Tensor([3.0, 4.0]), np.zeros(2))
    masks = [np.array([True, False])] * 2
    state = chosen(masks, new, old)
    same(state.y, np.array([1.0, 4.0]))
    assert state.y.name == "y" and isinstance(state.c, np.ndarray)


def test_padded_steps_are_zeros_in_a_tensor_as_in_an_array():
    for x in (X, mg.Tensor(X)):
        padded = zero_padded(x, PATTERN)
        assert np.all(np.asarray(plain(padded))[~PATTERN] == 0.0)
        same(plain(padded)[PATTERN], X[PATTERN])


def test_the_last_output_is_read_from_lists_of_numbers_too():
    same(last(X.tolist(), lengths=[5, 5, 1]), X[[0, 1, 2], [4, 4, 0]])


def test_frozen_sequences_do_not_train_the_weights():
    layer = LSTM(2, 3, rng=0)
    x, lengths = X[:2], [3, 0]

    def gradient(x, **real):
        y, _ = layer(x, **real)
        return mg.grad((y * y).sum(), layer.cell.forget.W)

    expected = gradient(X[:1, :3])
    y, _ = layer(x, lengths=lengths)
    weighed = (y * y * (np.arange(5) < 3)[None, :, None]).sum()
    np.testing.assert_allclose(
        mg.grad(weighed, layer.cell.forget.W), expected, atol=1e-15
    )


def test_the_last_real_output_is_the_states():
    layer = LSTM(2, 3, rng=0)
    lengths = [5, 2, 1]
    y, state = layer(X, lengths=lengths)
    same(last(y, lengths), state.y)
    same(last(y), state.y)  # it is held until the end
    y, _ = LSTM(2, 3, rng=0, outputs="zero")(X, lengths=lengths)
    same(last(y, lengths), state.y)
    one, end = layer(X[0], lengths=2)
    same(last(one, 2), end.y)


@pytest.mark.parametrize("lengths", [None, [5, 2, 3]])
def test_the_last_output_alone_is_that_of_the_state_in_each_direction(lengths):
    x = RNG.standard_normal((3, 5, 2))
    y, state = LSTM(2, 3, rng=0, outputs="last")(x, lengths=lengths)
    same(y, state.y)
    same(y, last(LSTM(2, 3, rng=0)(x)[0], lengths))
    both = Bidirectional(LSTM(2, 3, rng=0, outputs="last"))
    y, ends = both(x, lengths=lengths)
    same(y, np.concatenate([ends.forward.y.data, ends.backward.y.data], axis=-1))
    answer = mg.Dense(6, 1, rng=0)
    same(Stack(both, answer)(x, lengths=lengths)[0], answer(y))


def test_in_a_sequence_of_modules_y_flows_on_and_states_are_dropped():
    x = RNG.standard_normal((3, 5, 2))
    layers = (
        LSTM(2, 3, rng=0),
        Bidirectional(LSTM(3, 2, rng=1)),
        Stack(LSTM(4, 3, rng=2), mg.Dense(3, 2, rng=3)),
        LSTM(2, 4, rng=4, outputs="last"),
        mg.Dense(4, 1, rng=5),
    )
    model = mg.Sequential(*layers)
    same(model(x), Stack(*layers)(x)[0])
    slopes = mg.grad((model(x) ** 2).sum(), model.parameters())
    assert all(np.any(slope) for slope in slopes)
    same(mg.Sequential(layers[0])(x), layers[0](x)[0])


def test_a_layer_of_indices_may_be_masked():
    class Embedded(mg.Module):
        n, m = 1, 2

        def __init__(self):
            self.table = mg.Parameter(RNG.standard_normal((4, 2)))

        def start(self, batch=()):
            return State.zeros(self.m, batch)

        def forward(self, x, state):
            y = mg.tanh(self.table[x[..., 0]] + state.y)
            return State(y, state.c)

    x = np.array([[[3], [1], [2]], [[1], [0], [0]]])
    y, _ = LSTM(Embedded())(x, lengths=[3, 1])
    assert y.shape == (2, 3, 2)
