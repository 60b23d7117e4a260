"""Layers over time: stacked, in both directions, masked, from any state, with dropout.

Compared, for outputs, final states and all gradients, with plain NumPy that walks over
one sequence at a time (layer_cases.py), and with PyTorch where it has the feature.
"""

import dataclasses
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layer_cases import (
    Case,
    disagreements,
    numbers,
    our_gradients,
    our_results,
    weighted,
)

import lstm
import minigrad as mg
from lstm import (
    LSTM,
    Bidirectional,
    Cell,
    Directions,
    FullGateRecurrenceCell,
    GRUCell,
    LSTMCell,
    ProjectedCell,
    Recurrent,
    Stack,
    State,
    TimeDistributed,
    last,
    truncated,
)
from lstm.dropout import (
    Variational,
    Zoneout,
    between,
    variational,
    zoneout,
    zoneout_mean,
)
from lstm.masks import Frozen, chosen, zero_padded
from lstm.sequences import TOGETHER
from minigrad.array_like import plain
from minigrad.feedforward import beside

RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 5, 2))  # 3 sequences of 5 steps
PATTERN = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0]], bool)


@st.composite
def cases(
    draw, merges=("none", "concat", "sum", "mul", "average", None), any_mask=True
):
    """Draw a configuration: everything that may be combined."""
    layers = draw(st.integers(1, 3))
    merge = draw(st.sampled_from(merges))
    batch = draw(st.sampled_from([(), (1,), (3,)]))
    steps = draw(st.integers(1, 4))
    size = batch[0] if batch else None
    fewest = 0 if any_mask else 1
    one = st.integers(fewest, steps)
    lengths = draw(st.none() | (st.tuples(*[one] * size) if batch else one))
    mask = None
    if any_mask and lengths is None:
        row = st.tuples(*[st.booleans()] * steps)
        mask = draw(st.none() | (st.tuples(*[row] * size) if batch else row))
    return Case(
        n=draw(st.integers(1, 3)),
        widths=tuple(draw(st.integers(1, 3)) for _ in range(layers)),
        merge="concat" if merge is None and layers > 1 else merge,
        reverse=draw(st.booleans()) if any_mask else False,
        outputs=draw(st.sampled_from(["hold", "zero"])) if any_mask else "zero",
        batch=batch,
        steps=steps,
        lengths=lengths,
        mask=mask,
        start=draw(st.booleans()),
        between=draw(st.booleans()),
        around=draw(st.sampled_from(["", "variational", "zoneout"]))
        if any_mask
        else "",
        seed=draw(st.integers(0, 99)),
    )


# ------------------------------------------------------------- every combination, twice


@given(cases())
def test_results_and_gradients_are_those_of_one_sequence_at_a_time(case):
    assert disagreements(case) == []


FEATURES = {
    "reversed": Case(reverse=True, widths=(2,)),
    "reversed, padded": Case(reverse=True, widths=(2,), lengths=(4, 1, 2)),
    "any mask": Case(widths=(2,), batch=(), steps=3, mask=(True, False, True)),
    "zeros at padding": Case(widths=(2,), lengths=(4, 1, 2), outputs="zero"),
    "stacked": Case(between=True),
    "both directions": Case(merge="concat", widths=(2,), lengths=(4, 1, 2)),
    "both, multiplied": Case(merge="mul", widths=(2,)),
    "both, averaged": Case(merge="average", widths=(2,)),
    "variational": Case(widths=(2,), around="variational"),
    "zoneout": Case(widths=(2,), around="zoneout", lengths=(4, 1, 2)),
    "all at once": Case(
        n=1,
        widths=(1, 1),
        merge="concat",
        batch=(),
        steps=3,
        lengths=2,
        between=True,
        around="zoneout",
    ),
}
every_feature = pytest.mark.parametrize("case", FEATURES.values(), ids=FEATURES)


@every_feature
def test_derivatives_of_both_orders_are_those_of_the_complex_step(case):
    inputs, constants = numbers(case)

    def loss(*values):
        named = dict(zip(inputs, values, strict=True))
        return weighted(our_results(case, named, constants), constants)

    mg.check_gradients(loss, *inputs.values())


@every_feature
def test_the_gradient_is_proved(case):
    case = dataclasses.replace(case, n=1)
    inputs, constants = numbers(case)
    tensors = {name: mg.Tensor(value, name) for name, value in inputs.items()}
    loss = weighted(our_results(case, tensors, constants), constants)
    assert mg.prove(loss, tensors)


