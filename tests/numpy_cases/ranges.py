"""Rows of numbers between two ends."""

from numpy_cases import case, positive, some

CASES = [
    case("linspace", lambda np, a, b: np.linspace(a, b, 5), some(), some()),
    case("linspace to a number", lambda np, a: np.linspace(a, 1.0, 4), some()),
    case(
        "linspace without the end",
        lambda np, a, b: np.linspace(a, b, num=4, endpoint=False),
        *(some(), some()),
    ),
    case(
        "linspace of one", lambda np, a, b: np.linspace(a, b, 1)[0] + b, some(), some()
    ),
    case(
        "linspace and its step",
        lambda np, a, b: np.linspace(a, b, 4, retstep=True),
        *(some(), some()),
    ),
    case(
        "linspace between rows",
        lambda np, a, b: np.linspace(a, b, 3),
        *(some(3), some(3)),
    ),
    case(
        "linspace along an axis",
        lambda np, a, b: np.linspace(a, b, 2, axis=-1),
        *(some(2, 1), some(2)),
    ),
    case("logspace", lambda np, a: np.logspace(a, 1.0, 3), some()),
    case(
        "logspace of a base",
        lambda np, a, b, base: np.logspace(a, b, 3, False, base),
        *(some(), some(), positive()),
        jax=False,
    ),
    case(
        "geomspace", lambda np, a, b: np.geomspace(a, b, 4), *(positive(), positive())
    ),
    case(
        "geomspace of negative numbers",
        lambda np, a, b: np.geomspace(-a, -b, 3, endpoint=False, axis=1),
        *(positive(2), positive(2)),
    ),
]
