"""Along an axis: differences, slopes, areas, interpolation."""

import numpy

from numpy_cases import case, positive, some

X = numpy.array([0.0, 1.0, 1.5, 3.0])  # coordinates
AT = numpy.array([0.5, -1.0, 2.9, 1.2, 4.0])

CASES = [
    # differences
    case("np.diff(a)", some(5), exactly=True),
    case("np.diff(a, axis=0)", some(3, 3)),
    case("np.diff(a, n=2, axis=-1)", some(3, 4)),
    case("np.diff(a * 1, n=0)", some(3)),
    case("np.diff(a, prepend=0.0)", some(4)),
    case("np.diff(a, axis=0, append=a[:1])", some(3, 3)),
    case("np.diff(a, axis=0, prepend=b, append=1.0)", some(3, 2), some(2, 2)),
    case("np.ediff1d(a)", some(2, 3)),
    case("np.ediff1d(a, to_end=b, to_begin=0.0)", some(3), some(2)),
    # slopes
    case("np.gradient(a)", some(5)),
    case("np.gradient(a, 0.25)", some(5)),
    case("np.gradient(a)", some(3, 4)),
    case("np.gradient(a, 0.5, 2.0)", some(3, 4)),
    case("np.gradient(a, axis=-1)", some(3, 3)),
    case("np.gradient(a, axis=(1, 0))", some(3, 3)),
    case("np.gradient(a, h)", some(4), positive()),
    case("np.gradient(a, X)", some(4)),
    case("np.gradient(a, x, axis=0)", some(4, 2), X, jax=False),
    case("np.gradient(a, edge_order=2)", some(5), jax=False),
    case("np.gradient(a, x, axis=1, edge_order=2)", some(2, 4), X, jax=False),
    case("np.gradient(a, 0.5)", some(2)),
    # areas
    case("np.trapezoid(y)", some(4)),
    case("np.trapezoid(y, dx=0.1, axis=0)", some(3, 3)),
    case("np.trapezoid(a, x)", some(4), X),
    case("np.trapezoid(a, x, axis=0)", some(4, 4), X),
    case("np.trapezoid(a, x=x, axis=-1)", some(3, 3), some(3, 3)),
    # angles
    case("np.unwrap(a)", [0.5, 3.0, -3.0, -1.0, 2.8]),
    case(
        "np.unwrap(a, axis=0, period=1.0, discont=0.7)",
        [[0.1, 0.9], [0.9, 0.05], [0.4, 0.5]],
    ),
    # interpolation
    case("np.interp(a, x, y)", AT, X, some(4)),
    case("np.interp(a, X.astype(a.dtype), y)", AT[:2], some(4)),
    case("np.interp(x, *np.array([X, X * X], x.dtype))", AT[0]),
    case("np.interp(x, *np.array([X, X * X], x.dtype))", some(2, 2)),
    case("np.interp(a, x, y, left=-1.0, right=7.0)", AT, X, some(4)),
    case("np.interp(a, x, y, period=4.0)", AT * 3, X[[2, 0, 3, 1]], some(4)),
]