# -------------------------------------------------------------------- PyTorch's numbers


def torch_results(torch, case, inputs, constants):
    """Return the same by PyTorch: single layers, one after the other, packed."""
    rnn = torch.nn.utils.rnn
    one = not case.batch
    x = inputs["x"][None] if one else inputs["x"]
    both = len(case.both) == 2
    lengths = np.atleast_1d(case.lengths) if case.lengths is not None else None
    results = {}
    for k, m in enumerate(case.widths):
        flat, start = [], []
        for way in case.both:
            p = {j: inputs[f"{k}.{way}.{j}"] for j in _names(case)}
            W = torch.cat([p[f"W_{letter}"] for letter in "ifco"])
            b = torch.cat([p[f"b_{letter}"] for letter in "ifco"])
            n = W.shape[1] - m
            flat += [W[:, :n], W[:, n:], b, torch.zeros_like(b)]
            zero = torch.zeros(len(x), m)
            first = [p[f"{j}_0"] if case.start else zero for j in "yc"]
            start.append([v[None] if v.ndim == 1 else v for v in first])
        hx = [torch.stack(parts) for parts in zip(*start, strict=True)]
        if lengths is None:
            options = (True, 1, 0.0, False, both, True)
            out, last_y, last_c = torch.lstm(x, hx, flat, *options)
        else:
            packed = rnn.pack_padded_sequence(
                x, torch.tensor(lengths), batch_first=True, enforce_sorted=False
            )
            hx = [v.index_select(1, packed.sorted_indices) for v in hx]
            options = (True, 1, 0.0, False, both)
            data, last_y, last_c = torch.lstm(
                packed.data, packed.batch_sizes, hx, flat, *options
            )
            out, _ = rnn.pad_packed_sequence(
                packed._replace(data=data), batch_first=True, total_length=case.steps
            )
            last_y = last_y.index_select(1, packed.unsorted_indices)
            last_c = last_c.index_select(1, packed.unsorted_indices)
        for d, way in enumerate(case.both):
            for part, value in (("y", last_y), ("c", last_c)):
                results[f"{k}.{way}.last {part}"] = value[d][0] if one else value[d]
        merges = {
            "sum": lambda f, b: f + b,
            "mul": lambda f, b: f * b,
            "average": lambda f, b: (f + b) / 2,
        }
        if case.merge in merges:
            out = merges[case.merge](out[..., :m], out[..., m:])
        x = out
        if case.between and k + 1 < len(case.widths):
            x = x * torch.tensor(constants[f"{k} gap"])
    return {"y": x[0] if one else x, **results}


def _names(case):
    matrices = [f"{kind}_{letter}" for kind in "Wb" for letter in "fico"]
    return [*matrices, *(["y_0", "c_0"] if case.start else [])]


@pytest.mark.compare
@given(cases(merges=("none", "concat", "sum", "mul", "average"), any_mask=False))
def test_results_gradients_and_hessian_products_are_those_of_torch(torch, case):
    inputs, constants = numbers(case)
    leaves = {name: torch.tensor(v).requires_grad_() for name, v in inputs.items()}
    theirs = torch_results(torch, case, leaves, constants)
    ours = our_results(case, inputs, constants)
    assert list(ours) == list(theirs)
    for name, value in ours.items():
        _close(value.data, theirs[name].detach(), name)

    weights = {name: torch.tensor(value) for name, value in constants.items()}
    loss = weighted(theirs, weights)
    slopes = torch.autograd.grad(loss, list(leaves.values()), create_graph=True)
    gradients = our_gradients(case, inputs, constants)
    for name, slope in zip(leaves, slopes, strict=True):
        _close(gradients[name], slope.detach(), name)

    rng = np.random.default_rng(case.seed + 2)
    vectors = [rng.standard_normal(value.shape) for value in inputs.values()]
    along = sum(
        (s * torch.tensor(v)).sum() for s, v in zip(slopes, vectors, strict=True)
    )
    products = torch.autograd.grad(along, list(leaves.values()))

    def our_loss(*values):
        named = dict(zip(inputs, values, strict=True))
        return weighted(our_results(case, named, constants), constants)

    found = mg.hvp(our_loss, list(inputs.values()), vectors)
    for name, ours, theirs in zip(inputs, found, products, strict=True):
        _close(ours, theirs, name)


