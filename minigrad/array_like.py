"""What a NumPy user expects of a Tensor.

Values come out wherever they are asked for by name (`float(t)`, `t.data`, `t > 0`);
recording never begins or ends by accident. `np.tanh(t)` means the row of the table
that has that name. Where there is no such row, one sentence says so.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import linecache
import opcode
import sys
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import DTypeLike

from minigrad.console import shown
from minigrad.context import SETTING
from minigrad.foreign_names import NUMPY
from minigrad.messages import explain, named, user_line
from minigrad.methods import Methods
from minigrad.types import Array, Index, Operand, Options, Shape, Value

if TYPE_CHECKING:  # floors above
    from minigrad.primitive import Primitive
    from minigrad.tensor import Tensor

NUMPY_FACE: dict[
    Callable[..., object], Callable[..., object]
] = {}  # NumPy function -> ours
# (ufunc, method) -> ours: what np.add.reduce(t) means
UFUNC_METHODS: dict[tuple[np.ufunc, str], Callable[..., object]] = {}
# Array classes whose entries are no floating-point numbers (elements of a finite
# field, say), and how they compute what a row of one argument means.
DOMAINS: dict[type, Callable[..., Value]] = {}
# Numbers and Tensors, nested in lists, as one Tensor: handed over by minigrad.writable,
# a floor above.
joined_by: Callable[[Any], Any] = None  # type: ignore[assignment]
# Functions whose answer is a choice: it comes as NumPy gives it, without a record.
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


class ArrayLike(Methods):
    """The behaviour of an array, on top of `data`, `name` and `primitive`."""

    __slots__ = ()

    if TYPE_CHECKING:
        data: Array
        name: str | None
        primitive: Primitive | None

        def __getitem__(self, index: Index) -> Tensor: ...
        def astype(self, dtype: DTypeLike) -> Tensor: ...

    def current(self) -> Any:
        """Return the Tensor that this is now: itself, if it cannot be written to."""
        return self

    @property
    def shape(self) -> Shape:
        """The size along each axis."""
        return self.data.shape

    @shape.setter
    def shape(self, shape: Shape) -> None:
        raise AttributeError(
            explain(
                f"t.shape = {shape}, at {user_line()}",
                {self.name or "t": self},
                "a Tensor that a tape may hold is never changed.",
                f"write t = t.reshape({shape}).",
            )
        )

    @property
    def dtype(self) -> np.dtype:
        """The kind of numbers."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.data.size

    def item(self, *index: int) -> Any:
        """Return the only entry, or that at an index, as a Python number."""
        if self.size != 1 and not index:
            raise self._not_one(
                "item", "or take one, t.item(0), or all, t.data.tolist()."
            )
        return self.data.item(*index)

    def __repr__(self) -> str:
        kind = type(self).__name__
        numbers = np.array2string(
            self.data, separator=", ", prefix=f"{kind}(", threshold=100
        )
        name = f", name={self.name!r}" if self.name else ""
        made = f", made by {self.primitive.name}" if self.primitive else ""
        return shown(f"{kind}({numbers}{name}{made})")

    def __len__(self) -> int:
        if self.ndim:
            return self.shape[0]
        raise TypeError(
            explain(
                "len(t) of, or a loop over, a Tensor of shape ()",
                {self.name or "t": self},
                "a single number has no axis to run along.",
                "t.item() or float(t) is the number; t.reshape(1) has one entry.",
            )
        )

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: object) -> bool:
        return bool(np.any(self == value))

    def __bool__(self) -> bool:
        return bool(self._only("bool"))

    def __float__(self) -> float:
        return float(self._only("float"))

    def __int__(self) -> int:
        return int(self._only("int"))

    def __complex__(self) -> complex:
        return complex(self._only("complex"))

    def __format__(self, form: str) -> str:
        return format(self._only("format") if form else str(self), form)

    def _only(self, kind: str) -> Any:
        if self.size == 1:
            if SETTING.get().recording and _fills_an_array():
                raise self._leaves_the_tape(*_STORED)
            if SETTING.get().recording and _numpy_asks():
                raise self._leaves_the_tape(*_LISTED)
            if SETTING.get().recording and _calls(_CONVERTERS):
                raise self._leaves_the_tape(*_CONVERTED)
            return self.data.item()
        raise self._not_one(kind)

    def _not_one(
        self, kind: str, fix: str = "or compare with (t.data > 0).any()."
    ) -> TypeError:
        return TypeError(
            explain(
                f"{kind}(t) of a Tensor with {self.size} entries",
                {self.name or "t": self},
                f"only a single number has one {kind}.",
                f"reduce first (t.sum(), t.max()), {fix}",
            )
        )

    def __lt__(self, other: Operand) -> Array:
        answer: Array = self.data < plain(other)
        return answer

    def __le__(self, other: Operand) -> Array:
        answer: Array = self.data <= plain(other)
        return answer

    def __gt__(self, other: Operand) -> Array:
        answer: Array = self.data > plain(other)
        return answer

    def __ge__(self, other: Operand) -> Array:
        answer: Array = self.data >= plain(other)
        return answer

    def __eq__(self, other: object) -> Array:  # type: ignore[override]
        answer: Array = self.data == plain(other)
        return answer

    def __ne__(self, other: object) -> Array:  # type: ignore[override]
        answer: Array = self.data != plain(other)
        return answer

    __hash__ = object.__hash__  # by identity, as for any object that can be a dict key

    def __setitem__(self, index: Index, value: object) -> NoReturn:
        raise TypeError(
            explain(
                "t[index] = value",
                {self.name or "t": self},
                "a Tensor that a tape may hold is never written to: the tape would "
                "differentiate numbers that are no longer there.",
                "t = t.copy() can be written to, and so can mg.zeros(shape); of a "
                "Parameter assign p.data = new_array.",
            )
        )

    # NumPy asks these two methods whenever it meets a Tensor.

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> Array:
        if not SETTING.get().recording:
            return np.array(self.data, dtype=dtype)
        if not self.ndim and dtype in (None, object):
            return _object(self)  # np.array([t0, t1]) holds the Tensors themselves
        if _fills_an_array():
            raise self._leaves_the_tape(*_STORED)
        raise self._leaves_the_tape(
            "a plain array made from a Tensor",
            "say so: t.data is the array, float(t) a number. mg.array([t, 0.0]) of a "
            "list is recorded, as mg.stack is, and so is np.asarray(t) in a file with "
            "`from minigrad import numpy as np`.",
        )

    def _leaves_the_tape(self, asked: str, fix: str) -> TypeError:
        return TypeError(
            explain(
                f"{asked}, at {user_line()}",
                {self.name or "t": self},
                "the array would no longer know how it was made, so gradients would "
                "silently stop here.",
                fix,
            )
        )

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: object, **options: object
    ) -> object:
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

    def __array_function__(
        self,
        function: Callable[..., object],
        types: Sequence[type],
        args: tuple[object, ...],
        options: Options,
    ) -> object:
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


