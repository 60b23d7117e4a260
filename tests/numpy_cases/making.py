"""Arrays like another one, copies, other precisions; and what is said of a shape."""

import numpy

from numpy_cases import case, some

CASES = [
    case("np.copy(a) * 2", some(3, 3)),
    case("np.zeros_like(a) + a", some(3, 3)),
    case("np.ones_like(a) * a", some(3, 3)),
    case("np.full_like(a, 0.5) * a", some(3)),
    case("np.empty_like(a).shape", some(2, 3), order=0),
    case("np.shape(a)", some(2, 3), order=0),
    case("np.size(a)", some(2, 3), order=0),
    case("np.ndim(a)", some(2, 3), order=0),
]

if hasattr(numpy, "astype"):  # since NumPy 2.1
    CASES.append(case("np.astype(a, a.dtype) * 2", some(3), jax=False))
