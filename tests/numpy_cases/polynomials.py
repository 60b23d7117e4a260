"""Rows of coefficients: convolutions and polynomials."""

from numpy_cases import case, positive, some

CASES = [
    *(
        case(
            f"{name} {n} with {m}, {mode}",
            lambda np, a, v, name=name, mode=mode: getattr(np, name)(a, v, mode),
            *(some(n), some(m)),
        )
        for name in ("convolve", "correlate")
        for n, m in ((6, 2), (7, 3), (5, 4), (3, 3), (3, 6), (2, 5), (1, 1))
        for mode in ("full", "same", "valid")
    ),
    case("convolve", lambda np, a, v: np.convolve(a, v), some(5), some(3)),
    case("correlate", lambda np, a, v: np.correlate(a, v), some(5), some(3)),
    case("polyval", lambda np, p, x: np.polyval(p, x), some(4), some(3)),
    case(
        "polyval of numbers",
        lambda np, x: np.polyval([1.0, 0.0, -2.0], x),
        some(3),
        jax=False,
    ),
    case("vander", lambda np, x: np.vander(x), some(3)),
    case("vander, N", lambda np, x: np.vander(x, 2, increasing=True), some(3)),
    case("vander at 0", lambda np, x: np.vander(x, 4), [0.0, 2.0], jax=False),
    # polynomials
    case("poly", lambda np, z: np.poly(z), some(4)),
    case("polyadd", lambda np, a, b: np.polyadd(a, b), some(4), some(2)),
    case("polyadd of as many", lambda np, a, b: np.polyadd(a, b), some(3), some(3)),
    case("polysub", lambda np, a, b: np.polysub(a, b), some(2), some(4)),
    case("polymul", lambda np, a, b: np.polymul(a, b), some(4), some(2)),
    case(
        "polymul of a number",
        lambda np, a, b: np.polymul(a, b),
        some(),
        some(3),
        jax=False,
    ),
    case(
        "polymul after zeros",
        lambda np, a, b: np.polymul(np.concatenate([a[:2] * 0, a]), b),
        *(some(2), some(2)),
        jax=False,
    ),
    *(
        case(
            f"polydiv of {n} by {m}",
            lambda np, a, b: np.polydiv(a, b),
            *(some(n), positive(m)),
            jax=False,
        )
        for n, m in ((5, 3), (3, 3))
    ),
    case(
        "polydiv by a number",
        lambda np, a, b: np.polydiv(a, b)[0],
        *(some(4), positive(1)),
        jax=False,
    ),
    case("polyder", lambda np, a: np.polyder(a), some(4)),
    case("polyder twice", lambda np, a: np.polyder(a, 2), some(4)),
    case("polyint", lambda np, a: np.polyint(a), some(3)),
    case("polyint twice", lambda np, a: np.polyint(a, 2, 0.5), some(3)),
    case(
        "polyint from constants", lambda np, a, k: np.polyint(a, 2, k), some(3), some(2)
    ),
]