# NumPy writes float(t) into an array by itself: in `array[index] = t`, which is one
# instruction, and in calls of these names. It asks for the number while they run. It
# turns a refusal into a ValueError in its own words, of which ours is the cause.
_STORING = opcode.opmap.get("STORE_SUBSCR", -1)
_ASKED = (__name__, "minigrad.writable")  # whose methods NumPy calls
_WRITERS = frozenset({"fill", "fromiter", "__setitem__", "put", "copyto"})
_CONVERTERS = frozenset(
    {"array", "asanyarray", "asarray", "ascontiguousarray", "astype", "double"}
    | {"float16", "float32", "float64", "half", "single"}
)
_WRITABLE = (
    "make the array one that Tensors can be written into: mg.zeros(shape), "
    "np.zeros_like(t), t.copy(), or for a whole file "
    "`from minigrad import numpy as np`"
)
_STORED = (
    "array[index] = t of a Tensor",
    f"{_WRITABLE}; array[index] = float(t) writes the number only.",
)

_CONVERTED = (
    "a Tensor converted to a number of NumPy",
    "mg.array([t, 0.0], dtype) is recorded, and so is t.astype(dtype); "
    "`from minigrad import numpy as np` gives a whole file such arrays; float(t) is "
    "the number only.",
)

_LISTED = (
    "a NumPy function of a list of Tensors",
    "make one array of them first: np.mean(mg.array([t, other])); or for a whole file "
    "`from minigrad import numpy as np`.",
)


