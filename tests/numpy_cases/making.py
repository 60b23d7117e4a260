"""Arrays like another one, copies, other precisions; and what is said of a shape."""

import numpy

from numpy_cases import case, some

CASES = [
    case("copy", lambda np, a: np.copy(a) * 2, some(3, 3)),
    case("zeros_like", lambda np, a: np.zeros_like(a) + a, some(3, 3)),
    case("ones_like", lambda np, a: np.ones_like(a) * a, some(3, 3)),
    case("full_like", lambda np, a: np.full_like(a, 0.5) * a, some(3)),
    case("empty_like", lambda np, a: np.empty_like(a).shape, some(2, 3), order=0),
    case("shape", lambda np, a: np.shape(a), some(2, 3), order=0),
    case("size", lambda np, a: np.size(a), some(2, 3), order=0),
    case("ndim", lambda np, a: np.ndim(a), some(2, 3), order=0),
]

if hasattr(numpy, "astype"):  # since NumPy 2.1
    CASES.append(
        case("astype", lambda np, a: np.astype(a, a.dtype) * 2, some(3), jax=False)
    )