def _close(ours, theirs, name):
    np.testing.assert_allclose(
        ours, theirs.numpy(), rtol=1e-12, atol=1e-12, err_msg=name
    )


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
    same(freeze.during(slice(1, 3)).real, PATTERN[:, 1:3])


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


# -------------------------------------------------------------------------- every cell

CELLS = [
    each
    for each in vars(lstm).values()
    if isinstance(each, type) and issubclass(each, Cell) and each is not Cell
]
MADE = {ProjectedCell: {"p": 1}}
every_cell = pytest.mark.parametrize("kind", CELLS, ids=lambda kind: kind.__name__)


def random_cell(kind):
    cell = kind(2, 3, rng=0, **MADE.get(kind, {}))
    rng = np.random.default_rng(1)
    for parameter in cell.parameters():
        parameter.data = rng.normal(size=parameter.shape)
    return cell


@every_cell
def test_every_cell_may_be_masked_reversed_cut_and_dropped(kind):
    cell = random_cell(kind)
    for reverse in (False, True):
        layer = Recurrent(cell, reverse)
        rates = dict.fromkeys(layer.start()._fields, 0.3)
        kept = zoneout(layer, (3, 5), rng=2, **rates)
        y, state = layer(X, mask=PATTERN, dropout=kept)
        for b in (0, 1):
            real = PATTERN[b]
            mine = Zoneout(type(state)(*(mask[b, real] for mask in kept.masks)))
            alone, end = layer(X[b, real], dropout=mine)
            np.testing.assert_allclose(y.data[b, real], alone.data, atol=1e-14)
            for one, other in zip(state, end, strict=True):
                np.testing.assert_allclose(one.data[b], other.data, atol=1e-14)
    forth = Recurrent(cell)
    whole, _ = forth(X)
    pieces = truncated(forth, X, 2)
    joined = np.concatenate([piece.y.data for piece in pieces], axis=1)
    np.testing.assert_allclose(joined, whole.data, atol=1e-14)


@pytest.mark.parametrize("kind", [GRUCell, FullGateRecurrenceCell, ProjectedCell])
def test_the_gradient_of_other_cells_is_proved_over_time(kind):
    forth, back = Recurrent(random_cell(kind)), Recurrent(random_cell(kind), True)
    layer = Bidirectional(forth, back)
    x = mg.Tensor(X[:, :2])
    dropped = variational(layer.forth, (3,), x=0.3, y=0.3, rng=0)
    y, state = layer(x, mask=PATTERN[:, :2], dropout=Directions(dropped, None))
    loss = (y * y).sum() + state.backward.y.sum()
    assert mg.prove(loss, layer.parameters())


# --------------------------------------------------------------------- both directions


def test_a_reversed_layer_is_the_layer_on_the_reversed_sequence():
    forth = LSTM(2, 3, rng=0)
    back = LSTM(forth.cell, reverse=True)
    y, state = back(X)
    flipped, end = forth(X[:, ::-1])
    np.testing.assert_array_equal(y.data, flipped.data[:, ::-1])
    same(state, end)
    np.testing.assert_array_equal(y.data[:, 0], state.y.data)


def test_outputs_of_a_reversed_layer_do_not_depend_on_earlier_inputs():
    y, _ = LSTM(2, 3, rng=0, reverse=True)(x := mg.Tensor(X[0]))
    slope = mg.grad(y[2].sum(), x)
    assert np.all(slope[:2] == 0)
    assert np.all(slope[2:] != 0)


def test_each_direction_has_its_own_cell_and_state():
    both = Bidirectional(LSTM(2, 3, rng=0))
    y, state = both(X)
    same(y[..., :3], both.forth(X)[0])
    same(y[..., 3:], both.back(X)[0])
    same(state.forward, both.forth(X)[1])
    same(state.backward, both.back(X)[1])
    assert np.any(both.forth.cell.forget.W.data != both.back.cell.forget.W.data)
    np.testing.assert_array_equal(state.forward.y.data, y.data[:, -1, :3])
    np.testing.assert_array_equal(state.backward.y.data, y.data[:, 0, 3:])


def test_what_a_second_direction_is_made_like():
    options = {"init": "torch", "forget_bias": 2.0, "hidden": {"forget": (4,)}}
    both = Bidirectional(LSTM(2, 3, rng=0, outputs="zero", **options))
    assert both.back.reverse and both.back.outputs == "zero"
    assert np.all(both.back.cell.forget.b.data == 2)
    assert len(both.back.cell.forget.hidden) == 1
    same_again = Bidirectional(LSTM(2, 3, rng=0, outputs="zero", **options))
    np.testing.assert_array_equal(
        both.back.cell.forget.W.data, same_again.back.cell.forget.W.data
    )


