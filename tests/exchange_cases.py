"""What other frameworks do with their weights, each written down in its own letters.

These share no code with ours and need no framework: each is the framework's documented
equations on its own arrays, in plain NumPy. test_exchange_compare.py has the framework
itself, where it is installed.
"""

import numpy as np
from lstm_cases import SHIFT, SPREAD

import minigrad as mg
from lstm import LSTM, Bidirectional, Directions, Stack, State
from lstm.exchange.models import sweeps


def scrambled(model, seed=0):
    """Return the model, every gate with random numbers of its own kind."""
    rng = np.random.default_rng(seed)
    for sweep in sweeps(model):
        for cell in sweep.cells:
            for path, parameter in cell.named_parameters():
                letter = cell.letters.get(path.split(".")[0])
                spread, shift = SPREAD.get(letter, 0.7), SHIFT.get(letter, 0.2)
                numbers = spread * rng.standard_normal(parameter.shape)
                parameter.data = numbers + shift * (parameter.ndim == 1)
    return model


def recurrent(n=3, m=2, layers=1, both=False, dtype=float, seed=0):
    """Return a model as nn.LSTM has them: layers of one size, one or two directions."""
    made = []
    for depth in range(layers):
        reads = n if depth == 0 else m * (1 + both)
        forth = LSTM(reads, m, rng=0, dtype=dtype)
        made.append(Bidirectional(forth) if both else forth)
    model = made[0] if layers == 1 else Stack(*made)
    return scrambled(model, seed)


def sigma(z):
    return 1 / (1 + np.exp(-z))


def over_time(step, x, m):
    """Return h at every step of a (T, n) sequence, from zeros."""
    h, c, outputs = np.zeros(m), np.zeros(m), []
    for x_t in x:
        h, c = step(x_t, h, c)
        outputs.append(h)
    return np.array(outputs)


def both_ways(forward, backward, x):
    """Return what reads from the beginning beside what reads from the end."""
    return np.hstack([forward(x), backward(x[::-1])[::-1]])


def torch_lstm(state, x):
    """Return `output` of nn.LSTM for one sequence, by the equations of its page."""
    depth = 0
    while f"weight_ih_l{depth}" in state:
        forward, backward = (
            _torch_direction(state, f"_l{depth}{ending}") for ending in ("", "_reverse")
        )
        x = both_ways(forward, backward, x) if backward else forward(x)
        depth += 1
    return x


def _torch_direction(state, ending):
    if f"weight_ih{ending}" not in state:
        return None
    W_ii, W_if, W_ig, W_io = np.split(state[f"weight_ih{ending}"], 4)
    W_hi, W_hf, W_hg, W_ho = np.split(state[f"weight_hh{ending}"], 4)
    b_ii, b_if, b_ig, b_io = np.split(state[f"bias_ih{ending}"], 4)
    b_hi, b_hf, b_hg, b_ho = np.split(state[f"bias_hh{ending}"], 4)

    def step(x, h, c):
        i = sigma(W_ii @ x + b_ii + W_hi @ h + b_hi)
        f = sigma(W_if @ x + b_if + W_hf @ h + b_hf)
        g = np.tanh(W_ig @ x + b_ig + W_hg @ h + b_hg)
        o = sigma(W_io @ x + b_io + W_ho @ h + b_ho)
        c = f * c + i * g
        return o * np.tanh(c), c

    return lambda x: over_time(step, x, len(b_ii))


def keras_lstm(weights, x):
    """Return what Keras's LSTM or Bidirectional gives for one sequence."""
    if isinstance(weights[0], list):
        for each in weights:
            x = keras_lstm(each, x)
        return x
    if len(weights) == 6:
        forward, backward = (
            lambda s, half=half: keras_lstm(half, s)
            for half in (weights[:3], weights[3:])
        )
        return both_ways(forward, backward, x)
    kernel, recurrent_kernel, bias = weights

    def step(x, h, c):
        z = x @ kernel + h @ recurrent_kernel + bias
        z0, z1, z2, z3 = np.split(z, 4)
        c = sigma(z1) * c + sigma(z0) * np.tanh(z2)
        return sigma(z3) * np.tanh(c), c

    return over_time(step, x, len(recurrent_kernel))


