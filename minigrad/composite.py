"""A composite is a function written with primitives, and it has a name on the record.

    @composite
    def mish(x):
        return x * mg.tanh(mg.softplus(x))

What is recorded while it runs belongs to a call of `mish`: a tape prints it, a picture
draws one node for it, equations and messages say it. `Call.within` is the call that
made this one, so a reading may open what it shows: a cross-entropy, in it a
log-softmax.

A function that takes a branch records the answer, a mask or a sign, as a constant. The
question is the function's own, and it says it, for whoever asks again:

    @composite(decides=[Decision("<=", of=1, than=0)])
    def relu(a):
        return where(a <= 0, 0, a)

Ours are told what else users write: `taught` has the keywords that others use, and a
refusal by NumPy is put into the words of the function that was called. A list of
Tensors stands for an array, np.max([t0, t1]), unless the parameter's annotation says
that it takes several operands: Sequence.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any, NamedTuple, TypeVar, overload

from minigrad.context import SETTING, calling
from minigrad.habits import taught
from minigrad.messages import explained, is_explained
from minigrad.numpy_protocol.array_like import current
from minigrad.recording import parameters_of, refused
from minigrad.tensor import Tensor
from minigrad.writable_arrays.gathering import has_tensors, joined

F = TypeVar("F", bound=Callable[..., Any])

_AS_THEY_ARE = {Tensor, int, float, bool, str, type(None)}


class Decision(NamedTuple):
    """A question whose answer is recorded as a constant, beside what it is asked of.

    question   "<=", "<", ">" of two arguments of the primitive, "sign" of one;
               "largest" or "smallest" among the entries of one
    of, than   the numbers of these arguments
    answer     the number of the argument that is the answer; None for where's mask
    """

    question: str
    of: int
    than: int | None = None
    answer: int | None = None


@overload
def composite(function: F) -> F: ...


@overload
def composite(*, decides: Sequence[Decision]) -> Callable[[F], F]: ...


def composite(function: Any = None, *, decides: Sequence[Decision] = ()) -> Any:
    """Give what a function records the function's name: a decorator.

    decides   how the constants in it were decided that are branches

    >>> @composite
    ... def mish(x):
    ...     return x * mg.tanh(mg.softplus(x))
    >>> mish(mg.Tensor([1.0, 2.0])).call
    <call of mish>

    Raises TypeError for a generator or a coroutine: it computes after it has returned.
    """
    if function is None:
        return functools.partial(composite, decides=decides)
    if isinstance(function, (classmethod, staticmethod)):
        return type(function)(composite(function.__func__))
    name = _name_of(function)
    if not str(getattr(function, "__module__", "")).startswith("minigrad."):

        @functools.wraps(function)
        def theirs(*args: Any, **options: Any) -> Any:
            with calling(name, decides=decides):
                return function(*args, **options)

        return theirs
    inside = taught(function)
    kinds = [str(each.annotation) for each in parameters_of(function).values()]
    lists = {i for i, kind in enumerate(kinds) if "Sequence" in kind}  # of operands

    @functools.wraps(function)
    def ours(*args: Any, **options: Any) -> Any:
        for a in args:
            if type(a) not in _AS_THEY_ARE:
                given = enumerate(current(args))
                args = tuple([b if i in lists else _stacked(b) for i, b in given])
                break
        with calling(name, ours=True, decides=decides):
            try:
                return inside(*args, **options)
            except (TypeError, ValueError, IndexError) as error:
                if is_explained(error) or _is_inside_ours():
                    raise  # the function that was called says it, in its own name
                raise refused(name, function, args, options, error) from error

    return ours


def _is_inside_ours() -> bool:
    """Was the function that runs called by another one of this package?"""
    call = SETTING.get().call
    return call is not None and call.within is not None and call.within.ours


def _name_of(function: Callable[..., Any]) -> str:
    """Return the name of a function; of a partial one, or an object, what it calls."""
    kinds = (isgeneratorfunction, iscoroutinefunction, isasyncgenfunction)
    if any(is_later(function) for is_later in kinds):
        raise explained(
            TypeError,
            "composite of a generator or coroutine",
            {"function": function},
            "it returns before it computes, and what it records could not bear "
            "its name.",
            "decorate the functions that it calls.",
        )
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", type(function).__name__)


def _stacked(a: Any) -> Any:
    """Return a list that holds Tensors as one Tensor: it stands for an array."""
    return joined(a) if type(a) is list and has_tensors(a) else a
