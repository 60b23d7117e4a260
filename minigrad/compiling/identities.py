"""What each rewrite claims, as two programs that `mg.prove_equal` shows to be one.

A rewrite is trusted for no other reason than its identity. Each stands here once, at
small shapes, written in the engine's own functions; that a rewrite did what it claims
is shown for every program by `Compiled.prove`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minigrad.functions import concatenate, stack
from minigrad.proving.equality import prove_equal
from minigrad.proving.equality_certificate import Equality
from minigrad.table import matvec, outer, sigmoid, sum, tanh
from minigrad.types import Shape


class Identity(NamedTuple):
    """left(*args) = right(*args) at these shapes."""

    left: Callable[..., Any]
    right: Callable[..., Any]
    shapes: tuple[Shape, ...]

    def prove(self) -> Equality:
        """Show it; raises NotEqual or NotShown if it is not so."""
        return prove_equal(self.left, self.right, *self.shapes)


X, Y, ONE = (2, 3), (2, 2), (3,)  # rows x, rows y, one vector

IDENTITIES: dict[str, Identity] = {
    "shared": Identity(
        lambda x, v: (
            tanh((1 * x / 1.0).reshape((2, 3)).T.T[:, 1:][:, 0]) * tanh(x[:, 1])
            + sum(x, axis=1).reshape((2, 1)) * np.matmul(x, v)
        ),
        lambda x, v: (
            (lambda y: y * y)(tanh(x[:, 1]))
            + sum(x, axis=1, keepdims=True) * matvec(x, v)
        ),
        (X, ONE),
    ),
    "one_sum": Identity(
        lambda a, b, c: (a + b) + c, lambda a, b, c: a + (b + c), (X, X, X)
    ),
    "classes over time": Identity(
        lambda a, b: [tanh(a), tanh(b)],
        lambda a, b: (lambda y: [y[0], y[1]])(tanh(stack([a, b]))),
        (X, X),
    ),
    "at_once": Identity(
        lambda z, w, x, y: outer(z, x) + outer(w, y),
        lambda z, w, x, y: outer(stack([z, w]), stack([x, y])),
        (Y, Y, X, X),
    ),
    "composites_open": Identity(
        lambda z: sigmoid(z), lambda z: tanh(z * 0.5) * 0.5 + 0.5, (X,)
    ),
    "bias_as_column": Identity(
        lambda W, b, v, z: [matvec(W, v) + b, outer(z, v), sum(z, axis=0)],
        lambda W, b, v, z: (
            lambda v1: [
                matvec(concatenate([W, b.reshape((2, 1))], axis=1), v1),
                outer(z, v1)[:, :3],
                outer(z, v1)[:, 3],
            ]
        )(concatenate([v, np.ones((2, 1))], axis=-1)),
        ((2, 3), (2,), X, Y),
    ),
    "factor_into_matrix": Identity(
        lambda W, x, u: (matvec(W, x) + u) * 0.5,
        lambda W, x, u: matvec(W * 0.5, x) + u * 0.5,
        ((2, 3), X, Y),
    ),
    "rows_alone": Identity(
        lambda W, V, x, y: (matvec(W, x) + matvec(V, y))[:, 1:],
        lambda W, V, x, y: matvec(W[1:], x) + matvec(V[1:], y),
        ((3, 3), (3, 2), X, Y),
    ),
    "products_flat": Identity(
        lambda a, b, c: (a * b) * c, lambda a, b, c: a * b * c, (X, ONE, X)
    ),
    "invariants_out": Identity(
        lambda a, p, q, u, b: [(a * p) * q, (a + u) + b],
        lambda a, p, q, u, b: [a * (p * q), a + (u + b)],
        (X, X, ONE, X, ONE),
    ),
    "vectors_as_columns": Identity(
        lambda W, x, b: (lambda z: (tanh(z) - sum(z, axis=1, keepdims=True))[:, 1:])(
            concatenate([matvec(W, x), b], axis=1)
        ),
        lambda W, x, b: (lambda z: (tanh(z) - sum(z, axis=0, keepdims=True))[1:].T)(
            concatenate([np.matmul(W, x.T), b.T], axis=0)
        ),
        ((4, 3), X, Y),
    ),
    "products_joined": Identity(
        lambda U, V, p, q: np.matmul(U, p) + np.matmul(V, q),
        lambda U, V, p, q: np.matmul(
            concatenate([U, V], axis=1), concatenate([p, q], axis=0)
        ),
        ((4, 2), (4, 3), (2, 2), (3, 2)),
    ),
    "one_sum_over": Identity(
        lambda a: sum(sum(a, axis=0), axis=1),
        lambda a: sum(a, axis=(0, 2)),
        ((2, 3, 2),),
    ),
    "side_by_side": Identity(
        lambda y, V, W: [tanh(np.matmul(V, y)), tanh(np.matmul(W, y))],
        lambda y, V, W: (lambda z: [z[:2], z[2:]])(
            tanh(np.matmul(concatenate([V, W], axis=0), y))
        ),
        ((3, 2), (2, 3), (1, 3)),
    ),
    "outer_products_joined": Identity(
        lambda z, w, v: [outer(z, v), outer(w, v)],
        lambda z, w, v: (lambda both: [both[:2], both[2:]])(
            outer(concatenate([z, w], axis=-1), v)
        ),
        (Y, X, X),
    ),
    "sum over time": Identity(
        lambda a, b, c: a + b + c,
        lambda a, b, c: sum(stack([a, b, c]), axis=0),
        (X,) * 3,
    ),
}
