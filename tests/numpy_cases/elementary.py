"""Entry by entry: angles, hyperbolic functions, powers, remainders, signs."""

from inspect import signature

import numpy

from numpy_cases import case, positive, some, within

above = 1 + positive(3, 3)  # from 1 on
AXES = numpy.array([3.0, 0.0, -3.0, 0.0]), numpy.array([0.0, 2.0, 0.0, -2.0])
SIGNS = some(3)
MISSING = numpy.array([1.0, numpy.nan, -3.0])
INFINITE = numpy.array([numpy.nan, numpy.inf, -numpy.inf, 0.5])


def unary(name, args, **more):
    """Return the function as NumPy calls it, and as a method where it is one."""
    return case(name, lambda np, a: getattr(np, name)(a), args, **more)


QUESTIONS = (
    "sign floor ceil rint trunc round around signbit isfinite isnan isinf "
    "isreal iscomplexobj any all argmax argmin argsort nonzero argwhere "
    "flatnonzero count_nonzero nanargmax nanargmin imag isneginf"
)

CASES = [
    *(
        unary(name, some(3, 3))
        for name in ("exp", "sin", "cos", "tanh", "arctan", "expm1", "square", "abs")
    ),
    *(unary(name, positive(3, 3)) for name in ("log", "sqrt", "log1p", "log2")),
    *(
        unary(name, some(3, 3))
        for name in ("tan", "sinh", "cosh", "arcsinh", "exp2", "reciprocal", "cbrt")
    ),
    *(unary(name, within(3, 3)) for name in ("arcsin", "arccos", "arctanh", "sinc")),
    *(
        unary(name, some(3, 3))
        for name in ("deg2rad", "rad2deg", "radians", "degrees", "fabs", "sinc")
    ),
    unary("log10", positive(3, 3)),
    unary("arccosh", above),
    unary("cos", 0.5),
    # ------------------------------------------------------------- two arguments
    case("arctan2", lambda np, a, b: np.arctan2(a, b), some(3, 3), some(3)),
    case("arctan2 of a number", lambda np, a: np.arctan2(a, -2.0), some(3, 3)),
    case("arctan2 of a number first", lambda np, a: np.arctan2(1.0, a), some(3, 3)),
    case("arctan2 on the axes", lambda np, a, b: np.arctan2(a, b), *AXES),
    case("hypot", lambda np, a, b: np.hypot(a, b), some(3, 3), some(3, 1)),
    case("hypot with a number", lambda np, a: np.hypot(a, 2), some(3)),
    case("logaddexp", lambda np, a, b: np.logaddexp(a, b), some(3, 3), some(3)),
    case("logaddexp of a number", lambda np, a: np.logaddexp(0, a), some(3, 3)),
    case("logaddexp2", lambda np, a, b: np.logaddexp2(a, b), some(3, 1), some(3)),
    case("float_power", lambda np, a: np.float_power(a, 2.5), positive(3, 3)),
    # ---------------------------------------------------------------- remainders
    case("t % 2", lambda np, a: a % 2, 3 * some(3, 3)),
    case("5 % t", lambda np, a: 5 % a, some(3, 3)),
    case("t % u", lambda np, a, b: a % b, 3 * some(3, 3), some(3)),
    case("mod", lambda np, a, b: np.mod(a, b), 3 * some(3, 3), some(3)),
    case("remainder", lambda np, a: np.remainder(a, 0.75), 3 * some(3, 3)),
    case("fmod", lambda np, a, b: np.fmod(a, b), 3 * some(3, 3), some(3)),
    case("divmod, its rest", lambda np, a: np.divmod(a, 2)[1], 3 * some(3, 3)),
    case("divmod of Python", lambda np, a: divmod(a, 2)[1], 3 * some(3, 3)),
    case("divmod, its quotient", lambda np, a: np.divmod(a, 2)[0], some(3, 3), order=0),
    case("modf", lambda np, a: np.modf(a)[0], 3 * some(3, 3)),
    case("mod of infinity", lambda np, a: np.mod(a, np.inf), positive(3)),
    case("t // 2", lambda np, a: a // 2, 3 * some(3, 3), order=0),
    case("2 // t", lambda np, a: 2 // a, some(3, 3), order=0),
    # --------------------------------------------------------------------- signs
    case("copysign", lambda np, a: np.copysign(a, SIGNS.astype(a.dtype)), some(3, 3)),
    case("copysign of a number", lambda np, a: np.copysign(a, -1.0), some(3)),
    case("fmax", lambda np, a, b: np.fmax(a, b), some(3, 3), some(3)),
    case("fmin", lambda np, a, b: np.fmin(a, b), some(3, 3), some(3)),
    case("fmax beside NaN", lambda np, a: np.fmax(a, MISSING.astype(a.dtype)), some(3)),
    case("nan_to_num", lambda np, a: np.nan_to_num(a) * a, some(3, 3)),
    case(
        "nan_to_num of what is missing",
        lambda np, a: np.nan_to_num(a + INFINITE.astype(a.dtype), nan=1.0, posinf=2.0),
        some(4),
    ),
    case("real", lambda np, a: np.real(a) * a.real, some(3)),
    case("conj", lambda np, a: np.conj(a) * a.conj() * a.conjugate(), some(3)),
    case("clip", lambda np, a: np.clip(a, -1, 1), some(3, 3)),
    case(
        "clip by names",
        lambda np, a: np.clip(a, a_min=-1, a_max=None),
        some(3, 3),
        jax=False,
    ),
    *(
        [case("clip by new names", lambda np, a: np.clip(a, min=-1, max=1), some(3))]
        if "min" in signature(numpy.clip).parameters  # since 2.1
        else []
    ),
    case("clip, method", lambda np, a: a.clip(-1, 1), some(3, 3)),
    case("maximum", lambda np, a, b: np.maximum(a, b), some(3, 3), some(3)),
    case("minimum", lambda np, a: np.minimum(a, 0.5), some(3, 3)),
    case("where", lambda np, a: np.where(a > 0, a, -2 * a), some(3, 3)),
    # ------------------------------------------------------------------ questions
    *(
        case(
            name, lambda np, a, name=name: getattr(np, name)(a), 3 * some(3, 3), order=0
        )
        for name in QUESTIONS.split()
    ),
    *(
        case(
            f"t.{name}()", lambda np, a, name=name: getattr(a, name)(), some(4), order=0
        )
        for name in ["any", "all", "argmax", "argmin", "argsort", "nonzero", "round"]
    ),
    case("round to digits", lambda np, a: np.round(a, 1), some(3, 3), order=0),
    case("heaviside", lambda np, a: np.heaviside(a, 0.5), some(3, 3), order=0),
    case(
        "floor_divide",
        lambda np, a, b: np.floor_divide(a, b),
        some(3),
        some(3),
        order=0,
    ),
    case(
        "searchsorted", lambda np, a: np.searchsorted([-1, 0, 1], a), some(3), order=0
    ),
    case("digitize", lambda np, a: np.digitize(a, [-1, 0, 1]), some(3, 3), order=0),
    case("lexsort", lambda np, a, b: np.lexsort((a, b)), some(3), some(3), order=0),
    case("histogram", lambda np, a: np.histogram(a, bins=3), some(9), order=0),
    case("argpartition", lambda np, a: np.argpartition(a, 1)[1:2], some(3), order=0),
    case("where of one", lambda np, a: np.where(a > 0), some(3, 3), order=0),
    case("array_equiv", lambda np, a: np.array_equiv(a, a), some(3), order=0),
    case("isin", lambda np, a: np.isin(a, a[1:]), some(3), order=0),
]
CASES += [
    case("ldexp", lambda np, a: np.ldexp(a, [3, 0, -2]), some(3), jax=False),
    case("frexp", lambda np, a: np.frexp(a)[0], some(3, 3), jax=False),
    case("i0", lambda np, a: np.i0(a), some(3, 3) * 3),
    case("negative", lambda np, a: np.negative(a), some(3, 3)),
    case("positive", lambda np, a: np.positive(a) * 2, some(3)),
    case("divide", lambda np, a, b: np.divide(a, b), some(3, 3), some(3)),
    case("real_if_close", lambda np, a: np.real_if_close(a) * 2, some(3), jax=False),
]
