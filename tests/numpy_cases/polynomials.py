"""Rows of coefficients: convolutions and polynomials."""

from numpy_cases import case, positive, some

CASES = [
    *(
        case(f"np.{name}(a, v, {mode!r})", some(n), some(m))
        for name in ("convolve", "correlate")
        for n, m in ((6, 2), (7, 3), (5, 4), (3, 3), (3, 6), (2, 5), (1, 1))
        for mode in ("full", "same", "valid")
    ),
    case("np.convolve(a, v)", some(5), some(3)),
    case("np.correlate(a, v)", some(5), some(3)),
    case("np.polyval(p, x)", some(4), some(3)),
    case("np.polyval([1.0, 0.0, -2.0], x)", some(3), jax=False),
    case("np.vander(x)", some(3)),
    case("np.vander(x, 2, increasing=True)", some(3)),
    case("np.vander(x, 4)", [0.0, 2.0], jax=False),
    # polynomials
    case("np.poly(z)", some(4)),
    case("np.polyadd(a, b)", some(4), some(2)),
    case("np.polyadd(a, b)", some(3), some(3)),
    case("np.polysub(a, b)", some(2), some(4)),
    case("np.polymul(a, b)", some(4), some(2)),
    case("np.polymul(a, b)", some(), some(3), jax=False),
    case("np.polymul(np.concatenate([a[:2] * 0, a]), b)", some(2), some(2), jax=False),
    *(
        case("np.polydiv(a, b)", some(n), positive(m), jax=False)
        for n, m in ((5, 3), (3, 3))
    ),
    case("np.polydiv(a, b)[0]", some(4), positive(1), jax=False),
    case("np.polyder(a)", some(4)),
    case("np.polyder(a, 2)", some(4)),
    case("np.polyint(a)", some(3)),
    case("np.polyint(a, 2, 0.5)", some(3)),
    case("np.polyint(a, 2, k)", some(3), some(2)),
]
