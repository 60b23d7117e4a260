"""By size and by place: sort, medians, quantiles, entries along an axis."""

import numpy

from numpy_cases import case, positive, some

GAPS = numpy.array([[0, 1, 0], [0, 0, 0], [1, 0, 1]], bool)
MASK = numpy.array([[True, False, True], [False, False, True], [True, True, False]])
INDEX = numpy.array([[2, 0, 0], [1, 1, 0], [0, 2, 1]])
WHICH = numpy.array([0, 2, 2])


def with_gaps(np, a):
    return np.where(GAPS, np.nan, a)


CASES = [
    # -------------------------------------------------------------------- sorting
    case("sort", lambda np, a: np.sort(a), some(7)),
    case("sort rows", lambda np, a: np.sort(a), some(3, 3)),
    case("sort columns", lambda np, a: np.sort(a, axis=0), some(3, 3)),
    case(
        "sort, stable", lambda np, a: np.sort(a, kind="stable"), some(3, 4), jax=False
    ),
    case("sort all", lambda np, a: np.sort(a, axis=None), some(3, 3)),
    case("sort down", lambda np, a: -np.sort(-a, axis=1), some(3, 4)),
    case("largest two", lambda np, a: np.sort(a)[..., -2:], some(3, 4)),
    case("by argsort", lambda np, a: a[np.argsort(a)], some(5)),
    case("partition", lambda np, a: np.partition(a, 2, axis=0)[2], some(5, 3)),
    case("partition of a row", lambda np, a: np.partition(a, 1)[1], some(4)),
    # ---------------------------------------------------------- medians, quantiles
    case("median", lambda np, a: np.median(a), some(5)),
    case("median of an even count", lambda np, a: np.median(a), some(3, 4)),
    case("median of columns", lambda np, a: np.median(a, axis=0), some(3, 3)),
    case("median of rows", lambda np, a: np.median(a, axis=-1), some(3, 4)),
    case(
        "median, kept axes",
        lambda np, a: a - np.median(a, axis=(0, 2), keepdims=True),
        some(3, 2, 3),
    ),
    case("median of a number", lambda np, a: np.median(a), some()),
    case("quantile", lambda np, a: np.quantile(a, 0.3), some(6)),
    case("quantile at an entry", lambda np, a: np.quantile(a, 0.25), some(5)),
    case("quantile of columns", lambda np, a: np.quantile(a, 0.9, axis=0), some(4, 3)),
    case(
        "several quantiles",
        lambda np, a: np.quantile(a, np.array([0.1, 0.5, 1.0]), axis=1),
        some(3, 4),
    ),
    case(
        "several quantiles, kept axes",
        lambda np, a: np.quantile(a, np.array([0.1, 0.7]), axis=(0, 1), keepdims=True),
        some(3, 3, 2),
    ),
    *(
        case(
            f"quantile, {method}",
            lambda np, a, method=method: np.quantile(a, 0.4, axis=0, method=method),
            some(4, 3),
        )
        for method in ("lower", "higher", "midpoint", "nearest")
    ),
    case("percentile", lambda np, a: np.percentile(a, 75), some(6)),
    case(
        "percentiles of rows",
        lambda np, a: np.percentile(a, np.array([25, 75]), axis=1),
        some(3, 4),
    ),
    case(
        "range between quartiles",
        lambda np, a: np.subtract(*np.percentile(a, np.array([75, 25]))),
        some(7),
    ),
    case("nanmedian", lambda np, a: np.nanmedian(with_gaps(np, a), axis=1), some(3, 3)),
    case("nanmedian of all", lambda np, a: np.nanmedian(with_gaps(np, a)), some(3, 3)),
    case(
        "nanquantile",
        lambda np, a: np.nanquantile(with_gaps(np, a), 0.3, axis=0),
        some(3, 3),
    ),
    case("nanpercentile", lambda np, a: np.nanpercentile(a, 30), some(3, 3)),
    # -------------------------------------------------------------------- extremes
    case("ptp", lambda np, a: np.ptp(a), some(3, 3)),
    case("ptp of rows", lambda np, a: np.ptp(a, axis=1), some(3, 3)),
    case("nanmax", lambda np, a: np.nanmax(with_gaps(np, a), axis=0), some(3, 3)),
    case("nanmin", lambda np, a: np.nanmin(with_gaps(np, a)), some(3, 3)),
    case("nanmax without NaN", lambda np, a: np.nanmax(a, axis=1), some(3, 3)),
    # ----------------------------------------------------------- entries by place
    case(
        "take_along_axis",
        lambda np, a: np.take_along_axis(a, INDEX, axis=0),
        some(3, 3),
    ),
    case(
        "take_along_axis by argsort",
        lambda np, a: np.take_along_axis(a, np.argsort(a, axis=1), axis=1),
        some(3, 4),
    ),
    case(
        "take_along_axis by argmax",
        lambda np, a: np.take_along_axis(a, np.argmax(a, axis=1)[:, None], axis=1),
        some(3, 4),
    ),
    case(
        "take_along_axis that repeats",
        lambda np, a: np.take_along_axis(a, INDEX[:, :1], axis=1),
        some(3, 3),
    ),
    case(
        "take_along_axis of all",
        lambda np, a: np.take_along_axis(a, WHICH, axis=None),
        some(3, 3),
    ),
    case("take", lambda np, a: np.take(a, WHICH), some(3, 3)),
    case("take rows", lambda np, a: np.take(a, WHICH, axis=0), some(3, 3)),
    case("take columns", lambda np, a: np.take(a, WHICH, axis=-1), some(3, 3)),
    case("take one", lambda np, a: np.take(a, 1, axis=1), some(3, 3)),
    case("take a table", lambda np, a: np.take(a, INDEX, axis=0), some(3, 2)),
    case("take, method", lambda np, a: a.take(WHICH, axis=1), some(3, 3)),
    case("take, clipped", lambda np, a: np.take(a, 5 * WHICH, 0, mode="clip"), some(3)),
    case(
        "take, wrapped", lambda np, a: np.take(a, -4 * WHICH, 0, mode="wrap"), some(3)
    ),
    case("compress", lambda np, a: np.compress(WHICH > 0, a, axis=1), some(3, 3)),
    case("compress, method", lambda np, a: a.compress(WHICH > 0, axis=0), some(3, 3)),
    case("compress of all", lambda np, a: np.compress(WHICH > 0, a), some(3, 3)),
    case("extract", lambda np, a: np.extract(MASK, a), some(3, 3)),
    case("by a mask", lambda np, a: a[a > 0], some(3, 3), jax=False),
    case(
        "choose", lambda np, a, b: np.choose(INDEX, [a, b, a * b]), some(3, 3), some(3)
    ),
    case(
        "select", lambda np, a: np.select([a < -1, a < 1], [-a, a * a], 3.0), some(3, 3)
    ),
    case(
        "select without default",
        lambda np, a, b: np.select([MASK, ~MASK[0]], [a, b]),
        some(3, 3),
        some(3),
    ),
    case("argsort", lambda np, a: np.argsort(a, axis=0), some(3, 3), order=0),
    case("argmax", lambda np, a: np.argmax(a, axis=1), positive(3, 3), order=0),
]
