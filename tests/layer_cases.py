"""Layers over time, case by case, and the same in plain NumPy, one sequence at a time.

The reference shares no idea with ours: it has no batches and no `where`. It walks over
the steps of one sequence and skips those that are not real. It runs on complex numbers,
so that derivatives along any direction are known to the last bits (complex step).

Every gate of every layer has numbers of its own kind, nothing starts at zero unless the
case says so, and the loss weighs every output and every final state differently.
"""

from dataclasses import dataclass, field

import numpy as np
from lstm_cases import GATES, LETTERS, SHIFT, SPREAD

import minigrad as mg
from lstm import LSTM, Bidirectional, Directions, Stack, State
from lstm.masks import Variational, Zoneout

WAYS = ("forward", "backward")


@dataclass(frozen=True)
class Case:
    """What is run: the configuration, from which all numbers follow."""

    n: int = 3
    widths: tuple[int, ...] = (2, 3)  # m of each layer
    merge: object = "none"  # of bidirectional layers; "none": of one direction
    reverse: bool = False
    outputs: str = "hold"
    batch: tuple[int, ...] = (3,)
    steps: int = 4
    lengths: tuple[int, ...] | int | None = None
    mask: object = None  # or any pattern: nested tuples of booleans
    start: bool = True  # from states of our own, or from zeros
    between: bool = False
    around: str = ""  # dropout around the cells: "variational", "zoneout"
    seed: int = 0
    both: tuple[str, ...] = field(init=False)

    def __post_init__(self):
        single = "backward" if self.reverse else "forward"
        both = (single,) if self.merge == "none" else WAYS
        object.__setattr__(self, "both", both)

    @property
    def reads(self):
        """The number of features that each layer reads."""
        twice = 2 if self.merge == "concat" else 1
        return (self.n, *(twice * m for m in self.widths[:-1]))

    @property
    def real(self):
        """Which steps are real: (..., T)."""
        if self.lengths is not None:
            return np.arange(self.steps) < np.array(self.lengths)[..., None]
        if self.mask is not None:
            return np.array(self.mask, bool)
        return np.ones((*self.batch, self.steps), bool)


def numbers(case):
    """Return (inputs, constants) of a case: what has a gradient, and what has none."""
    rng = np.random.default_rng(case.seed)
    inputs = {"x": rng.standard_normal((*case.batch, case.steps, case.n))}
    constants = {}
    for k, (n, m) in enumerate(zip(case.reads, case.widths, strict=True)):
        for way in case.both:
            at = f"{k}.{way}."
            for letter in LETTERS:
                spread, shift = SPREAD[letter], SHIFT[letter]
                inputs[f"{at}W_{letter}"] = spread * rng.standard_normal((m, n + m))
                inputs[f"{at}b_{letter}"] = shift + spread * rng.standard_normal(m)
            for part in "yc":
                if case.start:
                    inputs[f"{at}{part}_0"] = rng.standard_normal((*case.batch, m))
                constants[f"{at}last {part}"] = rng.standard_normal((*case.batch, m))
            shape = (*case.batch, case.steps, m)
            constants[f"{at}d_x"] = _scaled(rng, (*case.batch, n))
            constants[f"{at}d_y"] = _scaled(rng, (*case.batch, m))
            constants[f"{at}z_y"] = rng.random(shape) < 0.3
            constants[f"{at}z_c"] = rng.random(shape) < 0.4
        wide = _width(case, m)
        constants[f"{k} gap"] = _scaled(rng, (*case.batch, case.steps, wide))
    last = _width(case, case.widths[-1])
    constants["y"] = rng.standard_normal((*case.batch, case.steps, last))
    return inputs, constants


def _width(case, m):
    return 2 * m if case.merge in ("concat", None) else m


def _scaled(rng, shape):
    return (rng.random(shape) < 0.7) / 0.7


# -------------------------------------------------------------------------------- ours


def our_stack(case, inputs):
    """Return our layers, with the weights of a case: arrays, or Tensors."""
    layers = []
    for k, (n, m) in enumerate(zip(case.reads, case.widths, strict=True)):
        ways = []
        for way in case.both:
            layer = LSTM(n, m, way == "backward", case.outputs, rng=0)
            for letter, gate in GATES.items():
                box = getattr(layer.cell, gate)
                W, b = (inputs[f"{k}.{way}.{kind}_{letter}"] for kind in "Wb")
                vars(box).update(W=W, b=b)
            ways.append(layer)
        both = case.merge != "none"
        layers.append(Bidirectional(*ways, merge=case.merge) if both else ways[0])
    return Stack(*layers)


def our_arguments(case, inputs, constants):
    """Return what our layers are called with, besides x."""

    def each(make):
        found = []
        for k in range(len(case.widths)):
            ways = [make(f"{k}.{way}.") for way in case.both]
            found.append(ways[0] if len(ways) == 1 else Directions(*ways))
        return found

    arguments = {}
    if case.start:
        arguments["states"] = each(
            lambda at: State(inputs[f"{at}y_0"], inputs[f"{at}c_0"])
        )
    if case.between:
        gaps = range(len(case.widths) - 1)
        arguments["between"] = [constants[f"{k} gap"] for k in gaps]
    if case.around == "variational":
        arguments["dropout"] = each(
            lambda at: Variational(constants[f"{at}d_x"], constants[f"{at}d_y"])
        )
    if case.around == "zoneout":
        arguments["dropout"] = each(
            lambda at: Zoneout(State(constants[f"{at}z_y"], constants[f"{at}z_c"]))
        )
    if case.lengths is not None:
        arguments["lengths"] = np.array(case.lengths)
    if case.mask is not None:
        arguments["mask"] = np.array(case.mask, bool)
    return arguments


