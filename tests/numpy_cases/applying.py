"""Functions that apply a function."""

from numpy_cases import case, some

CASES = [
    case("np.piecewise(x, [x < 0, x >= 0], [lambda x: -x, np.sqrt])", some(6)),
    case("np.piecewise(x, [x > 1], [np.log, lambda x: x * x])", some(3, 3)),
    case("np.piecewise(x, [x < -1, x > 1], [-1.0, 1.0, np.sin])", some(6)),
    case("np.piecewise(x, [x > -1, x > 1], [np.exp, lambda x: 2 * x])", some(6)),
    case(
        "np.piecewise(a, a > 0, [lambda x, k: k * x, 0.5], b)",
        some(5),
        some(),
        jax=False,
    ),
    case("np.piecewise(x, [x > 0], [lambda x: x * x, lambda x: 3 * x])", some()),
    case("np.apply_along_axis(np.prod, 0, a)", some(3, 3)),
    case("np.apply_along_axis(lambda row: row * row[0], -1, a)", some(3, 3)),
    case("np.apply_along_axis(lambda row: row[:, None] * row, 1, a)", some(2, 3, 2)),
    case("np.apply_along_axis(np.sum, 1, a, keepdims=True)", some(3, 3)),
    case("np.apply_over_axes(np.sum, a, (0, -1))", some(2, 3, 2)),
]
