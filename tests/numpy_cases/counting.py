"""By value: unique entries, and sums over those that belong together."""

import numpy

from numpy_cases import case, some

IDS = numpy.array([3, 0, 3, 1])
DATA = numpy.array([0.1, 0.5, 1.0, 2.0, -1.0])

CASES = [
    case("np.bincount(IDS, w)", some(4)),
    case("np.bincount(IDS, w, 6)", some(4)),
    case("np.bincount(IDS, weights=w)", some(4)),
    case("np.histogram(DATA, [0, 0.5, 1, 2], weights=w)[0]", some(5), jax=False),
    case("np.histogram(DATA, 3, (-1.0, 1.0), weights=w)[0]", some(5)),
    case("np.histogram(DATA, 3, density=True, weights=w * w)[0]", some(5)),
    case("np.unique(a)", some(4), jax=False),
    case("np.unique(a[IDS])", some(4), jax=False),
    case("np.unique(a)", some(2, 3), jax=False),
    case("np.unique(a[[1, 0, 1]], axis=0)", some(3, 3), jax=False),
    case("np.unique(a[IDS], return_inverse=True)[0]", some(4), jax=False),
    # sets
    case("np.union1d(a, b)", some(2, 2), some(3), jax=False),
    case("np.intersect1d(a, a[::2] * 1.0)", some(5), jax=False),
    case("np.setdiff1d(a, a[1:3])", some(5), jax=False),
    case("np.setdiff1d(a, a[1:3], assume_unique=True)", some(5), jax=False),
    case("np.setxor1d(a[:3], a[2:] * 1.0)", some(5), jax=False),
]

if hasattr(numpy, "unique_values"):  # since NumPy 2.0
    CASES += [
        case("np.sort(np.unique_values(a[IDS]))", some(4), jax=False),
        case("np.unique_counts(a[IDS]).values", some(4), jax=False),
        case("np.unique_all(a[IDS]).values", some(4), jax=False),
        case("np.unique_inverse(a[IDS]).values", some(4), jax=False),
    ]