def test_starts_are_given_by_direction():
    both = Bidirectional(LSTM(2, 3, rng=0))
    start = State(np.ones((3, 3)), np.ones((3, 3)))
    _, state = both(X, Directions(backward=start))
    same(state.forward, both.forth(X)[1])
    same(state.backward, both.back(X, start)[1])


# ------------------------------------------------------------------------------- stacks


def test_a_stack_is_its_layers_one_after_the_other():
    below, above = LSTM(2, 3, rng=0), LSTM(3, 4, rng=1)
    y, states = Stack(below, above)(X, lengths=[5, 2, 3])
    middle, first = below(X, lengths=[5, 2, 3])
    top, second = above(middle, lengths=[5, 2, 3])
    same(y, top)
    same(states[0], first)
    same(states[1], second)


def test_states_of_a_stack_go_back_where_they_came_from():
    stack = Stack(LSTM(2, 3, rng=0), mg.Dense(3, 2, rng=1), LSTM(2, 3, rng=2))
    whole, end = stack(X)
    first, states = stack(X[:, :2])
    assert states[1] is None
    second, states = stack(X[:, 2:], states)
    halves = np.concatenate([first.data, second.data], axis=1)
    np.testing.assert_allclose(halves, whole.data, atol=1e-15)
    np.testing.assert_allclose(states[2].c.data, end[2].c.data, atol=1e-15)


def test_dropout_between_layers_is_where_it_is_said_to_be():
    below, above = LSTM(2, 3, rng=0), LSTM(3, 4, rng=1)
    mask = between((3, 5, 3), 0.5, rng=0)
    y, _ = Stack(below, above)(X, between=[mask])
    same(y, above(below(X)[0] * mask)[0])
    same(Stack(below, above)(X, between=[None])[0], Stack(below, above)(X)[0])


def test_a_stack_in_a_stack():
    inner = Stack(LSTM(2, 3, rng=0), LSTM(3, 3, rng=1))
    outer = Stack(inner, LSTM(3, 1, rng=2))
    y, states = outer(X, lengths=[5, 4, 1])
    flat = Stack(*inner.layers, outer.layers[1])
    same(y, flat(X, lengths=[5, 4, 1])[0])
    again, _ = outer(X, states, lengths=[5, 4, 1])
    flat_states = [*states[0], states[1]]
    same(again, flat(X, flat_states, lengths=[5, 4, 1])[0])


def test_parameters_of_a_stack_are_named_by_layer_and_direction(tmp_path):
    def build(seed):
        return Stack(Bidirectional(LSTM(2, 3, rng=seed)), LSTM(6, 1, rng=seed + 1))

    stack, other = build(0), build(5)
    paths = list(dict(stack.named_parameters()))
    assert paths[0] == "layers.0.forth.cell.forget.W"
    assert paths[8] == "layers.0.back.cell.forget.W"
    assert paths[16] == "layers.1.cell.forget.W"
    assert len(paths) == 24
    other.load(stack.save(tmp_path / "stack.npz"))
    same(other(X)[0], stack(X)[0])


def test_padding_under_a_layer_without_memory_is_not_read_either():
    deep = Stack(mg.Dense(3, 4, rng=0), LSTM(4, 2, rng=1))
    x = np.random.default_rng(0).normal(size=(2, 5, 3))
    lengths = [2, 5]
    weights = dict(deep.named_parameters())
    clean = mg.grad((deep(x, lengths=lengths)[0] ** 2).sum(), weights)
    x[0, 2:] = np.nan
    found = mg.grad((deep(x, lengths=lengths)[0] ** 2).sum(), weights)
    for path, expected in clean.items():
        np.testing.assert_array_equal(found[path], expected)


def test_two_directions_of_different_widths_are_as_wide_as_what_they_say():
    both = Bidirectional(LSTM(3, 2, rng=0), LSTM(3, 4, reverse=True, rng=1))
    y, _ = both(np.ones((5, 3)))
    assert both.m == y.shape[-1] == 6


def test_the_same_module_at_every_step():
    dense = mg.Dense(2, 3, mg.tanh, rng=0)
    for x in (X, X[0]):
        np.testing.assert_allclose(
            TimeDistributed(dense)(x).data, dense(x).data, atol=1e-15
        )
    matrices = RNG.standard_normal((4, 2, 2))

    class Trace(mg.Module):
        def forward(self, a):
            return a[0, 0] + a[1, 1]

    traces = TimeDistributed(Trace(), rank=2)(matrices)
    np.testing.assert_array_equal(traces.data, np.trace(matrices, axis1=1, axis2=2))


