"""Are the tests of layers over time worth anything? Plant classic slips and see.

Each slip is a change of source text in one function, whose code is exchanged in the
running program. The examination is that of test_lstm_layers.py in small: comparisons
with plain NumPy, one sequence at a time, and a few laws. It must notice every slip by a
wrong number, not by a crash, and find nothing wrong where nothing was changed.
"""

import __future__

import inspect
import textwrap

import numpy as np
import pytest
from layer_cases import Case, disagreements

import minigrad as mg
from lstm import (
    LSTM,
    Bidirectional,
    Recurrent,
    Stack,
    State,
    TimeDistributed,
    bidirectional,
    masks,
    truncated,
)
from lstm.masks import last
from lstm.truncated import _during, _pieces

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(1)
X = RNG.standard_normal((3, 5, 2))
LENGTHS = [5, 2, 3]

# ---------------------------------------------------------------------- the examination

PATTERN = ((1, 0, 1, 0), (0, 1, 1, 1), (0, 0, 1, 1))
CASES = {
    "reversed, padded": Case(widths=(2,), reverse=True, lengths=(4, 1, 2)),
    "any mask": Case(widths=(2,), mask=PATTERN),
    "zeros at padding": Case(widths=(2,), lengths=(4, 1, 2), outputs="zero"),
    "stacked": Case(n=2, widths=(2, 2), between=True, mask=PATTERN),
    "both directions": Case(widths=(2, 2), merge="concat", lengths=(2, 4, 3)),
    "both, multiplied": Case(widths=(2,), merge="mul"),
    "both, averaged": Case(widths=(2,), merge="average"),
    "both, apart": Case(widths=(2,), merge=None),
    "variational": Case(n=2, widths=(2,), merge="sum", around="variational"),
    "variational, masked": Case(widths=(2,), around="variational", mask=PATTERN),
    "zoneout": Case(widths=(2,), around="zoneout", mask=PATTERN),
}


def a_piece_goes_on_where_the_last_one_stopped():
    layer = LSTM(2, 3, rng=0)
    whole, end = layer(X, lengths=LENGTHS)
    pieces = list(truncated(layer, X, 2, lengths=LENGTHS))
    joined = np.concatenate([piece.y.data for piece in pieces], axis=1)
    np.testing.assert_allclose(joined, whole.data, atol=1e-14)
    np.testing.assert_allclose(pieces[-1].state.c.data, end.c.data, atol=1e-14)


def nothing_flows_back_past_a_cut():
    x = mg.Tensor(X[0])
    _, second, _ = truncated(LSTM(2, 3, rng=0), x, 2)
    assert not np.any(mg.grad(second.y.sum(), x)[:2])


def masks_of_dropout_belong_to_their_steps():
    layer = LSTM(2, 3, rng=0)
    kept = masks.zoneout(layer, (3, 5), y=0.4, c=0.4, rng=0)
    gap = masks.between((3, 5, 3), 0.4, rng=1)
    stack = Stack(layer, mg.Dense(3, 1, rng=1))
    options = {"dropout": [kept, None], "between": [gap]}
    whole, _ = stack(X, **options)
    pieces = truncated(stack, X, 2, **options)
    joined = np.concatenate([piece.y.data for piece in pieces], axis=1)
    np.testing.assert_allclose(joined, whole.data, atol=1e-14)


def what_stands_at_padding_is_never_read():
    layer, mask = LSTM(2, 3, rng=0), np.arange(5) < np.array(LENGTHS)[:, None]
    W = layer.cell.forget.W
    slopes = []
    for x in (X, np.where(mask[..., None], X, np.nan)):
        y, _ = layer(x, mask=mask)
        slopes.append(mg.grad((y * y).sum(), W))
    np.testing.assert_array_equal(*slopes)


def the_last_output_is_that_of_the_last_real_step():
    y = LSTM(2, 3, rng=0)(X)[0].data
    expected = [y[b, length - 1] for b, length in enumerate(LENGTHS)]
    np.testing.assert_array_equal(last(y, LENGTHS), expected)
    np.testing.assert_array_equal(last(y[0], 2), y[0, 1])


def every_step_is_read_by_the_same_module():
    dense = mg.Dense(2, 3, rng=0)
    for x in (X, X[0]):
        given, expected = TimeDistributed(dense)(x).data, dense(x).data
        assert given.shape == expected.shape
        np.testing.assert_allclose(given, expected, atol=1e-14)