def our_results(case, inputs, constants):
    """Return every output and final state by name, from our layers."""
    stack = our_stack(case, inputs)
    y, states = stack(inputs["x"], **our_arguments(case, inputs, constants))
    if case.merge is None:
        y = mg.concatenate(y, axis=-1)
    results = {"y": y}
    for k, state in enumerate(states):
        named = [state] if len(case.both) == 1 else [state.forward, state.backward]
        for way, one in zip(case.both, named, strict=True):
            results |= {f"{k}.{way}.last y": one.y, f"{k}.{way}.last c": one.c}
    return results


def weighted(results, constants):
    """Return the loss that sees everything, as all implementations compute it."""
    return sum((value * constants[name]).sum() for name, value in results.items())


# ----------------------------------------------------------------------------- theirs


def plain_results(case, inputs, constants):
    """Return the same by plain NumPy, sequence by sequence, without our code."""
    x = inputs["x"]
    if not case.batch:
        return _one(case, inputs, constants, ())
    each = [_one(case, inputs, constants, (b,)) for b in range(len(x))]
    return {name: np.stack([one[name] for one in each]) for name in each[0]}


def _one(case, inputs, constants, b):
    results = {}
    x = inputs["x"][b]
    for k, m in enumerate(case.widths):
        outputs = []
        for way in case.both:
            at = f"{k}.{way}."
            zero = np.zeros(m)
            y = inputs[f"{at}y_0"][b] if case.start else zero
            c = inputs[f"{at}c_0"][b] if case.start else zero
            out, y, c = _walk(case, inputs, constants, at, b, x, y, c)
            outputs.append(out)
            results |= {f"{at}last y": y, f"{at}last c": c}
        x = _merged(case.merge, outputs)
        if case.between and k + 1 < len(case.widths):
            x = x * constants[f"{k} gap"][b]
    return {"y": x, **results}


def _walk(case, p, constants, at, b, x, y, c):
    d = constants
    steps = list(range(case.steps))
    out = [None for _ in steps]
    for t in reversed(steps) if at.endswith("backward.") else steps:
        if case.real[b][t]:
            dropped = case.around == "variational"
            seen_x = x[t] * d[f"{at}d_x"][b] if dropped else x[t]
            seen_y = y * d[f"{at}d_y"][b] if dropped else y
            now_y, now_c = _cell(p, at, np.concatenate([seen_x, seen_y]), c)
            if case.around == "zoneout":
                now_y = np.where(d[f"{at}z_y"][b][t], y, now_y)
                now_c = np.where(d[f"{at}z_c"][b][t], c, now_c)
            y, c = now_y, now_c
            out[t] = y
        else:
            out[t] = np.zeros_like(y) if case.outputs == "zero" else y
    return np.stack(out), y, c


def _cell(p, at, v, c):
    f, i, o = (
        1 / (1 + np.exp(-(p[f"{at}W_{k}"] @ v + p[f"{at}b_{k}"]))) for k in "fio"
    )
    c = f * c + i * np.tanh(p[f"{at}W_c"] @ v + p[f"{at}b_c"])
    return o * np.tanh(c), c


def _merged(merge, outputs):
    if len(outputs) == 1:
        return outputs[0]
    forth, back = outputs
    if merge in ("concat", None):
        return np.concatenate([forth, back], axis=-1)
    return {"sum": forth + back, "mul": forth * back, "average": forth / 2 + back / 2}[
        merge
    ]


# -------------------------------------------------------------------------- compared


def our_gradients(case, inputs, constants):
    """Return the gradient of the loss of our layers with respect to every input."""
    tensors = {name: mg.Tensor(value, name) for name, value in inputs.items()}
    loss = weighted(our_results(case, tensors, constants), constants)
    return mg.grad(loss, tensors)


def disagreements(case, tolerance=1e-12):
    """Return the names of what differs: results, and slopes along random directions.

    One direction for each input: in any one of its entries a wrong gradient shows.
    """
    inputs, constants = numbers(case)
    ours = our_results(case, inputs, constants)
    theirs = plain_results(case, inputs, constants)
    wrong = [
        name for name in theirs if _apart(ours[name].data, theirs[name], tolerance)
    ]
    if wrong:
        return wrong
    gradients = our_gradients(case, inputs, constants)
    rng = np.random.default_rng(case.seed + 1)
    for name, value in inputs.items():
        direction = rng.standard_normal(value.shape)
        moved = {**inputs, name: value + 1e-30j * direction}
        slope = weighted(plain_results(case, moved, constants), constants).imag / 1e-30
        if _apart((gradients[name] * direction).sum(), slope, tolerance):
            wrong.append(f"gradient of {name}")
    return wrong


def _apart(one, other, tolerance):
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape:
        return True
    return not np.all(np.abs(one - other) <= tolerance * np.maximum(1.0, np.abs(other)))


# ------------------------------------------------------------ one batch for all

RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 5, 2))  # 3 sequences of 5 steps
PATTERN = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0]], bool)


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
