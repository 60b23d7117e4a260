"""Rows of numbers between two ends."""

from numpy_cases import case, positive, some

CASES = [
    case("np.linspace(a, b, 5)", some(), some()),
    case("np.linspace(a, 1.0, 4)", some()),
    case("np.linspace(a, b, num=4, endpoint=False)", some(), some()),
    case("np.linspace(a, b, 1)[0] + b", some(), some()),
    case("np.linspace(a, b, 4, retstep=True)", some(), some()),
    case("np.linspace(a, b, 3)", some(3), some(3)),
    case("np.linspace(a, b, 2, axis=-1)", some(2, 1), some(2)),
    case("np.logspace(a, 1.0, 3)", some()),
    case("np.logspace(a, b, 3, False, c)", some(), some(), positive(), jax=False),
    case("np.geomspace(a, b, 4)", positive(), positive()),
    case("np.geomspace(-a, -b, 3, endpoint=False, axis=1)", positive(2), positive(2)),
]
