"""What `np.f(t)` means: NumPy asks here whenever it meets a Tensor.

    NUMPY_FACE      a function of NumPy, and ours: a row, or a composite
    UFUNC_METHODS   (ufunc, method) and ours: what np.add.reduce(t) means
    QUESTIONS       functions whose answer is a choice: it comes as NumPy gives it

Rows enter themselves, `minigrad.operators` enters the composites. What stands nowhere
is refused in one sentence, which names the function as it was called.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.leaving import WRITABLE
from minigrad.messages import explained, named
from minigrad.numpy_protocol.array_like import ArrayLike, plain
from minigrad.numpy_protocol.foreign_names import NUMPY
from minigrad.types import Options

NUMPY_FACE: dict[Callable[..., object], Callable[..., object]] = {}
UFUNC_METHODS: dict[tuple[np.ufunc, str], Callable[..., object]] = {}
_CHOICES = (
    "all allclose angle any argmax argmin argpartition argsort argwhere around "
    "array2string array_equal array_equiv array_repr array_str can_cast ceil "
    "count_nonzero diag_indices_from digitize einsum_path fix flatnonzero floor "
    "floor_divide heaviside histogram2d histogram_bin_edges histogramdd imag isclose "
    "iscomplex iscomplexobj isin isneginf isposinf isreal isrealobj lexsort "
    "may_share_memory min_scalar_type nanargmax nanargmin nonzero ravel_multi_index "
    "result_type rint round searchsorted shares_memory sign spacing tril_indices_from "
    "triu_indices_from trunc unravel_index"
)
QUESTIONS = frozenset(getattr(np, name) for name in _CHOICES.split()) | {
    np.linalg.matrix_rank
}


def array_ufunc(
    self: ArrayLike, ufunc: np.ufunc, method: str, *inputs: object, **options: object
) -> object:
    """Answer a ufunc, or one of its methods, that was given a Tensor."""
    if _is_for_another(self, options):
        return NotImplemented
    ours = NUMPY_FACE.get(ufunc) if method == "__call__" else None
    if ours and (not options or _fits(ours, inputs, options)):
        return ours(*inputs, **options)
    if method == "__call__" and (ufunc in QUESTIONS or is_question(ufunc)):
        return answer(ufunc, *inputs, **options)
    ours = UFUNC_METHODS.get((ufunc, method))
    if ours and _fits(ours, inputs, options):
        return ours(*inputs, **options)
    raise _unsupported(ufunc, method, inputs, options)


def array_function(
    self: ArrayLike,
    function: Callable[..., object],
    types: Sequence[type],
    args: tuple[object, ...],
    options: Options,
) -> object:
    """Answer any other function of NumPy that was given a Tensor."""
    args, options = by_name(function, args, options)
    if _is_for_another(self, options):
        return NotImplemented
    weighted = isinstance(options.get("weights"), ArrayLike)
    if function in QUESTIONS and not weighted:
        return answer(function, *args, **options)
    ours = NUMPY_FACE.get(function)
    if ours and _fits(ours, args, options):
        return ours(*args, **options)
    if ours and "dtype" in options:
        # np.sum(t, dtype=float): first the precision, then the function.
        rest: dict[str, Any] = dict(options)
        dtype = rest.pop("dtype")
        a, *others = args or (rest.pop("a", None),)
        if isinstance(a, ArrayLike):
            return function(a.astype(dtype or a.dtype), *others, **rest)
    raise _unsupported(function, "__call__", args, options)


ArrayLike.__array_ufunc__ = array_ufunc  # type: ignore[assignment, method-assign]
ArrayLike.__array_function__ = array_function  # type: ignore[assignment, method-assign]


def by_name(
    function: Callable[..., object], args: tuple[object, ...], options: Options
) -> tuple[tuple[Any, ...], Options]:
    """Give what comes from dtype or out on by its name: np.sum(t, 0, None, out).

    Where they are None they are left out: ours have other arguments in their places.
    """
    names, first = _names(function)
    given = options | dict(zip(names[first:], args[first:], strict=False))
    for name in ("dtype", "out"):
        if name in given and given[name] is None:
            given = {k: value for k, value in given.items() if k != name}
    return args[:first], given


@functools.cache
def _names(function: Callable[..., object]) -> tuple[tuple[str, ...], int]:
    """Return the names of a function's arguments, and where dtype or out is."""
    try:
        parameters = _signature(function).parameters
    except (TypeError, ValueError):  # of some that are written in C
        return (), 99
    if any(each.kind is each.VAR_POSITIONAL for each in parameters.values()):
        return (), 99
    names = tuple(parameters)
    return names, min(names.index(k) if k in names else 99 for k in ("dtype", "out"))


