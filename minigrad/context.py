"""Whether, how carefully and where we record: the engine's only ambient state.

Each time a primitive runs it asks three things: is this recorded at all (`no_grad`
says no), is it watched (`checked` says yes), and where in the model are we (`scope`).
And it notes which function is being computed (`calling` says: softmax). One object
answers all of this, and one `ContextVar` holds it: so threads and
asyncio tasks cannot disturb each other, and the question costs one look-up.

A setting is an entry in a chain: entering a `with` block adds an entry, leaving it
removes *that* entry, even when a suspended generator makes blocks end out of order.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

if TYPE_CHECKING:  # a floor above
    from minigrad.watching import Watch

F = TypeVar("F", bound=Callable[..., object])
Scope = tuple[str | int, ...]


class Call:
    """One call of a function that has a name: softmax, relu, the reader's own.

    name     of the function
    within   the call of another named function that made this one, if any
    depth    how many labels the scope had where it was called
    ours     is it of this package, which explains what NumPy refuses?
    decides  by which questions it takes branches (see `minigrad.composite`)
    """

    __slots__ = ("decides", "depth", "name", "ours", "within")

    def __init__(
        self,
        name: str,
        within: Call | None = None,
        depth: int = 0,
        ours: bool = False,
        decides: Sequence[Any] = (),
    ) -> None:
        self.name, self.within, self.depth = name, within, depth
        self.ours, self.decides = ours, decides

    def __repr__(self) -> str:
        return f"<call of {' > '.join(call.name for call in self.chain())}>"

    def chain(self) -> list[Call]:
        """Return the calls that this one is in, the outermost first, and itself."""
        return [*(self.within.chain() if self.within else ()), self]


class Setting:
    """One entry of the chain: what holds inside one `with` block."""

    __slots__ = ("before", "call", "checker", "manager", "recording", "scope")

    before: Any  # a Setting; None in the outermost, as its manager is
    manager: Any
    call: Call | None
    recording: bool
    checker: Watch | None
    scope: Scope


def _begin(before: Setting, manager: Within) -> Setting:
    """Return a copy of the setting, altered by the manager of the block we enter."""
    setting = _new(Setting)
    setting.before = before
    setting.manager = manager
    setting.recording = before.recording
    setting.checker = before.checker
    setting.scope = before.scope
    setting.call = before.call
    manager.alter(setting)
    return setting


def _outermost() -> Setting:
    setting = Setting()
    setting.before = setting.manager = setting.checker = setting.call = None
    setting.recording, setting.scope = True, ()
    return setting


_new = object.__new__


# The default is shared by all, which is safe: a setting is never altered once made.
SETTING: ContextVar[Setting] = ContextVar("minigrad", default=_outermost())  # noqa: B039


class Within:
    """A context manager that alters the setting; also a decorator.

    Decorating a generator function applies the setting to its body only: it is
    lifted at every `yield`, which a `with` block inside the generator cannot do.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def alter(self, setting: Setting) -> None:
        """Say what holds inside: change the setting of a block just entered."""
        raise NotImplementedError

    def leave(self, setting: Setting) -> None:
        """Undo what outlives the setting, which is that of a block just left."""

    def __enter__(self) -> Self:
        SETTING.set(_begin(SETTING.get(), self))
        return self

    def __exit__(self, *exception: object) -> None:
        now = SETTING.get()
        if now.manager is self and now.before is not None:
            SETTING.set(now.before)
            self.leave(now)
        else:
            _remove(self, now)

    def __call__(self, function: F) -> F:
        if inspect.isasyncgenfunction(function):
            raise TypeError(
                f"@{type(self).__name__}() on the async generator {function.__name__}: "
                "its steps may run in different tasks; use `with` inside its body."
            )
        if inspect.isgeneratorfunction(function):
            return _around_each_step(self, function)  # type: ignore[return-value]
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: object, **kwargs: object) -> object:
                with self:
                    return await function(*args, **kwargs)

            return awaited  # type: ignore[return-value]

        @functools.wraps(function)
        def called(*args: object, **kwargs: object) -> object:
            with self:
                return function(*args, **kwargs)

        return called  # type: ignore[return-value]