def test_steps_carry_their_time_in_every_layer():
    stack = Stack(Bidirectional(LSTM(2, 1, rng=0)), TimeDistributed(mg.Dense(2, 1)))
    y, _ = stack(X[0, :2])
    scopes = {entry.scope[:4] for entry in mg.Tape(y) if entry.primitive}
    for part in ("forth", "back"):
        for t in (1, 2):
            assert ("Stack", "layers.0", part, t) in scopes
    assert ("Stack", "layers.1", 2, "module") in scopes


def test_a_picture_of_layers_says_what_is_carried_and_where_to():
    stack = Stack(Bidirectional(LSTM(2, 1, rng=0)), TimeDistributed(mg.Dense(2, 1)))
    text = mg.draw(stack(X[0])[0], "layer").dot
    loops = re.findall(r'(n\d+) -> \1 \[label="(.*?):', text)
    assert [label for _, label in loops] == [
        "y, c to t + 1",
        "y, c to t − 1",
    ]  # and none of the layer that carries nothing


# -------------------------------------------------------------------------- truncation

DEEP = Stack(LSTM(2, 3, rng=0), LSTM(3, 2, rng=1))


@given(st.integers(1, 7))
def test_truncation_changes_no_output(k):
    y, states = DEEP(X, lengths=[5, 2, 4])
    pieces = list(truncated(DEEP, X, k, lengths=[5, 2, 4]))
    joined = np.concatenate([piece.y.data for piece in pieces], axis=1)
    np.testing.assert_allclose(joined, y.data, atol=1e-15)
    np.testing.assert_allclose(pieces[-1].state[1].c.data, states[1].c.data, atol=1e-15)
    assert [p.steps.start for p in pieces] == list(range(0, 5, k))
    assert pieces[-1].steps.stop == 5


def test_nothing_flows_back_past_a_cut():
    layer, x = LSTM(2, 3, rng=0), mg.Tensor(X[0], "x")
    start = State(mg.Tensor(np.ones(3), "y_0"), mg.Tensor(np.ones(3), "c_0"))
    first, second, third = truncated(layer, x, k=2, state=start)
    beyond = mg.grad(second.y.sum(), start)
    assert not np.any(beyond.y) and not np.any(beyond.c)
    assert np.all(mg.grad(first.y.sum(), start).c != 0)
    slope = mg.grad(second.y.sum(), x)
    assert np.all(slope[2:4] != 0)
    assert not np.any(slope[:2]) and not np.any(slope[4:])
    whole, _ = layer(x, start)
    assert np.all(mg.grad(whole[3].sum(), x)[:2] != 0)
    assert not np.any(mg.grad(third.y.sum(), x)[:4])


def test_a_cut_is_a_leaf_of_the_tape_named_by_its_step():
    y = [piece.y for piece in truncated(LSTM(2, 3, rng=0), X[0], k=2)]
    leaves = [leaf.name for leaf in mg.Tape(y[1].sum()).leaves]
    assert {"y_2", "c_2"} <= set(leaves)
    assert "y_0" not in leaves
    times = {entry.scope[1] for entry in mg.Tape(y[1].sum()) if len(entry.scope) > 1}
    assert times == {3, 4}


def test_a_cut_is_seen_in_the_picture_and_no_line_leads_across():
    layer = LSTM(2, 2, rng=0)

    def picture(k, view="unrolled", steps=4):
        pieces = truncated(layer, RNG.standard_normal((steps, 2)), k)
        return mg.draw([piece.y for piece in pieces], view=view).dot

    for text, ends, begins in (
        (picture(4), 0, {"y_0", "c_0"}),
        (picture(2), 2, {"y_0", "c_0", "y_2", "c_2"}),
        (picture(6, steps=12), 0, {"y_0", "c_0", "y_6", "c_6"}),  # t = 6 is left out
    ):
        assert text.count("label=<cut>") == ends
        assert set(re.findall(r'tooltip="([yc]_\d+) = \[', text)) == begins
    assert "not folded, because what comes in at t = 3 is not" in picture(2, "folded")


