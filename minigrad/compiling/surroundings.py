"""What a function reads besides its arguments: a program holds while that is the same.

    scale = 2.0
    step = mg.compile(lambda x: scale * x)
    scale = 3.0                               the program would go on with 2.0

Variables of a closure, globals that code names, attributes of the object whose method
it is, and what these lead to: where the function may look is noted when it is traced,
with what it finds there. At each call all is compared; if something changed, the
function is traced again. Parameters are read anew anyway, and so are arrays that the
program reads as they are; of other arrays the small ones are compared, and of lists
those that are no data.

What the function changes itself, a counter or a cache, is not looked at. What it keeps
of the run that was traced is refused: no later call would keep anything there.
"""

from __future__ import annotations

import functools
import itertools
import sys
import sysconfig
from collections import deque
from collections.abc import Callable, Container, Iterator, Mapping
from operator import is_
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from minigrad.compiling.traced import NotCompiled, Traced
from minigrad.messages import explained
from minigrad.module import Module
from minigrad.parameter import Parameter
from minigrad.tensor import Tensor
from minigrad.types import Array

MOST = 2000  # lists and objects that are looked at; a longer list is data
SMALL = 4096  # bytes: a larger array is not compared
_INSTALLED = tuple({*map(sysconfig.get_path, ("stdlib", "purelib", "platlib"))})
_BY_VALUE = (bool, int, float, str, bytes)  # equal is enough; others: the same


class Place(NamedTuple):
    """Where a function may look: the mapping and the name in it, and what was there."""

    names: Mapping[Any, Any]
    name: Any
    value: Any


