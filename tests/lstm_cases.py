"""An LSTM case that hides nothing, and an LSTM that shares no code with ours.

Published test vectors fill each weight matrix with one constant and so cannot tell two
gates apart. Here every gate has numbers of its own kind, n differs from m, the batch
has several sequences, nothing starts at zero, and the loss weighs every output and both
final states differently.
"""

import numpy as np

import minigrad as mg
from lstm import LSTM, State

LETTERS = "fico"
GATES = dict(zip(LETTERS, ("forget", "input", "candidate", "output"), strict=True))
SPREAD = {"f": 0.4, "i": 0.9, "c": 0.6, "o": 1.3}
SHIFT = {"f": 0.8, "i": -0.3, "c": 0.1, "o": 0.4}
PARAMETERS = [f"{kind}_{letter}" for kind in "Wb" for letter in LETTERS]
INPUTS = ["x", "y_0", "c_0", *PARAMETERS]


def random_case(n=3, m=2, batch=(4,), steps=5, seed=0):
    """Return (inputs, weights of the loss): dicts of arrays."""
    rng = np.random.default_rng(seed)
    inputs = {
        "x": rng.standard_normal((*batch, steps, n)),
        "y_0": rng.standard_normal((*batch, m)),
        "c_0": rng.standard_normal((*batch, m)),
    }
    for letter in LETTERS:
        spread, shift = SPREAD[letter], SHIFT[letter]
        inputs[f"W_{letter}"] = spread * rng.standard_normal((m, n + m))
        inputs[f"b_{letter}"] = shift + spread * rng.standard_normal(m)
    weights = {
        "y": rng.standard_normal((*batch, steps, m)),
        "last y": rng.standard_normal((*batch, m)),
        "last c": rng.standard_normal((*batch, m)),
    }
    return inputs, weights


def constant_case():
    """Return a case in the style of published vectors: one constant for all weights."""
    inputs, weights = random_case()
    ones = {name: np.full_like(inputs[name], 0.1) for name in PARAMETERS}
    return {**inputs, **ones}, weights


def weighted(y, last_y, last_c, weights):
    """Return the loss that sees everything, as all implementations compute it."""
    return (
        (y * weights["y"]).sum()
        + (last_y * weights["last y"]).sum()
        + (last_c * weights["last c"]).sum()
    )


def layer_with(inputs, layer=None):
    """Return our layer with the weights of a case: arrays, or Tensors of the caller."""
    m, width = inputs["W_f"].shape
    layer = layer or LSTM(width - m, m, rng=0)
    for letter, name in GATES.items():
        gate = getattr(layer.cell, name)
        vars(gate).update(W=inputs[f"W_{letter}"], b=inputs[f"b_{letter}"])
    return layer


def our_loss(inputs, weights, layer=None):
    """Return the loss of our layer, all inputs being Tensors."""
    layer = layer_with(inputs, layer)
    y, last = layer(inputs["x"], State(inputs["y_0"], inputs["c_0"]))
    return weighted(y, last.y, last.c, weights)


def our_answer(case, layer=None):
    """Return (loss, gradient of everything) of our layer."""
    inputs, weights = case
    tensors = {name: mg.Tensor(value, name) for name, value in inputs.items()}
    loss = our_loss(tensors, weights, layer)
    return loss.item(), mg.grad(loss, tensors)


def plain_lstm(inputs):
    """Return (y at all steps, last y, last c): the six equations in plain NumPy."""
    p = inputs
    y, c = p["y_0"], p["c_0"]
    outputs = []
    for t in range(p["x"].shape[-2]):
        v = np.concatenate([p["x"][..., t, :], y], axis=-1)

        def z(letter, v=v):
            return np.einsum("ij,...j->...i", p[f"W_{letter}"], v) + p[f"b_{letter}"]

        f = 1 / (1 + np.exp(-z("f")))
        i = 1 / (1 + np.exp(-z("i")))
        o = 1 / (1 + np.exp(-z("o")))
        c = f * c + i * np.tanh(z("c"))
        y = o * np.tanh(c)
        outputs.append(y)
    return np.stack(outputs, axis=-2), y, c


def plain_answer(case):
    """Return (loss, gradient of everything) of `plain_lstm`, by the complex step."""
    inputs, weights = case

    def loss(**moved):
        return weighted(*plain_lstm({**inputs, **moved}), weights)

    gradients = {}
    for name, value in inputs.items():
        gradients[name] = np.zeros_like(value)
        for entry in np.ndindex(value.shape):
            moved = value.astype(complex)
            moved[entry] += 1e-30j
            gradients[name][entry] = loss(**{name: moved}).imag / 1e-30
    return loss(), gradients


def disagreements(ours, theirs, tolerance=1e-12):
    """Return the names of what differs: "loss", or an input by its gradient."""
    loss, gradients = ours
    expected_loss, expected = theirs
    different = ["loss"] if abs(loss - expected_loss) > tolerance else []
    for name, g in expected.items():
        gap = np.max(np.abs(gradients[name] - g))
        if not gap <= tolerance * max(1.0, np.max(np.abs(g))):
            different.append(name)
    return different
