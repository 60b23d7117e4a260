"""What a function reads besides its arguments: a program holds while that is the same.

    scale = 2.0
    step = mg.compile(lambda x: scale * x)
    scale = 3.0                               the program would go on with 2.0

Variables of a closure, globals that code names, attributes of the object whose method
it is, and what these lead to: where the function may look is noted when it is traced,
with what it finds there. At each call all is compared; if something changed, the
function is traced again. Parameters are read anew anyway, and so are arrays that the
program reads as they are; of other arrays the small ones are compared, and of lists
those that are no data. Of what libraries made, a Namespace is looked at as any other
object, and os.environ as any other dict; what keeps books of its own is not.

What the function changes itself, a counter or a cache, is not looked at. What it keeps
of the run that was traced is refused: no later call would keep anything there.
"""

from __future__ import annotations

import dis
import functools
import itertools
import os
import re
import sys
from array import array as NumbersInRow
from collections import deque
from collections.abc import (
    Callable,
    Container,
    Iterable,
    Mapping,
    MutableMapping,
    MutableSequence,
    MutableSet,
)
from contextvars import ContextVar
from operator import is_
from types import (
    CellType,
    FunctionType,
    MappingProxyType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np

from minigrad.compiling.remembered import BY_VALUE, Entries, Note, is_traced
from minigrad.compiling.traced import NotCompiled, refusal
from minigrad.compiling.users_code import codes_in, is_users, names_in, slots_of
from minigrad.messages import short
from minigrad.module import Module
from minigrad.parameter import Parameter
from minigrad.tensor import Tensor
from minigrad.types import Array

MOST = 2000  # lists and objects that are looked at; a longer list is data
SMALL = 4096  # bytes: a larger array is not compared
_CONTAINERS = (list, tuple, dict, MappingProxyType, deque, set, frozenset)
_DATA = (MutableMapping, MutableSequence, MutableSet)  # of a library: os.environ
_READ_BY = {os.getenv: os.environ}  # what functions of a library read
# Objects of these libraries change with everything that runs, or are large.
_WITH_BOOKS = {
    "_thread", "asyncio", "concurrent", "io", "logging", "lstm", "matplotlib",
    "minigrad", "multiprocessing", "numpy", "random", "sympy", "threading", "tqdm",
    "unittest", "weakref",
}  # fmt: skip


Below = Iterable[tuple[str, Any]]  # what a value holds, and how one gets there


class Surroundings:
    """What a function could read when it was traced; `holds` says whether it still is.

    notes    of globals, attributes, variables of closures, small arrays and Tensors
    entries  of lists, dicts and objects
    grads    Parameters, and their gradients, which are put back after a refusal
    """

    def __init__(self, function: Callable[..., Any], anew: Container[int] = ()) -> None:
        self.anew = anew  # arrays, by identity, that the program reads as they are
        self.notes: list[Note] = []
        self.entries: list[Entries] = []
        self.grads: list[tuple[Parameter, Array | None]] = []
        self._seen: dict[int, Any] = {}  # kept, so that no identity is used again
        waiting = deque([("", function)])
        while waiting:
            path, value = waiting.popleft()
            if isinstance(value, BY_VALUE) or id(value) in self._seen:
                continue
            self._seen[id(value)] = value
            if len(self._seen) > MOST:
                raise _too_much(path)
            look = next(look for kinds, look in _LOOKS if isinstance(value, kinds))
            waiting += [(path + more, each) for more, each in look(self, value)]
            if look not in _OF_OBJECTS and is_users(type(value).__module__):
                held = self._object(value)  # class Rates(list), say
                waiting += [(path + more, each) for more, each in held]
            if is_traced(value):
                raise self._kept(path)
        self._line_up()

    def sees(self, value: Any) -> bool:
        """Is this very object among what is looked at?"""
        return id(value) in self._seen

    def _kept(self, path: str) -> NotCompiled:
        return refusal(
            f"a compiled function that keeps {path}",
            "a value of the run that was traced was left there. A program only "
            "returns.",
            "return it; what the next call needs, pass in: y, state = step(x, state).",
            line=self.line_of(re.findall(r"[^\W\d]\w*", path)[-1:]),
        )

    def line_of(self, names: list[str]) -> str:
        """Return the only line of these functions that writes a name, or else reads it.

        "" if there are several.
        """
        lines: dict[bool, set[str]] = {True: set(), False: set()}
        functions = [f for f in self._seen.values() if isinstance(f, FunctionType)]
        users = [f.__code__ for f in functions if is_users(f.__module__)]
        for code in (each for whole in users for each in codes_in(whole)):
            for step in dis.get_instructions(code):
                if step.argval in names and step.positions:
                    line = short(code.co_filename, step.positions.lineno or 0)
                    lines[step.opname.startswith("STORE_")].add(line)
        found = lines[True] or lines[False]
        return found.pop() if len(found) == 1 else ""

    def _line_up(self) -> None:
        """Lay all entries end to end, so that one comparison covers all of them."""
        self.live = [each.live for each in self.entries]
        self.lengths = [*map(len, self.live)]
        self.values = [value for each in self.entries for value in each.values]

    def holds(self) -> bool:
        """Is everything as it was?"""
        return all(note.holds() for note in self.notes) and (
            self._are_same_entries() or all(each.holds() for each in self.entries)
        )

    def _are_same_entries(self) -> bool:
        return [*map(len, self.live)] == self.lengths and all(
            map(is_, itertools.chain.from_iterable(self.live), self.values)
        )

    def put_back(self) -> None:
        """Put back what was there, where a value of a traced run was left instead."""
        for parameter, grad in self.grads:
            parameter.grad = grad
        for note in self.notes:
            note.put_back()
        for each in self.entries:
            each.put_back()

    def leave_out_what_changed(self) -> None:
        """Leave out what is no longer as it was."""
        self.notes = [each for each in self.notes if each.holds()]
        self.entries = [each for each in self.entries if each.holds()]
        self._seen = {}
        self._line_up()

    # ------------------------------------------ where to look further, by kind of value

    def _parameter(self, parameter: Parameter) -> Below:
        self.grads.append((parameter, parameter.grad))
        return ()

    def _tensor(self, tensor: Tensor) -> Below:
        self.notes.append(Note(lambda: tensor.data, tensor.data))
        return [(".data", tensor.data)]

    def _array(self, array: Array) -> Below:
        is_small = array.nbytes <= SMALL and array.dtype.kind != "O"
        if is_small and id(array) not in self.anew:
            self.notes.append(Note(array.tobytes, array.tobytes()))
        return ()

    def _numbers(self, numbers: Any) -> Below:
        if memoryview(numbers).nbytes <= SMALL:
            look = functools.partial(bytes, numbers)
            self.notes.append(Note(look, look()))
        return ()

    def _variable(self, variable: ContextVar[Any]) -> Below:
        look = functools.partial(variable.get, None)
        self.notes.append(Note(look, look()))
        return [(f".{variable.name}", look())]

    def _container(self, values: Any) -> Below:
        if len(values) <= MOST:
            pairs = self._note_entries(values)
            yield from ((f"[{key!r}]", each) for key, each in pairs)

    def _note_entries(self, holder: Any) -> Iterable[tuple[Any, Any]]:
        has_keys = isinstance(holder, dict | MappingProxyType)
        live = holder.values() if has_keys else holder
        keys = tuple(holder if has_keys else range(len(holder)))
        self.entries.append(Entries(holder, live, keys, (*live,)))
        return zip(keys, live, strict=True)

    def _function(self, function: FunctionType) -> Below:
        if function in _READ_BY:
            yield "", _READ_BY[function]
        code, names = function.__code__, function.__globals__
        cells = function.__closure__ or ()
        for name, cell in zip(code.co_freevars, cells, strict=True):
            look, value = functools.partial(_contents, cell), _contents(cell)
            write = functools.partial(setattr, cell, "cell_contents")
            self.notes.append(Note(look, value, write))
            yield name, value
        yield "", function.__defaults__
        yield "", function.__kwdefaults__
        if not is_users(function.__module__):
            return
        if function.__dict__:
            yield from self._attributes(function)
        looked_up = [*dict.fromkeys(names_in(code))]
        yield from self._places(names, looked_up)
        around = dict(zip(code.co_freevars, map(_contents, cells), strict=True))
        modules = sys.modules | names | around  # `import settings` inside, too
        yield from self._modules(modules, [*looked_up, *around])

    def _modules(self, names: Mapping[str, Any], looked_up: list[str]) -> Below:
        """Look up names in modules, and in modules in them: project.settings.rate."""
        for name in looked_up:
            module = names.get(name)
            if not isinstance(module, ModuleType):
                continue
            inside = vars(module)
            if not is_users(module.__name__):
                found = [_read_by(inside.get(each)) for each in looked_up]
                yield from ((name, each) for each in found if isinstance(each, _DATA))
            elif id(module) not in self._seen:
                self._seen[id(module)] = module
                yield from self._places(inside, looked_up, f"{name}.")
                yield from self._modules(inside, looked_up)

    def _places(
        self, names: Mapping[str, Any], looked_up: Iterable[str], path: str = ""
    ) -> Below:
        for name in looked_up:
            if name in names and not name.startswith("__"):
                look, value = functools.partial(names.get, name), names[name]
                write = None
                if isinstance(names, dict):  # of a class they are not
                    write = functools.partial(names.__setitem__, name)
                self.notes.append(Note(look, value, write))
                yield path + name, value

    def _class(self, kind: type) -> Below:
        if is_users(kind.__module__):
            yield from self._places(vars(kind), [*vars(kind)], ".")
            yield from (("", each) for each in kind.__mro__[1:])

    def _object(self, value: Any) -> Below:
        home = type(value).__module__.partition(".")[0]
        if isinstance(value, Module) or home not in _WITH_BOOKS:
            yield from self._attributes(value)
            yield "", type(value)
        elif isinstance(getattr(value, "function", None), FunctionType):  # compiled
            yield "", value.function

    def _attributes(self, value: Any) -> Below:
        own = getattr(value, "__dict__", {})
        yield from ((f".{name}", each) for name, each in self._note_entries(own))
        for kind in type(value).__mro__:
            for name in slots_of(kind):
                look = functools.partial(getattr, value, name, None)
                write = functools.partial(object.__setattr__, value, name)
                self.notes.append(Note(look, look(), write))
                yield f".{name}", look()


def _parts(*names: str) -> Callable[[Surroundings, Any], Below]:
    """Look at these attributes, which cannot change."""
    return lambda _, value: [("", getattr(value, name)) for name in names]


_LOOKS: tuple[tuple[Any, Callable[[Surroundings, Any], Below]], ...] = (
    (Parameter, Surroundings._parameter),
    (Tensor, Surroundings._tensor),
    (np.ndarray, Surroundings._array),
    (_CONTAINERS, Surroundings._container),
    (bytearray | NumbersInRow, Surroundings._numbers),
    (ContextVar, Surroundings._variable),
    (functools.partial, _parts("func", "args", "keywords")),
    (MethodType, _parts("__self__", "__func__")),
    (staticmethod | classmethod, _parts("__func__")),
    (property, _parts("fget")),
    (FunctionType, Surroundings._function),
    (type, Surroundings._class),
    (ModuleType, _parts()),
    (object, Surroundings._object),
)
_OF_OBJECTS = (Surroundings._object, Surroundings._class)


def _read_by(value: Any) -> Any:
    """Return what a function of a library reads, if that is known, or the value."""
    return _READ_BY.get(value) if isinstance(value, FunctionType) else value


def _contents(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not yet
        return None


def _too_much(path: str) -> NotCompiled:
    return refusal(
        "a compiled function that reads much besides its arguments",
        f"a program holds while all of that is the same, and up to {path} it is more "
        f"than {MOST:,} lists and objects, too many to compare at each call.",
        "pass in what it needs, as arrays.",
    )