def _is_for_another(self: ArrayLike, options: Options) -> bool:
    """Is the result to be written into an array of another kind, which knows how?"""
    out = options.get("out")
    each = out if isinstance(out, tuple) else (out,)
    return any(isinstance(o, ArrayLike) and not isinstance(o, type(self)) for o in each)


def answer(question: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Return what NumPy says of the numbers: plain numbers, which are a choice."""
    numbers = {name: _all_plain(value) for name, value in options.items()}
    try:
        return question(*_all_plain(args), **numbers)
    except (TypeError, ValueError, IndexError) as error:
        kind = type(error) if type(error) in (TypeError, IndexError) else ValueError
        raise explained(
            kind,
            f"np.{getattr(question, '__name__', question)} of a Tensor",
            named(args),
            f"its answer is that of NumPy, which says: {error}",
            "give it what it asks for: entries, and axes and places that exist.",
        ) from error


def _all_plain(value: Any) -> Any:
    if type(value) in (list, tuple):
        return type(value)([_all_plain(each) for each in value])
    return plain(value)


_signature = functools.cache(inspect.signature)


def _fits(
    function: Callable[..., object], args: tuple[object, ...], options: Options
) -> bool:
    try:
        _signature(function).bind(*args, **options)
    except TypeError:
        return False
    return True


def is_question(ufunc: object) -> bool:
    """Is this a ufunc whose answer is true or false (np.isfinite, np.less, ...)?"""
    loops = [loop for loop in getattr(ufunc, "types", ()) if "O" not in loop]
    return bool(loops) and all(loop.endswith("?") for loop in loops)


def _parameters(function: Callable[..., object]) -> str:
    """Write what a function takes as in a call: a, axis=None."""
    bare = (
        p.replace(annotation=inspect.Parameter.empty)
        for p in _signature(function).parameters.values()
    )
    return ", ".join(map(str, bare))


def _unsupported(
    function: Callable[..., object],
    method: str,
    args: tuple[object, ...],
    options: Options,
) -> TypeError:
    """Say what is not recorded: a NumPy function, or the way in which it was called."""
    name = getattr(function, "__name__", str(function))
    module = getattr(function, "__module__", None) or "numpy"  # that of a ufunc
    asked = module.replace("numpy", "np", 1) + f".{name}"
    if method != "__call__":
        asked += f".{method}"
    others = (
        "compose it from primitives, add a row (docs: add your own op), or use t.data "
        "if no gradient is needed."
    )
    if method == "__call__" and function in NUMPY_FACE:
        given = ", ".join(f"{name}=" for name in sorted(options))
        given = f" (with {given})" if given else ""
        takes = _parameters(NUMPY_FACE[function])
        why = f"{asked} is recorded as {name}({takes}): this call is other{given}."
        fix = f"call it like that; or {others}"
        if "out" in options:
            fix = (
                f"an out= array (in a += t, a) cannot remember how it was made: write "
                f"t = {asked}(...); or {WRITABLE}."
            )
    elif method == "at":
        why = "NumPy's own array cannot remember what was added to it."
        fix = f"{WRITABLE}."
    else:
        code, _, remark = NUMPY.get(name, "").partition("  # ")
        why = f"{asked} is not recorded, so nothing says what its derivative is."
        fix = f"write {code}{remark and f': {remark}'}; or {others}" if code else others
    return explained(TypeError, f"{asked} of a Tensor", named(args), why, fix)