def dropout_keeps_the_mean_and_drops_at_its_rate():
    mask = masks.between((400, 50), 0.3, rng=0)
    assert abs(mask.mean() - 1) < 0.02
    assert abs((mask == 0).mean() - 0.3) < 0.02
    layer = LSTM(2, 3, rng=0)
    sampled = masks.variational(layer, (5000,), x=0.1, y=0.6, rng=0)
    assert abs((sampled.x == 0).mean() - 0.1) < 0.02
    assert abs((sampled.y == 0).mean() - 0.6) < 0.02
    kept = masks.zoneout(layer, (500, 10), y=0.1, c=0.6, rng=0)
    assert abs(kept.masks.y.mean() - 0.1) < 0.02
    assert abs(kept.masks.c.mean() - 0.6) < 0.02


def the_mean_of_zoneout_is_that_of_old_and_new():
    layer = LSTM(2, 3, rng=0)
    start = State(np.full(3, 0.3), np.full(3, -0.5))
    new = layer.cell(X[0, 0], start)
    mean = masks.zoneout_mean(layer, y=0.1, c=0.6)
    _, state = layer(X[0, :1], start, dropout=mean)
    np.testing.assert_allclose(state.y.data, 0.1 * start.y + 0.9 * new.y.data)
    np.testing.assert_allclose(state.c.data, 0.6 * start.c + 0.4 * new.c.data)


def comparison(case):
    def test():
        assert disagreements(case) == []

    return test


COMPARISONS = {name: comparison(case) for name, case in CASES.items()}
LAWS = [
    a_piece_goes_on_where_the_last_one_stopped,
    nothing_flows_back_past_a_cut,
    masks_of_dropout_belong_to_their_steps,
    what_stands_at_padding_is_never_read,
    the_last_output_is_that_of_the_last_real_step,
    every_step_is_read_by_the_same_module,
    dropout_keeps_the_mean_and_drops_at_its_rate,
    the_mean_of_zoneout_is_that_of_old_and_new,
]


def noticed():
    """Yield what the examination finds wrong with the layers as they are."""
    for name, test in {**{law.__name__: law for law in LAWS}, **COMPARISONS}.items():
        try:
            test()
        except AssertionError:
            yield name
        except ValueError:  # refused for its shape: no wrong number, so not counted
            continue


# ---------------------------------------------------------------------------- the slips

