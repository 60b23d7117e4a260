"""Inverses, linear systems, determinants, triangular factors, norms."""

import numpy as np

from numpy_cases import case, definite, some


def invertible(n):
    """Return a matrix far from singular, of which other rows come first."""
    return np.roll(some(n, n) + 4 * np.eye(n), 1, axis=0)


A2, A3, V, S = invertible(2), invertible(3), some(3), definite(3)
MANY = np.array([invertible(3), definite(3)])
SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.5], [3.0, 6.0, 9.0]])
B = some(3, 2)

CASES = [
    case("inv of 2 x 2", lambda np, a: np.linalg.inv(a), A2),
    case("inv", lambda np, a: np.linalg.inv(a), A3),
    case("inv of each", lambda np, a: np.linalg.inv(a), MANY),
    case("solve for a vector", lambda np, a, b: np.linalg.solve(a, b), A3, V),
    case("solve for columns", lambda np, a, b: np.linalg.solve(a, b), A3, B),
    case("solve each for a vector", lambda np, a, b: np.linalg.solve(a, b), MANY, V),
    case("solve each for columns", lambda np, a, b: np.linalg.solve(a, b), MANY, B),
    case(
        "solve one for each", lambda np, a, b: np.linalg.solve(a, b), A3, some(2, 3, 1)
    ),
    case("det of 2 x 2", lambda np, a: np.linalg.det(a), A2),
    case("det", lambda np, a: np.linalg.det(a), A3),
    case("det of 4 x 4", lambda np, a: np.linalg.det(a), some(4, 4)),
    case("det of each", lambda np, a: np.linalg.det(a), MANY),
    case("slogdet", lambda np, a: np.linalg.slogdet(a)[1], A3),
    case("slogdet by name", lambda np, a: np.linalg.slogdet(a).logabsdet, MANY),
    case("sign of slogdet", lambda np, a: np.linalg.slogdet(a)[0], A3, order=0),
    case("sign of each", lambda np, a: np.linalg.slogdet(a).sign, MANY, order=0),
    case("cholesky", lambda np, a: np.linalg.cholesky(a), S, jax=False),
    case(
        "cholesky of each",
        lambda np, a: np.linalg.cholesky(a),
        np.array([S, definite(3)]),
        jax=False,
    ),
    case(
        "cholesky of a symmetric product",
        lambda np, a: np.linalg.cholesky(a @ a.T + np.eye(3, dtype=a.dtype)),
        A3,
    ),
    case("matrix_power", lambda np, a: np.linalg.matrix_power(a, 3), A3),
    case("matrix_power 0", lambda np, a: np.linalg.matrix_power(a, 0), A3),
    case("matrix_power 1", lambda np, a: np.linalg.matrix_power(a, 1), A3),
    case("matrix_power -2", lambda np, a: np.linalg.matrix_power(a, -2), A2),
    case("norm of a vector", lambda np, a: np.linalg.norm(a), V),
    case("norm of a matrix", lambda np, a: np.linalg.norm(a), A3),
    case("norm of rows", lambda np, a: np.linalg.norm(a, axis=1), A3),
    case("norm of columns", lambda np, a: np.linalg.norm(a, axis=0, keepdims=True), A3),
    case(
        "norm of all, axes kept", lambda np, a: np.linalg.norm(a, keepdims=True), MANY
    ),
    case("norm of each matrix", lambda np, a: np.linalg.norm(a, axis=(1, 2)), MANY),
    case(
        "norm of a sum of vectors", lambda np, a, b: np.linalg.norm(a - b), V, some(3)
    ),
    *(
        case(f"norm {ord} of a vector", lambda np, a, p=ord: np.linalg.norm(a, p), V)
        for ord in (1, 2, 3, 2.5, np.inf, -np.inf)
    ),
    *(
        case(
            f"norm {ord} of rows",
            lambda np, a, p=ord: np.linalg.norm(a, p, axis=-1),
            A3,
        )
        for ord in (1, 2, 4, np.inf, -np.inf)
    ),
    *(
        case(f"norm {ord} of a matrix", lambda np, a, p=ord: np.linalg.norm(a, p), A3)
        for ord in ("fro", 1, -1, np.inf, -np.inf)
    ),
    *(
        case(
            f"norm {ord} of each matrix",
            lambda np, a, p=ord: np.linalg.norm(a, ord=p, axis=(-1, 0), keepdims=True),
            MANY,
        )
        for ord in ("fro", 1, np.inf)
    ),
    case("norm 0 of rows", lambda np, a: np.linalg.norm(a, 0, axis=1), A3, order=0),
    case("vector_norm", lambda np, a: np.linalg.vector_norm(a), A3),
    case(
        "vector_norm 1 of axes",
        lambda np, a: np.linalg.vector_norm(a, axis=(0, 2), ord=1),
        MANY,
    ),
    case("matrix_norm", lambda np, a: np.linalg.matrix_norm(a), MANY),
    case(
        "matrix_norm 1",
        lambda np, a: np.linalg.matrix_norm(a, ord=1, keepdims=True),
        MANY,
    ),
]

# What ufuncs do as methods; of jax.numpy only some are such.
OF_UFUNCS = {
    "add.reduce": lambda np, a: np.add.reduce(a),
    "add.reduce over columns": lambda np, a: np.add.reduce(a, axis=1),
    "multiply.reduce": lambda np, a: np.multiply.reduce(a),
    "maximum.reduce": lambda np, a: np.maximum.reduce(a),
    "minimum.reduce": lambda np, a: np.minimum.reduce(a, -1, keepdims=True),
    "logaddexp.reduce": lambda np, a: np.logaddexp.reduce(a),
    "add.accumulate": lambda np, a: np.add.accumulate(a),
    "multiply.accumulate": lambda np, a: np.multiply.accumulate(a, 1),
    "multiply.outer": lambda np, a: np.multiply.outer(a, a[0]),
    "add.outer": lambda np, a: np.add.outer(a[0], a[1]),
    "subtract.outer": lambda np, a: np.subtract.outer(a[0], a[0]),
    "maximum.outer": lambda np, a: np.maximum.outer(a, a[0] * 1.01),
}
CASES += [case(name, f, A3, jax=False) for name, f in OF_UFUNCS.items()]
CASES += [
    *(
        case(
            f"cond, {p}",
            lambda np, a, p=p: np.linalg.cond(a, p),
            *(MANY if p == "fro" else A3,),
        )
        for p in (1, -1, np.inf, -np.inf, "fro")
    ),
    case(
        "tensorsolve",
        lambda np, a, b: np.linalg.tensorsolve(a, b),
        *(some(2, 2, 4), some(2, 2)),
        jax=False,
    ),
    case(
        "tensorsolve, axes",
        lambda np, a, b: np.linalg.tensorsolve(a, b, axes=(1,)),
        *(some(2, 4, 2), some(2, 2)),
        jax=False,
    ),
    case("tensorinv", lambda np, a: np.linalg.tensorinv(a), some(2, 2, 4), jax=False),
    case(
        "tensorinv, 1",
        lambda np, a: np.linalg.tensorinv(a, 1),
        some(4, 2, 2),
        jax=False,
    ),
]