def test_the_truncated_gradient_is_that_of_each_piece_from_a_constant_state():
    layer = LSTM(2, 3, rng=0)
    W = layer.cell.candidate.W
    loss = sum((piece.y**2).sum() for piece in truncated(layer, X, 2))
    expected, state = 0, None
    for steps in (slice(0, 2), slice(2, 4), slice(4, 5)):
        y, state = layer(X[:, steps], state)
        expected = expected + mg.grad((y**2).sum(), W)
        state = State(state.y.data, state.c.data)
    np.testing.assert_allclose(mg.grad(loss, W), expected, rtol=1e-13)
    full = mg.grad((layer(X)[0] ** 2).sum(), W)
    assert np.max(np.abs(full - expected)) > 1e-3


def test_the_states_of_directions_are_detached_each_as_far_as_it_is_there():
    both = Bidirectional(LSTM(3, 2, rng=0))(np.ones((4, 3)))[1]
    for state in (
        both,
        Directions(both.forward, None),
        Directions(None, both.backward),
    ):
        cut = state.detach()
        assert type(cut) is Directions
        for one, other in zip(state, cut, strict=True):
            assert (one is None) == (other is None)
            if one is not None:
                assert other.y.primitive is None and one.y.primitive is not None
                np.testing.assert_array_equal(one.y.data, other.y.data)


def test_batches_that_follow_each_other_go_on_from_a_detached_state():
    layer = LSTM(2, 3, rng=0)
    long = RNG.standard_normal((3, 12, 2))
    whole, end = layer(long)
    state = None
    for batch in (long[:, :4], long[:, 4:8], long[:, 8:]):
        y, state = layer(batch, state)
        loss = (y * y).mean()
        assert len(mg.Tape(loss)) == len(mg.Tape((layer(batch)[0] ** 2).mean()))
        state = state.detach()
    np.testing.assert_allclose(y.data, whole.data[:, 8:], atol=1e-15)
    np.testing.assert_allclose(state.c.data, end.c.data, atol=1e-15)


def test_pieces_as_long_as_the_sequence_are_the_sequence():
    loss = sum((piece.y**2).sum() for piece in truncated(DEEP, X, 5))
    expected = mg.grad((DEEP(X)[0] ** 2).sum(), DEEP.parameters())
    for g, h in zip(mg.grad(loss, DEEP.parameters()), expected, strict=True):
        np.testing.assert_array_equal(g, h)


def test_dropout_masks_are_cut_into_pieces_as_the_sequence_is():
    stack = Stack(LSTM(2, 3, rng=0), LSTM(3, 2, rng=1))
    below, above = stack.layers
    masks = {
        "dropout": [
            variational(below, (3,), x=0.3, y=0.3, rng=0),
            zoneout(above, (3, 5), y=0.3, c=0.3, rng=1),
        ],
        "between": [between((3, 5, 3), 0.5, rng=2)],
    }
    whole, _ = stack(X, **masks)
    pieces = truncated(stack, X, 2, **masks)
    joined = np.concatenate([piece.y.data for piece in pieces], axis=1)
    np.testing.assert_allclose(joined, whole.data, atol=1e-15)


def test_truncation_is_proved():
    layer = LSTM(1, 2, rng=0)
    loss = sum((piece.y**2).sum() for piece in truncated(layer, X[0, :4, :1], 2))
    assert mg.prove(loss, layer.parameters())


def test_a_tape_grows_linearly_with_time_and_not_at_all_under_truncation():
    layer = LSTM(1, 1, rng=0)

    def size(steps):
        tape = mg.Tape(layer(mg.Tensor(np.ones((steps, 1))))[0])
        arguments = [len(entry.args) for entry in tape]
        assert max(arguments) <= TOGETHER  # each adjoint of n arguments is given all n
        return len(tape), sum(arguments), sum(entry.data.size for entry in tape)

    sizes = np.array([size(steps) for steps in (10, 20, 30, 1030)])
    per_ten = sizes[1] - sizes[0]
    assert np.all(sizes[2] - sizes[1] == per_ten)
    assert np.all(np.abs(sizes[3] - sizes[2] - 100 * per_ten) <= [5, 5, 1030])
    pieces = truncated(layer, np.ones((100, 1)), k=10)
    assert len({len(mg.Tape(piece.y)) for piece in pieces}) == 1


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


def same(one, other):
    """Assert that two results, or states, hold the same numbers, bit for bit."""
    if isinstance(one, tuple):
        assert type(one) is type(other)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    else:
        np.testing.assert_array_equal(
            getattr(one, "data", one), getattr(other, "data", other)
        )