FROZEN = "chosen(masks, new, old)"
ZERO = 'self.outputs == "zero"'
SLIPS = {
    "the state is not frozen": (masks.Frozen.after, FROZEN, "new"),
    "only y is frozen": (masks.Frozen.after, FROZEN, f"new._replace(y={FROZEN}.y)"),
    "only c is frozen": (masks.Frozen.after, FROZEN, f"new._replace(c={FROZEN}.c)"),
    "the mask says padding": (masks.Frozen.after, ", t]", ", t] == False"),
    "another sequence's mask": (masks.Frozen.after, "self.real[", "self.real[::-1]["),
    "the mask of the step before": (masks.Frozen.after, ", t]", ", t - 1]"),
    "old for new": (masks.chosen, "(mask, after, before)", "(mask, before, after)"),
    "no gradient while frozen": (masks.chosen, "after, before)", "after, before.data)"),
    "padding is read": (masks.zero_padded, "np.where(", "x if 1 else np.where("),
    "one step too many": (masks.padding_mask, "(steps) <", "(steps) <="),
    "last() one too early": (last, "(lengths - 1,)", "(lengths - 2,)"),
    "last() one too late": (last, "batch[0]), lengths - 1", "batch[0]), lengths % 5"),
    "last() of padding": (last, "if lengths is None", "if True"),
    "zeros forgotten": (Recurrent._over_time, ZERO, "False"),
    "zeros instead of held": (Recurrent._over_time, ZERO, "True"),
    "reverse ignored": (
        Recurrent._over_time,
        "reversed(steps) if self.reverse else ",
        "",
    ),
    "always reversed": (Recurrent._over_time, "if self.reverse else steps", ""),
    "order not restored": (
        Recurrent._over_time,
        "for t in steps])",
        "for t in (steps[::-1] if self.reverse else steps)])",
    ),
    "reversed twice": (
        Recurrent._over_time,
        "steps = range",
        "x = x[..., ::-1, :] if self.reverse else x\n    steps = range",
    ),
    "reversed mask": (
        Recurrent._over_time,
        "Frozen(real)",
        "Frozen(real[..., ::-1] if self.reverse else real)",
    ),
    "dropout leaks": (Recurrent._step, "(t, state, new)", "(t, seen, new)"),
    "dropout forgotten": (Recurrent._step, "self.cell(x, seen)", "self.cell(x, state)"),
    "nothing after the cell": (Recurrent._step, "new = each.after", "_ = each.after"),
    "states of directions returned in the wrong order": (
        Bidirectional.forward,
        "Directions(forward, backward)",
        "Directions(backward, forward)",
    ),
    "backward starts from forward's state": (
        Bidirectional.forward,
        "state.backward",
        "state.forward",
    ),
    "backward knows no mask": (
        Bidirectional.forward,
        "dropout=dropout.backward, **known",
        "dropout=dropout.backward",
    ),
    "forward's dropout for both": (
        Bidirectional.forward,
        "dropout.backward",
        "dropout.forward",
    ),
    "one direction twice": (Bidirectional.forward, "(forth, back)", "(forth, forth)"),
    "states of layers in the wrong order": (
        Stack.forward,
        "self.layers, states,",
        "self.layers, states[::-1],",
    ),
    "states of layers returned in the wrong order": (
        Stack.forward,
        "return x, after",
        "return x, States(after[::-1])",
    ),
    "only the lowest layer knows the mask": (
        Stack.forward,
        "mask=mask",
        "mask=None if after else mask",
    ),
    "dropout in the wrong gap": (
        Stack.forward,
        'gaps = [*_one_each(between, len(self.layers) - 1, "between", "gap"), None]',
        'gaps = [None, *_one_each(between, len(self.layers) - 1, "between", "gap")]',
    ),
    "masks added": (Stack.forward, "x * _fitting", "x + _fitting"),
    "not a stack": (Stack.forward, "x, state = layer(x, s", "_, state = layer(x, s"),
    "first step at every step": (TimeDistributed.forward, "+ (t,)", "+ (0,)"),
    "time for batch": (TimeDistributed.forward, "outputs, axis)", "outputs, 0)"),
    "not scaled": (masks.between, " / number(1 - rate)", ""),
    "scaled by the rate": (masks.between, "number(1 - rate)", "number(rate)"),
    "kept for dropped": (masks.between, ">= rate", "< rate"),
    "x not dropped": (masks.Variational.before, "x * d_x", "x"),
    "y not dropped": (masks.Variational.before, "state.y * d_y", "state.y"),
    "c dropped, too": (
        masks.Variational.before,
        "y=state.y * d_y",
        "y=state.y * d_y, c=state.c * d_y",
    ),
    "x and y exchange their rates": (masks.variational, "n), x,", "n), y,"),
    "zoneout the other way": (masks.Zoneout.after, "~mask", "mask"),
    "zoneout of the first step": (masks.Zoneout.after, "batch, t)", "batch, 0)"),
    "zoneout's rates exchanged": (
        masks.zoneout,
        "rates.values()",
        "[*rates.values()][::-1]",
    ),
    "the mean without the old": (masks.ZoneoutMean.after, "before - now", "-now"),
    "the mean the other way": (
        masks.ZoneoutMean.after,
        "now + rate * (before - now)",
        "before + rate * (now - before)",
    ),
    "carry missing between pieces": (
        _pieces,
        "state = _named_after(steps.stop, detached(state))",
        "state = None",
    ),
    "not cut": (_pieces, "detached(state)", "state"),
    "the first piece's mask": (
        _pieces,
        "mask[..., steps]",
        "mask[..., : steps.stop - start]",
    ),
    "the first piece's dropout": (
        _during,
        "masks.for_steps(steps)",
        "masks.for_steps(slice(0, steps.stop - steps.start))",
    ),
    "the first piece again": (
        _pieces,
        "x[..., steps, :]",
        "x[..., : steps.stop - start, :]",
    ),
}  # fmt: skip

MERGES = {
    "order of a pair": (None, lambda a, b: bidirectional.Directions(b, a)),
    "order of concat": ("concat", lambda a, b: mg.concatenate([b, a], axis=-1)),
    "sum for average": ("average", lambda a, b: a + b),
    "sum for mul": ("mul", lambda a, b: a + b),
    "difference for sum": ("sum", lambda a, b: a - b),
}


def code_with(function, old, new):
    """Return the code of a function in whose source `old` reads `new`."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{old!r} is {source.count(old)} times in {function}"
    place = {}
    code = compile(
        source.replace(old, new),
        "planted",
        "exec",
        __future__.annotations.compiler_flag,
    )
    exec(code, dict(inspect.unwrap(function).__globals__), place)
    return inspect.unwrap(place[function.__name__]).__code__


def test_there_is_nothing_to_notice_where_nothing_was_changed(monkeypatch):
    copies = {
        function: code_with(function, old, old) for function, old, _ in SLIPS.values()
    }
    for function, code in copies.items():
        monkeypatch.setattr(inspect.unwrap(function), "__code__", code)
    assert list(noticed()) == []


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_noticed(slip, monkeypatch):
    function, old, new = SLIPS[slip]
    code = code_with(function, old, new)
    monkeypatch.setattr(inspect.unwrap(function), "__code__", code)
    assert any(noticed())


@pytest.mark.parametrize("slip", MERGES)
def test_a_slip_in_a_merge_is_noticed(slip, monkeypatch):
    name, wrong = MERGES[slip]
    monkeypatch.setitem(bidirectional.MERGES, name, wrong)
    assert any(noticed())