def _remove(manager: Within, now: Setting) -> None:
    """Take the nearest entry of `manager` out of the chain; enter those above anew."""
    above, entry = [], now
    while entry.manager is not manager:
        if entry.before is None:  # the block was entered in another thread or task
            return
        above.append(entry)
        entry = entry.before
    rebuilt = entry.before
    for kept in reversed(above):
        rebuilt = _begin(rebuilt, kept.manager)
    SETTING.set(rebuilt)
    for left in (*above, entry):
        left.manager.leave(left)


def _around_each_step(
    manager: Within, function: Callable[..., Generator[object, object, object]]
) -> Callable[..., Generator[object, object, object]]:
    @functools.wraps(function)
    def stepped(*args: object, **kwargs: object) -> Generator[object, object, object]:
        generator = function(*args, **kwargs)
        resume: Callable[..., object] = generator.send
        sent: object = None
        try:
            while True:
                with manager:
                    value = resume(sent)
                try:
                    resume, sent = generator.send, (yield value)
                except GeneratorExit:
                    raise
                except BaseException as error:
                    resume, sent = generator.throw, error
        except StopIteration as stop:
            return stop.value
        finally:
            generator.close()

    return stepped


class no_grad(Within):
    """Inside, primitives compute without being recorded; also a decorator.

    >>> x = mg.Tensor([1.0, 2.0])
    >>> with mg.no_grad():
    ...     y = x * 3.0
    >>> y.primitive is None
    True
    """

    __slots__ = ()

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        """Return the manager, or, as `@no_grad` without a call, what it decorates."""
        manager = super().__new__(cls)
        return manager if function is None else manager(function)

    def alter(self, setting: Setting) -> None:
        setting.recording = False


class scope(Within):
    """Inside, what is recorded carries these labels: module names and time steps.

    A string is a part of the model, an integer is a time step.

    >>> with mg.scope("lstm", 3, "forget"):
    ...     y = mg.Tensor([1.0]) * 2.0
    >>> y.scope
    ('lstm', 3, 'forget')
    """

    __slots__ = ("labels",)

    def __init__(self, *labels: str | int) -> None:
        self.labels = labels

    def __repr__(self) -> str:
        return f"scope({', '.join(map(repr, self.labels))})"

    def alter(self, setting: Setting) -> None:
        setting.scope = setting.scope + self.labels


class calling(Within):
    """Inside, what is recorded belongs to a call of the function that has this name."""

    __slots__ = ("decides", "name", "ours")

    def __init__(
        self, name: str, ours: bool = False, decides: Sequence[Any] = ()
    ) -> None:
        self.name, self.ours, self.decides = name, ours, decides

    def alter(self, setting: Setting) -> None:
        depth = len(setting.scope)
        setting.call = Call(self.name, setting.call, depth, self.ours, self.decides)


class _recording(Within):
    __slots__ = ()

    def alter(self, setting: Setting) -> None:
        """Record, unwatched, in the outermost scope."""
        setting.recording, setting.checker, setting.scope = True, None, ()
        setting.call = None


def holds_always(answer: object) -> bool:
    """Is this so, for a shortcut that gives what the long way gives?

    Where a program is to serve all inputs, nothing that depends on them surely is.
    """
    if isinstance(answer, bool | np.bool_):
        return bool(answer)
    return not getattr(SETTING.get().checker, "serves_all", False) and bool(answer)


@contextmanager
def clean_recording() -> Iterator[None]:
    """Inside, primitives are recorded, whatever the caller's setting says.

    So a proof may be asked for under `no_grad`, `checked` or any `scope`. NumPy's
    warnings are off: a reading tries rules on numbers that nobody computes with.

    >>> with mg.no_grad(), clean_recording():
    ...     y = mg.tanh(mg.Tensor(np.inf) - np.inf)
    >>> y.primitive.name
    'tanh'
    """
    with _recording(), np.errstate(all="ignore"):
        yield


def path(labels: Scope) -> str:
    """Write a scope as code would: `lstm[3].forget`.

    >>> path(("lstm", 3, "forget"))
    'lstm[3].forget'
    """
    text = ""
    for label in labels:
        text += f"[{label}]" if isinstance(label, int) else f".{label}"
    return text.lstrip(".")
