"""Products, and running sums and products."""

import numpy

from numpy_cases import case, some

CASES = [
    case("np.maximum.accumulate(a)", some(7), jax=False),
    case("np.minimum.accumulate(a, axis=-1)", some(2, 3, 3), jax=False),
    case("np.add.reduceat(a, [0, 3, 2])", some(5), jax=False),
    case("np.add.reduceat(a, [1, 2], axis=1)", some(3, 3), jax=False),
    case("np.prod(a)", some(5)),
    case("a.prod(axis=-1)", some(3, 3)),
    case("np.prod(a, axis=0)", some(7, 2)),
    case("np.prod(a, 1, keepdims=True)", some(3, 4, 2)),
    case("np.prod(a, axis=(2, 0))", some(3, 2, 3)),
    case("np.prod(a, axis=0, where=np.eye(3, dtype=bool))", some(3, 3)),
    case("np.prod(a, initial=2.5)", some(3)),
    case("np.prod(a)", [2.0, 0.0, 3.0, 0.5]),
    case("np.prod(a)", some()),
    case("np.cumprod(a)", some(5)),
    case("np.cumprod(a, axis=-1)", some(3, 3)),
    case("a.cumprod(0)", some(5, 2)),
    case("a.cumprod()", some(2, 3)),
    case("a.cumprod()", [2.0, 0.0, 3.0, 0.0, 1.5]),
    case("np.cumsum(a)", some(2, 3)),
    case("a.cumsum()", some(4)),
    case("np.cumsum(a, 0)", some(3, 3)),
    case("a.cumsum(axis=-1)", some(3, 3)),
    case("np.cumsum(a)", some()),
    case("np.nanprod(np.where(np.eye(3) > 0, a, np.nan), axis=1)", some(3, 3)),
    case("np.nancumsum(np.where(np.eye(3) > 0, a, np.nan), axis=1)", some(3, 3)),
    case("np.nancumprod(np.where(np.eye(2) > 0, a, np.nan))", some(2, 2)),
]

if hasattr(numpy, "cumulative_sum"):  # since NumPy 2.1
    CASES += [
        case("np.cumulative_sum(a)", some(4)),
        case("np.cumulative_sum(a, axis=-1, include_initial=True)", some(3, 3)),
        case("np.cumulative_prod(a, axis=0, include_initial=True)", some(3, 3)),
    ]
