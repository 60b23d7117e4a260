"""Entry by entry: angles, hyperbolic functions, powers, remainders, signs."""

from inspect import signature

import numpy

from numpy_cases import case, positive, some, within

above = 1 + positive(3, 3)  # from 1 on
AXES = numpy.array([3.0, 0.0, -3.0, 0.0]), numpy.array([0.0, 2.0, 0.0, -2.0])
SIGNS = some(3)
MISSING = numpy.array([1.0, numpy.nan, -3.0])
INFINITE = numpy.array([numpy.nan, numpy.inf, -numpy.inf, 0.5])


QUESTIONS = (
    "sign floor ceil rint trunc round around signbit isfinite isnan isinf "
    "isreal iscomplexobj any all argmax argmin argsort nonzero argwhere "
    "flatnonzero count_nonzero nanargmax nanargmin imag isneginf"
)

CASES = [
    *(
        case(f"np.{name}(a)", some(3, 3))
        for name in ("exp", "sin", "cos", "tanh", "arctan", "expm1", "square", "abs")
    ),
    *(
        case(f"np.{name}(a)", positive(3, 3))
        for name in ("log", "sqrt", "log1p", "log2")
    ),
    *(
        case(f"np.{name}(a)", some(3, 3))
        for name in ("tan", "sinh", "cosh", "arcsinh", "exp2", "reciprocal", "cbrt")
    ),
    *(
        case(f"np.{name}(a)", within(3, 3))
        for name in ("arcsin", "arccos", "arctanh", "sinc")
    ),
    *(
        case(f"np.{name}(a)", some(3, 3))
        for name in ("deg2rad", "rad2deg", "radians", "degrees", "fabs", "sinc")
    ),
    case("np.log10(a)", positive(3, 3)),
    case("np.arccosh(a)", above),
    case("np.cos(a)", 0.5),
    # ------------------------------------------------------------- two arguments
    case("np.arctan2(a, b)", some(3, 3), some(3)),
    case("np.arctan2(a, -2.0)", some(3, 3)),
    case("np.arctan2(1.0, a)", some(3, 3)),
    case("np.arctan2(a, b)", *AXES),
    case("np.hypot(a, b)", some(3, 3), some(3, 1)),
    case("np.hypot(a, 2)", some(3)),
    case("np.logaddexp(a, b)", some(3, 3), some(3)),
    case("np.logaddexp(0, a)", some(3, 3)),
    case("np.logaddexp2(a, b)", some(3, 1), some(3)),
    case("np.float_power(a, 2.5)", positive(3, 3)),
    # ---------------------------------------------------------------- remainders
    case("a % 2", 3 * some(3, 3)),
    case("5 % a", some(3, 3)),
    case("a % b", 3 * some(3, 3), some(3)),
    case("np.mod(a, b)", 3 * some(3, 3), some(3)),
    case("np.remainder(a, 0.75)", 3 * some(3, 3)),
    case("np.fmod(a, b)", 3 * some(3, 3), some(3)),
    case("np.divmod(a, 2)[1]", 3 * some(3, 3)),
    case("divmod(a, 2)[1]", 3 * some(3, 3)),
    case("np.divmod(a, 2)[0]", some(3, 3), order=0),
    case("np.modf(a)[0]", 3 * some(3, 3)),
    case("np.mod(a, np.inf)", positive(3)),
    case("a // 2", 3 * some(3, 3), order=0),
    case("2 // a", some(3, 3), order=0),
    # --------------------------------------------------------------------- signs
    case("np.copysign(a, SIGNS.astype(a.dtype))", some(3, 3)),
    case("np.copysign(a, -1.0)", some(3)),
    case("np.fmax(a, b)", some(3, 3), some(3)),
    case("np.fmin(a, b)", some(3, 3), some(3)),
    case("np.fmax(a, MISSING.astype(a.dtype))", some(3)),
    case("np.nan_to_num(a) * a", some(3, 3)),
    case("np.nan_to_num(a + INFINITE.astype(a.dtype), nan=1.0, posinf=2.0)", some(4)),
    case("np.real(a) * a.real", some(3)),
    case("np.conj(a) * a.conj() * a.conjugate()", some(3)),
    case("np.clip(a, -1, 1)", some(3, 3)),
    case("np.clip(a, a_min=-1, a_max=None)", some(3, 3), jax=False),
    *(
        [case("np.clip(a, min=-1, max=1)", some(3))]
        if "min" in signature(numpy.clip).parameters  # since 2.1
        else []
    ),
    case("a.clip(-1, 1)", some(3, 3)),
    case("np.maximum(a, b)", some(3, 3), some(3)),
    case("np.minimum(a, 0.5)", some(3, 3)),
    case("np.where(a > 0, a, -2 * a)", some(3, 3)),
    # ------------------------------------------------------------------ questions
    *(case(f"np.{name}(a)", 3 * some(3, 3), order=0) for name in QUESTIONS.split()),
    *(
        case(f"a.{name}()", some(4), order=0)
        for name in ["any", "all", "argmax", "argmin", "argsort", "nonzero", "round"]
    ),
    case("np.round(a, 1)", some(3, 3), order=0),
    case("np.heaviside(a, 0.5)", some(3, 3), order=0),
    case("np.floor_divide(a, b)", some(3), some(3), order=0),
    case("np.searchsorted([-1, 0, 1], a)", some(3), order=0),
    case("np.digitize(a, [-1, 0, 1])", some(3, 3), order=0),
    case("np.lexsort((a, b))", some(3), some(3), order=0),
    case("np.histogram(a, bins=3)", some(9), order=0),
    case("np.argpartition(a, 1)[1:2]", some(3), order=0),
    case("np.where(a > 0)", some(3, 3), order=0),
    case("np.array_equiv(a, a)", some(3), order=0),
    case("np.isin(a, a[1:])", some(3), order=0),
]
CASES += [
    case("np.ldexp(a, [3, 0, -2])", some(3), jax=False),
    case("np.frexp(a)[0]", some(3, 3), jax=False),
    case("np.i0(a)", some(3, 3) * 3),
    case("np.negative(a)", some(3, 3)),
    case("np.positive(a) * 2", some(3)),
    case("np.divide(a, b)", some(3, 3), some(3)),
    case("np.real_if_close(a) * 2", some(3), jax=False),
]
