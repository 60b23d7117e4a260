"""Layers over time: stacked, in both directions, masked, from any state, with dropout.

Compared, for outputs, final states and all gradients, with plain NumPy that walks over
one sequence at a time (layer_cases.py), and with PyTorch where it has the feature.
"""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layer_cases import (
    PATTERN,
    Case,
    X,
    disagreements,
    numbers,
    our_gradients,
    our_results,
    weighted,
)

import lstm
import minigrad as mg
from lstm import (
    Bidirectional,
    Cell,
    Directions,
    FullGateRecurrenceCell,
    GRUCell,
    ProjectedCell,
    Recurrent,
    truncated,
)
from lstm.masks import (
    Zoneout,
    variational,
    zoneout,
)


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


@pytest.mark.slow
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


def test_a_layer_called_again_and_again_counts_on():
    layer, other = lstm.LSTM(2, 3, rng=0), lstm.LSTM(2, 3, rng=1)
    whole, _ = layer(np.ones((5, 2)))
    state, steps = None, []
    for x in np.split(np.ones((5, 2)), [2, 3]):
        y, state = layer(x, state)
        steps += [state.y.scope[1]]
    assert steps == [2, 3, 5]
    assert np.array_equal(y.data, whole.data[3:])
    taken = {entry.scope[1] for entry in mg.Tape(state.y) if len(entry.scope) > 2}
    assert taken == {1, 2, 3, 4, 5}
    assert other(np.ones((5, 2)), state)[1].y.scope[1] == 5  # another layer begins at 1