def flax_lstm(params, x):
    """Return what nn.RNN(nn.LSTMCell) gives for one sequence."""

    def dense(name, v):
        return v @ params[name]["kernel"] + params[name].get("bias", 0.0)

    def step(x, h, c):
        i = sigma(dense("ii", x) + dense("hi", h))
        f = sigma(dense("if", x) + dense("hf", h))
        g = np.tanh(dense("ig", x) + dense("hg", h))
        o = sigma(dense("io", x) + dense("ho", h))
        c = f * c + i * g
        return o * np.tanh(c), c

    return over_time(step, x, len(params["hi"]["kernel"]))


ACTIVATIONS = {
    "Sigmoid": sigma,
    "Tanh": np.tanh,
    "Relu": lambda z: np.maximum(z, 0),
    "Softplus": lambda z: np.log1p(np.exp(z)),
}


def onnx_lstm(nodes, x):
    """Return what a chain of LSTM nodes gives for one sequence, directions joined."""
    for node in nodes:
        W, R, B, P = (node.arrays.get(name) for name in "WRBP")
        y, _, _ = onnx_node(x[:, None], W, R, B, P=P, **node.attributes)
        x = y.reshape(len(x), -1)
    return x


def onnx_node(
    X, W, R, B, lengths=None, initial_h=None, initial_c=None, P=None, *,
    hidden_size, direction, activations, input_forget,
):  # fmt: skip
    """Return Y (T, D, B, m), Y_h and Y_c (D, B, m) of an LSTM node, as documented."""
    T, batch, _ = X.shape
    lengths = [T] * batch if lengths is None else lengths
    Y = np.zeros((T, len(W), batch, hidden_size), X.dtype)
    shape = Y.shape[1:]
    Y_h, Y_c = (
        np.zeros(shape, X.dtype) if each is None else each.copy()
        for each in (initial_h, initial_c)
    )
    for d, k in np.ndindex(shape[:2]):
        f, g, h = (ACTIVATIONS[name] for name in activations[3 * d : 3 * d + 3])
        Wb, Rb = np.split(B[d], 2)
        p_i, p_o, p_f = np.zeros((3, 1)) if P is None else np.split(P[d], 3)
        if not lengths[k]:  # as onnxruntime has it; ONNX says nothing of it
            Y_h[d, k] = Y_c[d, k] = 0
        backward = direction == "reverse" or d == 1
        for t in sorted(range(lengths[k]), reverse=backward):
            gates = W[d] @ X[t, k] + R[d] @ Y_h[d, k] + Wb + Rb
            z_i, z_o, z_f, z_c = np.split(gates, 4)
            C = Y_c[d, k].copy()
            i = f(z_i + p_i * C)
            forget = 1 - i if input_forget else f(z_f + p_f * C)
            C = forget * C + i * g(z_c)
            Y[t, d, k] = Y_h[d, k] = f(z_o + p_o * C) * h(C)
            Y_c[d, k] = C
    return Y, Y_h, Y_c


# --------------------------------------------------------------- numbers to compare on


def close(ours, theirs, tolerance=1e-12):
    """Demand that two arrays agree to rounding, relative to the largest entry."""
    ours, theirs = np.asarray(getattr(ours, "data", ours)), np.asarray(theirs)
    scale = max(1.0, np.max(np.abs(theirs), initial=0))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * scale)


def batch_of(model, batch=3, steps=5, seed=7):
    """Return x, states to begin with, and weights of the last states in a loss."""
    rng = np.random.default_rng(seed)
    layers = sweeps(model)

    def draw():
        shapes = [[(2, batch, cell.m) for cell in sweep.cells] for sweep in layers]
        return [[rng.standard_normal(shape) for shape in layer] for layer in shapes]

    return rng.standard_normal((batch, steps, layers[0].cells[0].n)), draw(), draw()


def as_states(model, numbers):
    """Return numbers (layers, directions, 2, B, m) as the states that a model takes."""
    each = [
        State(*map(mg.Tensor, one[0]))
        if len(one) == 1
        else Directions(*(State(*map(mg.Tensor, way)) for way in one))
        for one in numbers
    ]
    return each if isinstance(model, Stack) else each[0]


def leaves(states):
    """Return the Tensors of nested states, in order."""
    if isinstance(states, mg.Tensor):
        return [states]
    return [leaf for each in states for leaf in leaves(each)]