def _asking() -> FrameType | None:
    """Return the code that asks for a Tensor's numbers just now."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") in _ASKED:
        frame = frame.f_back
    return frame


def _numpy_asks() -> bool:
    """Does NumPy's own code ask? np.mean([t0, t1]) ends with the float of its sum."""
    frame = _asking()
    return frame is not None and str(frame.f_globals.get("__name__")).startswith(
        "numpy."
    )


def _fills_an_array() -> bool:
    """Does the code that asks for a Tensor's numbers run `array[index] = t` just now?

    `array[index] = float(t)` and `array.fill(float(t))` call float, and say what it
    does.
    """
    frame = _asking()
    if frame is None or frame.f_lasti < 0:
        return False
    return frame.f_code.co_code[frame.f_lasti] == _STORING or _calls(_WRITERS)


def _calls(names: frozenset[str]) -> bool:
    """Does the code that asks call a function with one of these names just now?"""
    frame = _asking()
    if frame is None or frame.f_lasti < 0 or names.isdisjoint(frame.f_code.co_names):
        return False
    return _called(frame) in names


def _called(frame: FrameType) -> str:
    """Return the last name of the function that a frame calls just now, if known."""
    code = frame.f_code
    places = itertools.islice(code.co_positions(), frame.f_lasti // 2, None)
    line, _, start, _ = next(places, (None, None, None, None))
    if line is None or start is None:
        return ""
    text = linecache.getline(code.co_filename, line, frame.f_globals)
    call = text.encode()[start:].decode(errors="replace")
    return call.partition("(")[0].strip().rpartition(".")[2]


def _is_for_another(self: ArrayLike, options: Options) -> bool:
    """Is the result to be written into an array of another kind, which knows how?"""
    out = options.get("out")
    each = out if isinstance(out, tuple) else (out,)
    return any(isinstance(o, ArrayLike) and not isinstance(o, type(self)) for o in each)


def as_array(value: object, dtype: DTypeLike | None = None) -> Array:
    """Return an array of a value; an array of another domain stays what it is."""
    if type(value) in DOMAINS:
        return value  # type: ignore[return-value]  # it does what an array does
    return np.asarray(value, dtype)


def plain(value: Any) -> Any:
    """Return the array of a Tensor, and anything else as it is."""
    return value.data if isinstance(value, ArrayLike) else value


def answer(question: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Return what NumPy says of the numbers: plain numbers, which are a choice."""
    numbers = {name: _all_plain(value) for name, value in options.items()}
    return question(*_all_plain(args), **numbers)


def _all_plain(value: Any) -> Any:
    if type(value) in (list, tuple):
        return type(value)([_all_plain(each) for each in value])
    return plain(value)


def _object(value: object) -> Array:
    array = np.empty((), object)
    array[()] = value
    return array


def current(value: Any) -> Any:
    """Return the Tensor that a value stands for now; in a list, too.

    An array that can be written to stands for what is in it, and an array of objects
    for its entries, if Tensors are among them: np.array([t0, t1]). Anything else is
    returned as it is.
    """
    if isinstance(value, ArrayLike):
        return value.current()
    if type(value) is Array and value.dtype == object:
        return _joined(value)
    if type(value) in (list, tuple):
        return type(value)([current(each) for each in value])
    return value


def has_tensors(data: Any) -> bool:
    """Is this a list, nested or not, with Tensors in it; or a Tensor itself?"""
    if isinstance(data, (list, tuple)):
        return any(has_tensors(each) for each in data)
    return isinstance(data, ArrayLike)


def _joined(objects: Array) -> Any:
    if any(isinstance(each, ArrayLike) for each in objects.flat):
        return joined_by(objects.tolist())
    return objects


def zero_like(value: object) -> Value | int:
    """Return zeros in the place of an array or a Tensor, 0 in that of a number."""
    array = plain(value)
    return np.zeros_like(array) if hasattr(array, "shape") else 0


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
                f"t = {asked}(...); or {_WRITABLE}."
            )
    elif method == "at":
        why = "NumPy's own array cannot remember what was added to it."
        fix = f"{_WRITABLE}."
    else:
        code, _, remark = NUMPY.get(name, "").partition("  # ")
        why = f"{asked} is not recorded, so nothing says what its derivative is."
        fix = f"write {code}{remark and f': {remark}'}; or {others}" if code else others
    return TypeError(
        explain(f"{asked} of a Tensor, at {user_line()}", named(args), why, fix)
    )
