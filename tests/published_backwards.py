"""Backward passes by hand that are wrong, as they stand in tutorials and repositories.

Each case is a kind of mistake that was published more than once, retold in our words: a
right forward pass in NumPy, the backward pass as it was written, and the right one.

    forward(*args)       what is computed
    wrong(g, *args)      the gradient by one argument, as published; g is the cotangent
    right(g, *args)      the gradient by that argument

None of them stops: shapes fit, losses fall. What a test that looks at one entry, or at
one time step, or at inputs without repetition would not see, is said in each docstring.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Published:
    """One case.

    args       what to call it with
    by         which argument the gradient is by
    wrong_at   where the published gradient is wrong; it is right elsewhere
    """

    story: type
    args: tuple[Any, ...]
    by: int
    wrong_at: Any

    @property
    def name(self) -> str:
        return self.story.__name__

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return getattr(self.story, name)


PUBLISHED = []


def published(*args: Any, by: int = 0, wrong_at: Any = ...) -> Callable[[type], type]:
    """Enter a case: a decorator of a class that holds its three functions."""

    def enter(story: type) -> type:
        PUBLISHED.append(Published(story, args, by, wrong_at))
        return story

    return enter


_random = np.random.default_rng(3)
some = _random.normal


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@published(some(size=(4, 2)), np.array([2, 0, 2]), wrong_at=[2])
class RepeatedWords:
    """An embedding: `dW[ids] += g` adds once where a word comes twice.

    NumPy reads dW[ids], adds, and writes: of two sums for one row the last remains.
    Sentences without repetition do not show it.
    """

    def forward(W, ids):
        return W[ids]

    def wrong(g, W, ids):
        dW = np.zeros_like(W)
        dW[ids] += g
        return dW

    def right(g, W, ids):
        dW = np.zeros_like(W)
        np.add.at(dW, ids, g)
        return dW


@published(some(size=(2, 3)))
class SoftmaxDiagonal:
    """A softmax layer that multiplies by s (1 - s), as if it were a sigmoid.

    That is the diagonal of its Jacobian: each score moves all the other probabilities,
    too. The loss still falls, since the sign is often right.
    """

    def forward(z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def wrong(g, z):
        s = SoftmaxDiagonal.forward(z)
        return g * s * (1 - s)

    def right(g, z):
        s = SoftmaxDiagonal.forward(z)
        return s * (g - np.sum(g * s, axis=1, keepdims=True))


@published(some(size=(4, 3)), some(size=3), some(size=3))
class BatchNormDiagonal:
    """Batch normalization whose mean and variance are taken as given.

    They are means over the batch, so each example moves them, and by them all others.
    """

    def forward(x, gamma, beta):
        return gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5) + beta

    def wrong(g, x, gamma, beta):
        return g * gamma / np.sqrt(x.var(axis=0) + 1e-5)

    def right(g, x, gamma, beta):
        std = np.sqrt(x.var(axis=0) + 1e-5)
        x_hat = (x - x.mean(axis=0)) / std
        g = g * gamma
        return (g - g.mean(axis=0) - x_hat * np.mean(g * x_hat, axis=0)) / std


@published(
    some(size=(3, 2)),
    some(size=2),
    some(size=(2, 2)),
    some(size=(2, 2)),
    wrong_at=[0, 1],
)
class InputsWithoutFuture:
    """A recurrent network whose inputs hear of their own time step alone.

    The gradient by the weights was accumulated over time, that by the inputs was not:
    x[t] also moves every later state. Only a layer below would notice, and the last
    time step is right.
    """

    def forward(x, h, Wx, Wh):
        states = []
        for x_t in x:
            h = np.tanh(x_t @ Wx + h @ Wh)
            states.append(h)
        return np.stack(states)

    def wrong(g, x, h, Wx, Wh):
        states = InputsWithoutFuture.forward(x, h, Wx, Wh)
        return (g * (1 - states**2)) @ Wx.T

    def right(g, x, h, Wx, Wh):
        states = InputsWithoutFuture.forward(x, h, Wx, Wh)
        dx, dh = np.zeros_like(x), np.zeros_like(h)
        for t in reversed(range(len(x))):
            dz = (g[t] + dh) * (1 - states[t] ** 2)
            dx[t], dh = dz @ Wx.T, dz @ Wh.T
        return dx


@published(some(size=4))
class AnotherGELU:
    """GELU by tanh, with the derivative of GELU by the sigmoid.

    The two differ by at most 0.02, and their slopes by at most 0.03: within what a
    loose check of gradients lets pass.
    """

    def forward(x):
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))

    def wrong(g, x):
        s = sigmoid(1.702 * x)
        return g * (s + 1.702 * x * s * (1 - s))

    def right(g, x):
        k = np.sqrt(2 / np.pi)
        t = np.tanh(k * (x + 0.044715 * x**3))
        return g * 0.5 * (1 + t + x * (1 - t**2) * k * (1 + 3 * 0.044715 * x**2))


@published(some(size=(2, 3)), some(size=(4, 2)), some(size=(4, 3)))
class PenaltySign:
    """Ridge regression whose penalty is subtracted on the way back.

    With a small penalty the loss falls all the same, to larger weights than without.
    """

    def forward(W, X, Y):
        return ((X @ W - Y) ** 2).sum() / 2 + 0.01 * (W**2).sum()

    def wrong(g, W, X, Y):
        return g * (X.T @ (X @ W - Y) - 2 * 0.01 * W)

    def right(g, W, X, Y):
        return g * (X.T @ (X @ W - Y) + 2 * 0.01 * W)


def lstm(x, h, c, W, b):
    """Return h and c after all inputs, and what the backward pass needs of each."""
    kept, n = [], len(h)
    for x_t in x:
        z = W @ np.concatenate([x_t, h]) + b
        i, f, o = sigmoid(z[:n]), sigmoid(z[n : 2 * n]), sigmoid(z[2 * n : 3 * n])
        g = np.tanh(z[3 * n :])
        before, c = c, f * c + i * g
        h = o * np.tanh(c)
        kept.append((i, f, o, g, before, c))
    return h, c, kept


def lstm_backward(dh, x, h, c, W, b, keeps_c=True):
    """Return the gradients by the inputs and by the biases."""
    _, _, kept = lstm(x, h, c, W, b)
    dx, db, dc = np.zeros_like(x), np.zeros_like(b), np.zeros_like(c)
    for t in reversed(range(len(x))):
        i, f, o, g, before, c = kept[t]
        dc = dc * keeps_c + dh * o * (1 - np.tanh(c) ** 2)
        dz = np.concatenate(
            [
                dc * g * i * (1 - i),
                dc * before * f * (1 - f),
                dh * np.tanh(c) * o * (1 - o),
                dc * i * (1 - g**2),
            ]
        )
        back = W.T @ dz
        dx[t], dh, dc, db = back[: x.shape[1]], back[x.shape[1] :], dc * f, db + dz
    return dx, db


LSTM = some(size=(3, 2)), some(size=2), some(size=2), some(size=(8, 4)), some(size=8)


@published(*LSTM, wrong_at=[0, 1])
class DroppedCarry:
    """An LSTM that hands h back in time, and forgets to hand c back.

    The path for which the LSTM was invented is cut: what is remembered over many steps
    gets no gradient. The last time step is right, and so is any test of a single step.
    """

    def forward(x, h, c, W, b):
        return lstm(x, h, c, W, b)[0]

    def wrong(dh, *args):
        return lstm_backward(dh, *args, keeps_c=False)[0]

    def right(dh, *args):
        return lstm_backward(dh, *args)[0]


@published(*LSTM, by=4, wrong_at=slice(2, 6))
class BiasOfAnotherGate:
    """An LSTM whose gradients of two biases are exchanged: a slip of a letter.

    Both have one shape, both begin at zero, and training hides it well.
    """

    def forward(x, h, c, W, b):
        return lstm(x, h, c, W, b)[0]

    def wrong(dh, *args):
        i, f, o, g = np.split(lstm_backward(dh, *args)[1], 4)
        return np.concatenate([i, o, f, g])

    def right(dh, *args):
        return lstm_backward(dh, *args)[1]


@published(np.array([[1.0, 3.0, 3.0], [2.0, 0.5, 1.0]]), wrong_at=(0, [1, 2]))
class TiesInMaxPooling:
    """Max-pooling that gives the whole gradient to every entry that is the largest.

    `g * (x == x.max())`: after a ReLU ties are common, zeros mostly, and each of them
    gets all of it. Shares (ours), or the first alone (others), add up to g.
    """

    def forward(x):
        return np.max(x, axis=1)

    def wrong(g, x):
        return g[:, None] * (x == x.max(axis=1, keepdims=True))

    def right(g, x):
        largest = x == x.max(axis=1, keepdims=True)
        return g[:, None] * largest / largest.sum(axis=1, keepdims=True)


@published(some(size=(4, 3)), np.array([0, 2, 1, 1]))
class MeanForgotten:
    """A mean of losses whose gradient is that of their sum: p - one-hot, not over N.

    The learning rate makes up for it, until the batch has another size, or a penalty
    is added whose gradient is right.
    """

    def forward(z, y):
        log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
        return -log_p[np.arange(len(y)), y].mean()

    def wrong(g, z, y):
        p = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        return g * p

    def right(g, z, y):
        return MeanForgotten.wrong(g, z, y) / len(y)
