"""One training step of an LSTM in NumPy, planned by hand: what a compiler aims at.

It is what `mg.compile` finds, and a little less: all memory and all views are prepared;
vectors are columns, so that four gates are one block, [o; f; i; c~]; sigma is a tanh of
half the argument; b is a column of W; what a step of the way back multiplies with is
computed for all steps at once. A step is nine calls of NumPy forwards and nine back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy import add, matmul, multiply, subtract, tanh

from minigrad.types import Array

HALF, ONE = np.asarray(0.5, "f4"), np.asarray(1, "f4")


class ByHand:
    """The gradient of the squared error, for these sizes, in float32.

    Called with x (B, T, n), target (B, T, m) and the weights [W, b] of each gate, in
    the order o, f, i, c~: W is (m, n + m), b is (m,). Returns their [W_bar, b_bar].
    """

    def __init__(self, T: int, B: int, n: int, m: int) -> None:
        self.m, self.n = m, n
        self.W, self.U = np.zeros((4 * m, n + m + 1), "f4"), np.zeros((m, 4 * m), "f4")
        self.v = np.ones((T + 1, n + m + 1, B), "f4")  # [x_t; y_{t-1}; 1]
        self.v[:, n:-1] = 0
        self.z, self.gates = _zeros(4 * m, B), _zeros(T, 4 * m, B)
        self.c, self.tanh_c = _zeros(T + 1, m, B), _zeros(T, m, B)
        self.y_bars, self.from_next = _zeros(T, m, B), _zeros(T + 1, m, B)
        self.c_bars, self.z_bars = _zeros(T + 1, m, B), _zeros(T, 4 * m, B)
        self.slopes = [_zeros(T, m, B) for _ in range(5)]
        self.p, self.q = _zeros(m, B), _zeros(m, B)
        gate = [self.gates[:, k * m : (k + 1) * m] for k in range(4)]
        bars = [self.z_bars[:, k * m : (k + 1) * m] for k in range(4)]
        self.gate, self.y = gate, self.v[1:, n:-1]
        self.forward = [*zip(
            self.v[:T], self.gates, self.gates[:, : 3 * m], *gate,
            self.c[:T], self.c[1:], self.tanh_c, self.y, strict=True,
        )]  # fmt: skip
        self.back = [*zip(
            self.y_bars, self.from_next[1:], *self.slopes, gate[1], self.c_bars[1:],
            self.c_bars[:T], *bars, self.z_bars, self.from_next[:T], strict=True,
        )][::-1]  # fmt: skip

    def __call__(
        self, x: Array, target: Array, weights: Sequence[tuple[Array, Array]]
    ) -> list[tuple[Array, Array]]:
        m, n, p, q = self.m, self.n, self.p, self.q
        for k, (W, b) in enumerate(weights):
            rows = slice(k * m, (k + 1) * m)
            self.W[rows, :-1], self.W[rows, -1] = W, b
            self.U[:, rows] = W[:, n:].T
        self.W[: 3 * m] *= HALF
        self.v[:-1, :n] = x.transpose(1, 2, 0)
        for v, gates, sigmas, o, f, i, k, c_prev, c, tanh_c, y in self.forward:
            matmul(self.W, v, self.z)
            tanh(self.z, gates)
            multiply(sigmas, HALF, sigmas)
            add(sigmas, HALF, sigmas)
            multiply(f, c_prev, p)
            multiply(i, k, q)
            add(p, q, c)
            tanh(c, tanh_c)
            multiply(o, tanh_c, y)
        subtract(self.y, target.transpose(1, 2, 0), self.y_bars)
        self.y_bars += self.y_bars
        self._prepare(*self.gate)
        for y_bar, more, c_y, o_y, f_c, i_c, k_c, f, c_next, c_prev, *rest in self.back:
            o_bar, f_bar, i_bar, k_bar, z_bar, before = rest
            add(y_bar, more, p)
            multiply(p, o_y, o_bar)
            multiply(p, c_y, q)
            add(q, c_next, q)
            multiply(q, f, c_prev)
            multiply(q, f_c, f_bar)
            multiply(q, i_c, i_bar)
            multiply(q, k_c, k_bar)
            matmul(self.U, z_bar, before)
        W_bar = _columns(self.z_bars) @ _columns(self.v[:-1]).T
        return [(bar[:, :-1], bar[:, -1]) for bar in W_bar.reshape(4, m, -1)]

    def _prepare(self, o: Array, f: Array, i: Array, k: Array) -> None:
        """Compute what c_bar and y_bar are multiplied with, for all steps at once."""
        c_y, o_y, f_c, i_c, k_c = self.slopes
        for slope, factors in (
            (c_y, (ONE - self.tanh_c * self.tanh_c, o)),
            (o_y, (ONE - o, o, self.tanh_c)),
            (f_c, (ONE - f, f, self.c[:-1])),
            (i_c, (ONE - i, i, k)),
            (k_c, (ONE - k * k, i)),
        ):
            first, *others = factors
            slope[...] = first
            for each in others:
                slope *= each


def _zeros(*shape: int) -> Array:
    return np.zeros(shape, "f4")


def _columns(a: Array) -> Array:
    """Return (T, k, B) as the columns of a matrix: (k, T B)."""
    return a.transpose(1, 0, 2).reshape(a.shape[1], -1)