class Surroundings:
    """What a function could read when it was traced; `holds` says whether it still is.

    places   globals, and attributes of modules and classes
    cells    variables of closures, and what they held
    rows     lists, dicts and objects: each with its entries, which change with it, and
             with what these were
    keys     the names of what a dict or an object held, by its identity
    arrays   small arrays, and their bytes
    tensors  Tensors, and their arrays
    grads    Parameters, and their gradients, which are put back after a refusal
    """

    def __init__(self, function: Callable[..., Any], read: Container[int] = ()) -> None:
        self.read = read  # arrays, by identity, that the program reads as they are
        self.places: list[Place] = []
        self.cells: list[tuple[CellType, Any]] = []
        self.rows: list[tuple[Any, Any, tuple[Any, ...]]] = []
        self.keys: dict[int, list[Any]] = {}
        self.arrays: list[tuple[Array, bytes]] = []
        self.tensors: list[tuple[Tensor, Array]] = []
        self.grads: list[tuple[Parameter, Array | None]] = []
        self._seen: dict[int, Any] = {}  # kept, so that no identity is used again
        waiting = deque([("", function)])
        while waiting:
            path, value = waiting.popleft()
            if isinstance(value, _BY_VALUE) or id(value) in self._seen:
                continue
            self._seen[id(value)] = value
            if len(self._seen) > MOST:
                raise _too_much(path)
            waiting += [(f"{path}{more}", each) for more, each in self._below(value)]
            if _is_traced(value):
                raise _kept(path)
        self._line_up()

    def _line_up(self) -> None:
        """Lay all rows end to end: one comparison tells that nothing changed in any."""
        self.live = [row for _, row, _ in self.rows]
        self.lengths = [*map(len, self.live)]
        self.entries = [value for *_, values in self.rows for value in values]

    def _below(self, value: Any) -> Iterator[tuple[str, Any]]:
        """Note what a value holds, and yield it, with how one gets there: .x or [0]."""
        if isinstance(value, Parameter):
            self.grads.append((value, value.grad))
            return
        if isinstance(value, Tensor):
            self.tensors.append((value, value.data))
            yield ".data", value.data
        elif isinstance(value, np.ndarray):
            is_small = value.nbytes <= SMALL and value.dtype.kind != "O"
            if is_small and id(value) not in self.read:
                self.arrays.append((value, value.tobytes()))
        elif isinstance(value, list | tuple | dict) and len(value) > MOST:
            return
        elif isinstance(value, list | tuple):
            self.rows.append((value, value, tuple(value)))
            yield from ((f"[{k}]", each) for k, each in enumerate(value))
        elif isinstance(value, dict):
            self._row(value)
            yield from ((f"[{key!r}]", each) for key, each in value.items())
        elif isinstance(value, functools.partial):
            yield from (("", each) for each in (value.func, value.args, value.keywords))
        elif isinstance(value, MethodType):
            yield from (("", value.__self__), ("", value.__func__))
        elif isinstance(value, staticmethod | classmethod):
            yield "", value.__func__
        elif isinstance(value, property):
            yield "", value.fget
        elif isinstance(value, FunctionType):
            yield from self._of_function(value)
        elif isinstance(value, type):
            if _is_users(value.__module__):
                yield from self._named(vars(value), [*vars(value)], ".")
                yield from (("", each) for each in value.__mro__[1:])
        elif isinstance(value, Module) or _is_users(type(value).__module__):
            own = getattr(value, "__dict__", {})
            self._row(own)
            yield from ((f".{name}", each) for name, each in own.items())
            yield "", type(value)
        elif isinstance(getattr(value, "function", None), FunctionType):  # compiled
            yield "", value.function

    def _row(self, entries: dict[Any, Any]) -> None:
        self.rows.append((entries, entries.values(), tuple(entries.values())))
        self.keys[id(entries)] = [*entries]

    def _of_function(self, function: FunctionType) -> Iterator[tuple[str, Any]]:
        code, names = function.__code__, function.__globals__
        for name, cell in zip(
            code.co_freevars, function.__closure__ or (), strict=True
        ):
            value = _contents(cell)
            self.cells.append((cell, value))
            yield name, value
        yield "", function.__defaults__
        yield "", function.__kwdefaults__
        if not _is_users(function.__module__):
            return
        looked_up = [*dict.fromkeys(_names(code))]
        yield from self._named(names, looked_up)
        for name in looked_up:  # settings.rate
            module = names.get(name)
            if isinstance(module, ModuleType) and _is_users(module.__name__):
                yield from self._named(vars(module), looked_up, f"{name}.")

    def _named(
        self, names: Mapping[str, Any], looked_up: list[str], path: str = ""
    ) -> Iterator[tuple[str, Any]]:
        for name in looked_up:
            if name in names and not name.startswith("__"):
                self.places.append(Place(names, name, names[name]))
                yield path + name, names[name]

    def holds(self) -> bool:
        """Is everything as it was?"""
        for names, name, value in self.places:
            found = names.get(name)
            if found is not value and not _equal(found, value):
                return False
        return (
            all(_same_cell(*each) for each in self.cells)
            and self._same_rows()
            and all(array.tobytes() == content for array, content in self.arrays)
            and all(tensor.data is array for tensor, array in self.tensors)
        )

    def _same_rows(self) -> bool:
        if [*map(len, self.live)] == self.lengths and all(
            map(is_, itertools.chain.from_iterable(self.live), self.entries)
        ):
            return True
        return all(_same_row(*each) for _, *each in self.rows)

    def put_back(self) -> None:
        """Put back what was there, where a value of a traced run was left instead."""
        for parameter, grad in self.grads:
            parameter.grad = grad
        for cell, value in self.cells:
            if _is_traced(_contents(cell)):
                cell.cell_contents = value
        for names, name, value in self.places:
            if isinstance(names, dict) and _is_traced(names.get(name)):
                names[name] = value
        for holder, row, values in self.rows:
            if not any(map(_is_traced, row)):
                continue
            if isinstance(holder, dict):
                keys = self.keys[id(holder)]
                holder.clear()
                holder.update(zip(keys, values, strict=True))
            elif isinstance(holder, list):
                holder[:] = values

    def leave_out_what_changed(self) -> None:
        """Leave out what is no longer as it was."""
        self.places = [p for p in self.places if p.names.get(p.name) is p.value]
        self.cells = [each for each in self.cells if _same_cell(*each)]
        self.rows = [each for each in self.rows if _same_row(*each[1:])]
        self.arrays = [each for each in self.arrays if each[0].tobytes() == each[1]]
        self.tensors = [each for each in self.tensors if each[0].data is each[1]]
        self._seen = {}
        self._line_up()


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that code looks up, that of functions inside as well."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


@functools.cache
def _is_users(module: str | None) -> bool:
    """Is this a module of the user, neither ours nor installed? No name is theirs."""
    module = module or ""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top in ("minigrad", "lstm"):
        return False
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return not file.startswith(_INSTALLED)


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet
        return None


def _equal(one: Any, other: Any) -> bool:
    """Are these equal numbers or words, if not the same object?"""
    return type(one) is type(other) and isinstance(one, _BY_VALUE) and one == other


def _same_cell(cell: CellType, value: Any) -> bool:
    found = _contents(cell)
    return found is value or _equal(found, value)


def _same_row(row: Any, values: tuple[Any, ...]) -> bool:
    pairs = zip(row, values, strict=False)
    return len(row) == len(values) and all(a is b or _equal(a, b) for a, b in pairs)


def _is_traced(value: Any) -> bool:
    return type(value) is Traced or type(getattr(value, "data", None)) is Traced


def _kept(path: str) -> NotCompiled:
    return explained(
        NotCompiled,
        f"a compiled function that keeps {path}",
        {},
        "a value of the run that was traced was left there. A program only returns.",
        "return it; what the next call needs, pass in: y, state = step(x, state).",
    )


def _too_much(path: str) -> NotCompiled:
    return explained(
        NotCompiled,
        "a compiled function that reads much besides its arguments",
        {},
        f"a program holds while all of that is the same, and up to {path} it is more "
        f"than {MOST:,} lists and objects, too many to compare at each call.",
        "pass in what it needs, as arrays.",
    )
