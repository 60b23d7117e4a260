"""The published equations of every variant in plain NumPy, and how ours is compared.

Nothing here is taken from lstm/: a step is written from the paper, its weights are
looked up by their path in a dict, and its derivatives are complex steps. Weights are
random and different in kind for each Parameter; n differs from m, the batch has several
sequences, nothing starts at zero, and the loss weighs everything differently.
"""

import functools

import numpy as np

import minigrad as mg
from lstm import (
    ClippedCell,
    CoupledCell,
    FullGateRecurrenceCell,
    GRUCell,
    IRNNCell,
    LayerNormCell,
    LinearCandidateCell,
    LinearOutputCell,
    LSTMCell,
    NoForgetGateCell,
    NoInputGateCell,
    NoOutputGateCell,
    PeepholeCell,
    ProjectedCell,
    Recurrent,
    ResetAfterGRUCell,
    RNNCell,
)

# ------------------------------------------------------------- the equations, in NumPy


def sigma(z):
    return 1 / (1 + np.exp(-z))


def times(W, v):
    return np.einsum("ij,...j->...i", W, v)


def within(a, bound):
    return np.where(a.real > bound, bound, np.where(a.real < -bound, -bound, a))


def standardised(z):
    """Ba et al. 2016, eq. 3 and 4: over the neurons of one layer, for one example."""
    m = z.shape[-1]
    centred = z - z.sum(axis=-1, keepdims=True) / m
    return centred / np.sqrt((centred**2).sum(axis=-1, keepdims=True) / m + 1e-5)


def lstm_step(kinds, bounds, p, x, y, c, f=None, i=None, o=None):
    """One step of an LSTM with any of the changes in `kinds`, letter by letter."""

    def box(name, c_seen=None):
        v = [x, y, f, i, o] if "gates" in kinds and name != "candidate" else [x, y]
        z = times(p[f"{name}.W"], np.concatenate(v, axis=-1))
        if "norm" in kinds:
            z = p[f"{name}.g"] * standardised(z)
        z = z + p[f"{name}.b"]
        if "peephole" in kinds and c_seen is not None:
            z = z + p[f"p_{name[0]}"] * c_seen
        return within(z, bounds[2]) if "clip" in kinds else z

    new_f = 1.0 if "no forget" in kinds else sigma(box("forget", c))
    new_i = 1.0 if "no input" in kinds else None
    if "coupled" in kinds:
        new_i = 1.0 - new_f
    elif new_i is None:
        new_i = sigma(box("input", c))
    candidate = box("candidate")
    if "linear candidate" not in kinds:
        candidate = np.tanh(candidate)
    new_c = c * new_f + candidate * new_i
    if "clip" in kinds:
        new_c = within(new_c, bounds[0])
    new_o = 1.0 if "no output" in kinds else sigma(box("output", new_c))
    shown = p["g"] * standardised(new_c) + p["b"] if "norm" in kinds else new_c
    if "linear output" not in kinds:
        shown = np.tanh(shown)
    new_y = shown * new_o
    if "projected" in kinds:
        new_y = times(p["W_r"], new_y)
    if "clip" in kinds:
        new_y = within(new_y, bounds[1])
    state = (new_y, new_c)
    if "gates" not in kinds:
        return state
    return (*state, *(gate + 0 * new_c for gate in (new_f, new_i, new_o)))


def gru_step(p, x, y):
    """Cho et al. 2014, eq. 5 to 8."""
    v = np.concatenate([x, y], axis=-1)
    r = sigma(times(p["reset.W"], v) + p["reset.b"])
    z = sigma(times(p["update.W"], v) + p["update.b"])
    seen = np.concatenate([x, r * y], axis=-1)
    new = np.tanh(times(p["candidate.W"], seen) + p["candidate.b"])
    return (z * y + (1 - z) * new,)


def reset_after_step(p, x, y):
    """The equations in the documentation of torch.nn.GRU."""
    v = np.concatenate([x, y], axis=-1)
    r = sigma(times(p["reset.W"], v) + p["reset.b"])
    z = sigma(times(p["update.W"], v) + p["update.b"])
    inner = times(p["recurrent.W"], y) + p["recurrent.b"]
    new = np.tanh(times(p["candidate.W"], x) + p["candidate.b"] + r * inner)
    return ((1 - z) * new + z * y,)


def rnn_step(activation, p, x, y):
    v = np.concatenate([x, y], axis=-1)
    return (activation(times(p["output.W"], v) + p["output.b"]),)


def relu(z):
    return np.where(z.real > 0, z, 0)


