"""Inverses, linear systems, determinants, triangular factors, norms."""

import numpy as np

from numpy_cases import case, definite, some


def invertible(n):
    """Return a matrix far from singular, of which other rows come first."""
    return np.roll(some(n, n) + 4 * np.eye(n), 1, axis=0)


A2, A3, V, S = invertible(2), invertible(3), some(3), definite(3)
MANY = np.array([invertible(3), definite(3)])
B = some(3, 2)

CASES = [
    case("np.linalg.inv(a)", A2),
    case("np.linalg.inv(a)", A3),
    case("np.linalg.inv(a)", MANY),
    case("np.linalg.solve(a, b)", A3, V),
    case("np.linalg.solve(a, b)", A3, B),
    case("np.linalg.solve(a, b)", MANY, V),
    case("np.linalg.solve(a, b)", MANY, B),
    case("np.linalg.solve(a, b)", A3, some(2, 3, 1)),
    case("np.linalg.det(a)", A2),
    case("np.linalg.det(a)", A3),
    case("np.linalg.det(a)", some(4, 4)),
    case("np.linalg.det(a)", MANY),
    case("np.linalg.slogdet(a)[1]", A3),
    case("np.linalg.slogdet(a).logabsdet", MANY),
    case("np.linalg.slogdet(a)[0]", A3, order=0),
    case("np.linalg.slogdet(a).sign", MANY, order=0),
    case("np.linalg.cholesky(a)", S, jax=False),
    case("np.linalg.cholesky(a)", np.array([S, definite(3)]), jax=False),
    case("np.linalg.cholesky(a @ a.T + np.eye(3, dtype=a.dtype))", A3),
    case("np.linalg.matrix_power(a, 3)", A3),
    case("np.linalg.matrix_power(a, 0)", A3),
    case("np.linalg.matrix_power(a, 1)", A3),
    case("np.linalg.matrix_power(a, -2)", A2),
    case("np.linalg.norm(a)", V),
    case("np.linalg.norm(a)", A3),
    case("np.linalg.norm(a, axis=1)", A3),
    case("np.linalg.norm(a, axis=0, keepdims=True)", A3),
    case("np.linalg.norm(a, keepdims=True)", MANY),
    case("np.linalg.norm(a, axis=(1, 2))", MANY),
    case("np.linalg.norm(a - b)", V, some(3)),
    *(
        case(f"np.linalg.norm(a, {p})", V)
        for p in ("1", "2", "3", "2.5", "np.inf", "-np.inf")
    ),
    *(
        case(f"np.linalg.norm(a, {p}, axis=-1)", A3)
        for p in ("1", "2", "4", "np.inf", "-np.inf")
    ),
    *(
        case(f"np.linalg.norm(a, {p})", A3)
        for p in ("'fro'", "1", "-1", "np.inf", "-np.inf")
    ),
    *(
        case(f"np.linalg.norm(a, ord={p}, axis=(-1, 0), keepdims=True)", MANY)
        for p in ("'fro'", "1", "np.inf")
    ),
    case("np.linalg.norm(a, 0, axis=1)", A3, order=0),
    case("np.linalg.vector_norm(a)", A3),
    case("np.linalg.vector_norm(a, axis=(0, 2), ord=1)", MANY),
    case("np.linalg.matrix_norm(a)", MANY),
    case("np.linalg.matrix_norm(a, ord=1, keepdims=True)", MANY),
]

# What ufuncs do as methods; of jax.numpy only some are such.
OF_UFUNCS = [
    "np.add.reduce(a)",
    "np.add.reduce(a, axis=1)",
    "np.multiply.reduce(a)",
    "np.maximum.reduce(a)",
    "np.minimum.reduce(a, -1, keepdims=True)",
    "np.logaddexp.reduce(a)",
    "np.add.accumulate(a)",
    "np.multiply.accumulate(a, 1)",
    "np.multiply.outer(a, a[0])",
    "np.add.outer(a[0], a[1])",
    "np.subtract.outer(a[0], a[0])",
    "np.maximum.outer(a, a[0] * 1.01)",
]
CASES += [case(each, A3, jax=False) for each in OF_UFUNCS]
CASES += [
    *(
        case(f"np.linalg.cond(a, {p})", MANY if p == "'fro'" else A3)
        for p in ("1", "-1", "np.inf", "-np.inf", "'fro'")
    ),
    case("np.linalg.tensorsolve(a, b)", some(2, 2, 4), some(2, 2), jax=False),
    case(
        "np.linalg.tensorsolve(a, b, axes=(1,))",
        *(some(2, 4, 2), some(2, 2)),
        jax=False,
    ),
    case("np.linalg.tensorinv(a)", some(2, 2, 4), jax=False),
    case("np.linalg.tensorinv(a, 1)", some(4, 2, 2), jax=False),
]
