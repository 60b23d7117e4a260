"""Along an axis: differences, slopes, areas, interpolation."""

import numpy

from numpy_cases import case, positive, some

X = numpy.array([0.0, 1.0, 1.5, 3.0])  # coordinates
AT = numpy.array([0.5, -1.0, 2.9, 1.2, 4.0])

CASES = [
    # differences
    case("diff", lambda np, a: np.diff(a), some(5), exactly=True),
    case("diff of columns", lambda np, a: np.diff(a, axis=0), some(3, 3)),
    case("diff twice", lambda np, a: np.diff(a, n=2, axis=-1), some(3, 4)),
    case("diff no time", lambda np, a: np.diff(a * 1, n=0), some(3)),
    case("diff after a number", lambda np, a: np.diff(a, prepend=0.0), some(4)),
    case("diff before it", lambda np, a: np.diff(a, axis=0, append=a[:1]), some(3, 3)),
    case(
        "diff between rows",
        lambda np, a, b: np.diff(a, axis=0, prepend=b, append=1.0),
        *(some(3, 2), some(2, 2)),
    ),
    case("ediff1d", lambda np, a: np.ediff1d(a), some(2, 3)),
    case(
        "ediff1d between ends",
        lambda np, a, b: np.ediff1d(a, to_end=b, to_begin=0.0),
        *(some(3), some(2)),
    ),
    # slopes
    case("gradient", lambda np, a: np.gradient(a), some(5)),
    case("gradient, step", lambda np, a: np.gradient(a, 0.25), some(5)),
    case("gradient of two axes", lambda np, a: np.gradient(a), some(3, 4)),
    case("gradient, steps", lambda np, a: np.gradient(a, 0.5, 2.0), some(3, 4)),
    case("gradient of an axis", lambda np, a: np.gradient(a, axis=-1), some(3, 3)),
    case("gradient of axes", lambda np, a: np.gradient(a, axis=(1, 0)), some(3, 3)),
    case("gradient, a step", lambda np, a, h: np.gradient(a, h), some(4), positive()),
    case("gradient at coordinates", lambda np, a: np.gradient(a, X), some(4)),
    case(
        "gradient at recorded coordinates",
        lambda np, a, x: np.gradient(a, x, axis=0),
        *(some(4, 2), X),
        jax=False,
    ),
    case(
        "gradient, edges",
        lambda np, a: np.gradient(a, edge_order=2),
        some(5),
        jax=False,
    ),
    case(
        "gradient at coordinates, edges",
        lambda np, a, x: np.gradient(a, x, axis=1, edge_order=2),
        *(some(2, 4), X),
        jax=False,
    ),
    case("gradient of two", lambda np, a: np.gradient(a, 0.5), some(2)),
    # areas
    case("trapezoid", lambda np, y: np.trapezoid(y), some(4)),
    case("trapezoid, step", lambda np, y: np.trapezoid(y, dx=0.1, axis=0), some(3, 3)),
    case("trapezoid, x", lambda np, y, x: np.trapezoid(y, x), some(4), X),
    case(
        "trapezoid of columns",
        lambda np, y, x: np.trapezoid(y, x, axis=0),
        *(some(4, 4), X),
    ),
    case(
        "trapezoid, an x each",
        lambda np, y, x: np.trapezoid(y, x=x, axis=-1),
        *(some(3, 3), some(3, 3)),
    ),
    # angles
    case("unwrap", lambda np, a: np.unwrap(a), [0.5, 3.0, -3.0, -1.0, 2.8]),
    case(
        "unwrap columns",
        lambda np, a: np.unwrap(a, axis=0, period=1.0, discont=0.7),
        [[0.1, 0.9], [0.9, 0.05], [0.4, 0.5]],
    ),
    # interpolation
    case("interp", lambda np, x, xp, fp: np.interp(x, xp, fp), *(AT, X, some(4))),
    case(
        "interp, points",
        lambda np, x, fp: np.interp(x, X.astype(x.dtype), fp),
        AT[:2],
        some(4),
    ),
    case(
        "interp of a number",
        lambda np, x: np.interp(x, *np.array([X, X * X], x.dtype)),
        AT[0],
    ),
    case(
        "interp of a matrix",
        lambda np, x: np.interp(x, *np.array([X, X * X], x.dtype)),
        some(2, 2),
    ),
    case(
        "interp, outside",
        lambda np, x, xp, fp: np.interp(x, xp, fp, left=-1.0, right=7.0),
        *(AT, X, some(4)),
    ),
    case(
        "interp, period",
        lambda np, x, xp, fp: np.interp(x, xp, fp, period=4.0),
        *(AT * 3, X[[2, 0, 3, 1]], some(4)),
    ),
]
