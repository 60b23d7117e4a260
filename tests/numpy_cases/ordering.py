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
    case("np.sort(a)", some(7)),
    case("np.sort(a)", some(3, 3)),
    case("np.sort(a, axis=0)", some(3, 3)),
    case("np.sort(a, kind='stable')", some(3, 4), jax=False),
    case("np.sort(a, axis=None)", some(3, 3)),
    case("-np.sort(-a, axis=1)", some(3, 4)),
    case("np.sort(a)[..., -2:]", some(3, 4)),
    case("a[np.argsort(a)]", some(5)),
    case("np.partition(a, 2, axis=0)[2]", some(5, 3)),
    case("np.partition(a, 1)[1]", some(4)),
    # ---------------------------------------------------------- medians, quantiles
    case("np.median(a)", some(5)),
    case("np.median(a)", some(3, 4)),
    case("np.median(a, axis=0)", some(3, 3)),
    case("np.median(a, axis=-1)", some(3, 4)),
    case("a - np.median(a, axis=(0, 2), keepdims=True)", some(3, 2, 3)),
    case("np.median(a)", some()),
    case("np.quantile(a, 0.3)", some(6)),
    case("np.quantile(a, 0.25)", some(5)),
    case("np.quantile(a, 0.9, axis=0)", some(4, 3)),
    case("np.quantile(a, np.array([0.1, 0.5, 1.0]), axis=1)", some(3, 4)),
    case(
        "np.quantile(a, np.array([0.1, 0.7]), axis=(0, 1), keepdims=True)",
        some(3, 3, 2),
    ),
    *(
        case(f"np.quantile(a, 0.4, axis=0, method={method!r})", some(4, 3))
        for method in ("lower", "higher", "midpoint", "nearest")
    ),
    case("np.percentile(a, 75)", some(6)),
    case("np.percentile(a, np.array([25, 75]), axis=1)", some(3, 4)),
    case("np.subtract(*np.percentile(a, np.array([75, 25])))", some(7)),
    case("np.nanmedian(with_gaps(np, a), axis=1)", some(3, 3)),
    case("np.nanmedian(with_gaps(np, a))", some(3, 3)),
    case("np.nanquantile(with_gaps(np, a), 0.3, axis=0)", some(3, 3)),
    case("np.nanpercentile(a, 30)", some(3, 3)),
    # -------------------------------------------------------------------- extremes
    case("np.ptp(a)", some(3, 3)),
    case("np.ptp(a, axis=1)", some(3, 3)),
    case("np.nanmax(with_gaps(np, a), axis=0)", some(3, 3)),
    case("np.nanmin(with_gaps(np, a))", some(3, 3)),
    case("np.nanmax(a, axis=1)", some(3, 3)),
    # ----------------------------------------------------------- entries by place
    case("np.take_along_axis(a, INDEX, axis=0)", some(3, 3)),
    case("np.take_along_axis(a, np.argsort(a, axis=1), axis=1)", some(3, 4)),
    case("np.take_along_axis(a, np.argmax(a, axis=1)[:, None], axis=1)", some(3, 4)),
    case("np.take_along_axis(a, INDEX[:, :1], axis=1)", some(3, 3)),
    case("np.take_along_axis(a, WHICH, axis=None)", some(3, 3)),
    case("np.take(a, WHICH)", some(3, 3)),
    case("np.take(a, WHICH, axis=0)", some(3, 3)),
    case("np.take(a, WHICH, axis=-1)", some(3, 3)),
    case("np.take(a, 1, axis=1)", some(3, 3)),
    case("np.take(a, INDEX, axis=0)", some(3, 2)),
    case("a.take(WHICH, axis=1)", some(3, 3)),
    case("np.take(a, 5 * WHICH, 0, mode='clip')", some(3)),
    case("np.take(a, -4 * WHICH, 0, mode='wrap')", some(3)),
    case("np.compress(WHICH > 0, a, axis=1)", some(3, 3)),
    case("a.compress(WHICH > 0, axis=0)", some(3, 3)),
    case("np.compress(WHICH > 0, a)", some(3, 3)),
    case("np.extract(MASK, a)", some(3, 3)),
    case("a[a > 0]", some(3, 3), jax=False),
    case("np.choose(INDEX, [a, b, a * b])", some(3, 3), some(3)),
    case("np.select([a < -1, a < 1], [-a, a * a], 3.0)", some(3, 3)),
    case("np.select([MASK, ~MASK[0]], [a, b])", some(3, 3), some(3)),
    case("np.argsort(a, axis=0)", some(3, 3), order=0),
    case("np.argmax(a, axis=1)", positive(3, 3), order=0),
]
