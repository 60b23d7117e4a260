"""Products, and running sums and products."""

import numpy

from numpy_cases import case, some

CASES = [
    case(
        "maximum.accumulate", lambda np, a: np.maximum.accumulate(a), some(7), jax=False
    ),
    case(
        "minimum.accumulate of rows",
        lambda np, a: np.minimum.accumulate(a, axis=-1),
        some(2, 3, 3),
        jax=False,
    ),
    case(
        "add.reduceat", lambda np, a: np.add.reduceat(a, [0, 3, 2]), some(5), jax=False
    ),
    case(
        "add.reduceat of rows",
        lambda np, a: np.add.reduceat(a, [1, 2], axis=1),
        some(3, 3),
        jax=False,
    ),
    case("prod", lambda np, a: np.prod(a), some(5)),
    case("prod of a method", lambda np, a: a.prod(axis=-1), some(3, 3)),
    case("prod of columns", lambda np, a: np.prod(a, axis=0), some(7, 2)),
    case("prod kept", lambda np, a: np.prod(a, 1, keepdims=True), some(3, 4, 2)),
    case("prod of two axes", lambda np, a: np.prod(a, axis=(2, 0)), some(3, 2, 3)),
    case(
        "prod where",
        lambda np, a: np.prod(a, axis=0, where=np.eye(3, dtype=bool)),
        some(3, 3),
    ),
    case("prod from a start", lambda np, a: np.prod(a, initial=2.5), some(3)),
    case("prod with a zero", lambda np, a: np.prod(a), [2.0, 0.0, 3.0, 0.5]),
    case("prod of one number", lambda np, a: np.prod(a), some()),
    case("cumprod", lambda np, a: np.cumprod(a), some(5)),
    case("cumprod of rows", lambda np, a: np.cumprod(a, axis=-1), some(3, 3)),
    case("cumprod of a method", lambda np, a: a.cumprod(0), some(5, 2)),
    case("cumprod in a row", lambda np, a: a.cumprod(), some(2, 3)),
    case("cumprod with zeros", lambda np, a: a.cumprod(), [2.0, 0.0, 3.0, 0.0, 1.5]),
    case("cumsum in a row", lambda np, a: np.cumsum(a), some(2, 3)),
    case("cumsum", lambda np, a: a.cumsum(), some(4)),
    case("cumsum of columns", lambda np, a: np.cumsum(a, 0), some(3, 3)),
    case("cumsum of rows", lambda np, a: a.cumsum(axis=-1), some(3, 3)),
    case("cumsum of a number", lambda np, a: np.cumsum(a), some()),
    case(
        "nanprod",
        lambda np, a: np.nanprod(np.where(numpy.eye(3) > 0, a, numpy.nan), axis=1),
        some(3, 3),
    ),
    case(
        "nancumsum",
        lambda np, a: np.nancumsum(np.where(numpy.eye(3) > 0, a, numpy.nan), axis=1),
        some(3, 3),
    ),
    case(
        "nancumprod",
        lambda np, a: np.nancumprod(np.where(numpy.eye(2) > 0, a, numpy.nan)),
        some(2, 2),
    ),
]

if hasattr(numpy, "cumulative_sum"):  # since NumPy 2.1
    CASES += [
        case("cumulative_sum", lambda np, a: np.cumulative_sum(a), some(4)),
        case(
            "cumulative_sum from nothing",
            lambda np, a: np.cumulative_sum(a, axis=-1, include_initial=True),
            some(3, 3),
        ),
        case(
            "cumulative_prod from nothing",
            lambda np, a: np.cumulative_prod(a, axis=0, include_initial=True),
            some(3, 3),
        ),
    ]