KINDS = {
    PeepholeCell: "peephole",
    CoupledCell: "coupled",
    NoInputGateCell: "no input",
    NoForgetGateCell: "no forget",
    NoOutputGateCell: "no output",
    LinearCandidateCell: "linear candidate",
    LinearOutputCell: "linear output",
    FullGateRecurrenceCell: "gates",
    LayerNormCell: "norm",
    ProjectedCell: "projected",
    ClippedCell: "clip",
}
OTHERS = {
    GRUCell: gru_step,
    ResetAfterGRUCell: reset_after_step,
    RNNCell: functools.partial(rnn_step, np.tanh),
    IRNNCell: functools.partial(rnn_step, relu),
}
BOUNDS = (0.3, 0.1, 0.8)  # of c, y and z; each is exceeded in some entries


def step_of(cell):
    """Return the NumPy step for a cell, of any class or combination of classes."""
    if not isinstance(cell, LSTMCell):
        return OTHERS[type(cell)]
    kinds = {word for kind, word in KINDS.items() if isinstance(cell, kind)}
    bounds = [getattr(cell, f"clip_{letter}", None) for letter in "cyz"]
    return functools.partial(lstm_step, kinds, bounds)


# ------------------------------------------------------------------------------- a case


def made(cell, n=3, m=4, seed=0, bounds=BOUNDS, **options):
    """Return a cell of that class, its numbers random and of a kind for each."""
    if issubclass(cell, ProjectedCell):
        options["p"] = 2
    if issubclass(cell, ClippedCell):
        options |= dict(zip(("clip_c", "clip_y", "clip_z"), bounds, strict=True))
    built = cell(n, m, rng=seed, **options)
    rng = np.random.default_rng(seed)
    for k, parameter in enumerate(built.parameters()):
        spread, shift = 0.5 + 0.17 * (k % 5), (-1) ** k * 0.11 * k
        parameter.data = shift + spread * rng.standard_normal(parameter.shape)
    return built


class Case:
    """A cell over time, on inputs that hide nothing; a loss that sees everything."""

    def __init__(self, cell, batch=(2,), steps=3, seed=1):
        rng = np.random.default_rng(seed)
        self.cell = cell
        self.inputs = {"x": rng.standard_normal((*batch, steps, cell.n))}
        start = cell.start(batch)
        for field, part in start._asdict().items():
            self.inputs[f"{field}_0"] = 0.5 * rng.standard_normal(part.shape)
        self.carries = type(start)
        self.weights = [rng.standard_normal((*batch, steps, start.y.shape[-1]))]
        self.weights += [rng.standard_normal(part.shape) for part in start]
        self.parameters = dict(cell.named_parameters())
        self.everything = {
            **self.inputs,
            **{path: each.data for path, each in self.parameters.items()},
        }

    def loss(self, y, state):
        pairs = zip(self.weights, (y, *state), strict=True)
        return sum((weight * each).sum() for weight, each in pairs)

    def ours(self):
        """Return our loss and its gradient with respect to everything."""
        inputs = {name: mg.Tensor(each, name) for name, each in self.inputs.items()}
        x, *state = inputs.values()
        y, state = Recurrent(self.cell)(x, self.carries(*state))
        loss = self.loss(y, state)
        return loss, mg.grad(loss, {**inputs, **self.parameters})

    def plain(self, changed):
        """Return the loss by NumPy alone, where some numbers are changed."""
        values = {**self.everything, **changed}
        x, *state = (values[name] for name in self.inputs)
        outputs = []
        for t in range(x.shape[-2]):
            state = step_of(self.cell)(values, x[..., t, :], *state)
            outputs.append(state[0])
        return self.loss(np.stack(outputs, axis=-2), state)

    def slope(self, direction):
        """Return the derivative of the plain loss along a direction: a complex step."""
        moved = {
            name: self.everything[name] + 1e-30j * along
            for name, along in direction.items()
        }
        return self.plain(moved).imag / 1e-30

    def gradient(self, name):
        """Return the gradient of the plain loss, entry by entry."""
        found = np.zeros(self.everything[name].shape)
        for entry in np.ndindex(found.shape):
            unit = np.zeros(found.shape)
            unit[entry] = 1.0
            found[entry] = self.slope({name: unit})
        return found

    def truth(self):
        """Return the plain loss and its gradient with respect to everything."""
        return self.plain({}), {name: self.gradient(name) for name in self.everything}


def disagreements(ours, theirs, tolerance=1e-12):
    """Return the names of what differs: "loss", or what the gradient is taken by."""
    (loss, gradients), (expected_loss, expected) = ours, theirs
    gap = abs(loss.item() - expected_loss)
    different = [] if gap <= tolerance * max(1.0, abs(expected_loss)) else ["loss"]
    for name, g in expected.items():
        gap = np.max(np.abs(gradients[name] - g))
        if not gap <= tolerance * max(1.0, np.max(np.abs(g))):
            different.append(name)
    return different
