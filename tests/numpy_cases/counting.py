"""By value: unique entries, and sums over those that belong together."""

import numpy

from numpy_cases import case, some

IDS = numpy.array([3, 0, 3, 1])
DATA = numpy.array([0.1, 0.5, 1.0, 2.0, -1.0])

CASES = [
    case("bincount", lambda np, w: np.bincount(IDS, w), some(4)),
    case("bincount minlength", lambda np, w: np.bincount(IDS, w, 6), some(4)),
    case("bincount weights=", lambda np, w: np.bincount(IDS, weights=w), some(4)),
    case(
        "histogram of weights",
        lambda np, w: np.histogram(DATA, [0, 0.5, 1, 2], weights=w)[0],
        some(5),
        jax=False,
    ),
    case(
        "histogram of equal bins",
        lambda np, w: np.histogram(DATA, 3, (-1.0, 1.0), weights=w)[0],
        some(5),
    ),
    case(
        "density",
        lambda np, w: np.histogram(DATA, 3, density=True, weights=w * w)[0],
        some(5),
    ),
    case("unique", lambda np, a: np.unique(a), some(4), jax=False),
    case("unique of repeated", lambda np, a: np.unique(a[IDS]), some(4), jax=False),
    case("unique matrix", lambda np, a: np.unique(a), some(2, 3), jax=False),
    case(
        "unique rows",
        lambda np, a: np.unique(a[[1, 0, 1]], axis=0),
        some(3, 3),
        jax=False,
    ),
    case(
        "unique and inverse",
        lambda np, a: np.unique(a[IDS], return_inverse=True)[0],
        some(4),
        jax=False,
    ),
    # sets
    case("union1d", lambda np, a, b: np.union1d(a, b), some(2, 2), some(3), jax=False),
    case(
        "intersect1d", lambda np, a: np.intersect1d(a, a[::2] * 1.0), some(5), jax=False
    ),
    case("setdiff1d", lambda np, a: np.setdiff1d(a, a[1:3]), some(5), jax=False),
    case(
        "setdiff1d in their order",
        lambda np, a: np.setdiff1d(a, a[1:3], assume_unique=True),
        some(5),
        jax=False,
    ),
    case("setxor1d", lambda np, a: np.setxor1d(a[:3], a[2:] * 1.0), some(5), jax=False),
]

if hasattr(numpy, "unique_values"):  # since NumPy 2.0
    CASES += [
        case(
            "unique_values",
            lambda np, a: np.sort(np.unique_values(a[IDS])),
            some(4),
            jax=False,
        ),
        case(
            "unique_counts",
            lambda np, a: np.unique_counts(a[IDS]).values,
            some(4),
            jax=False,
        ),
        case(
            "unique_all", lambda np, a: np.unique_all(a[IDS]).values, some(4), jax=False
        ),
        case(
            "unique_inverse",
            lambda np, a: np.unique_inverse(a[IDS]).values,
            some(4),
            jax=False,
        ),
    ]
