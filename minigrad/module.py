"""Parts of a model: Parameters, the Modules that own them, and their names.

A Module does three things. It finds its Parameters, each under the path that leads to
it (`cell.forget.W`). It marks what it records with that path, so that a tape knows
which part of the model made a Tensor. And it saves and loads them.
"""

from __future__ import annotations

import copy
import io
import os
import warnings
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from minigrad.context import scope
from minigrad.files import write_whole
from minigrad.gradient import grad
from minigrad.messages import explain, user_line
from minigrad.refusals import require_recorded
from minigrad.table import matvec
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor, clock

Rng: TypeAlias = "np.random.Generator | int | None"  # unevaluated: loading it is slow

_store: Any = Tensor.__dict__["data"]  # the slot in which every Tensor keeps its array


class Parameter(Tensor):
    """A leaf that training changes.

    name   what equations call it (W_f); if not given, its path
    path   where it is in the model: `cell.forget.W`, given by the Modules that own it
    grad   what `backward()` has added up, or None

    Assigning `p.data = array` (or `p.data -= step`) makes it younger than any tape that
    used the old numbers, and such a tape refuses to be differentiated.
    """

    __slots__ = ("grad", "path")

    def __init__(self, data: Any, name: str | None = None) -> None:
        super().__init__(data, name)
        self.grad: Array | None = None
        self.path = ""

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        make, arguments, state = self.__reduce__()
        copied = make(*arguments)
        copied.__setstate__(copy.deepcopy(state, memo))
        return copied

    def __reduce__(self) -> Any:
        return (*super().__reduce__(), (self.path, self.grad))

    def __setstate__(self, state: Any) -> None:
        self.path, self.grad = state

    @property
    def data(self) -> Array:
        return _store.__get__(self)

    @data.setter
    def data(self, value: Any) -> None:
        array = np.array(value)  # a copy: nobody else can write into it
        old = _store.__get__(self) if hasattr(self, "path") else array
        if array.dtype.kind not in "fcO":
            array = array.astype(old.dtype)
        if array.shape != old.shape:
            raise ValueError(
                explain(
                    f"{self.name or 'p'}.data = array, at {user_line()}",
                    {self.name or "parameter": self, "array": array},
                    "a Parameter keeps its shape: the model was built around it.",
                    f"give an array of shape {old.shape}, or build a new model.",
                )
            )
        _store.__set__(self, array)
        self.tick = clock()


_alive: weakref.WeakSet[Tensor] = weakref.WeakSet()
_MANY = 100


def backward(output: Tensor, seed: Any = None) -> None:
    """Add the gradient of `output` into `.grad` of every Parameter on its tape.

    >>> w = Parameter([1.0, 2.0], name="w")
    >>> (w * w).sum().backward()
    >>> w.grad
    array([2., 4.])

    Raises ValueError if no Parameter is on the tape; see `grad` for the rest. Warns
    once when a hundred differentiated outputs, each holding its tape, are still alive.
    """
    require_recorded(output)
    parameters = [leaf for leaf in Tape(output).leaves if isinstance(leaf, Parameter)]
    if not parameters:
        raise ValueError(
            explain(
                f"backward() at {user_line()}",
                {output.name or "output": output},
                "backward() fills Parameter.grad, and no Parameter is on this tape.",
                "make the weights mg.Parameter(...), or use mg.grad(output, inputs).",
            )
        )
    for parameter, g in zip(
        parameters, grad(output, parameters, seed=seed), strict=True
    ):
        before = parameter.grad
        parameter.grad = g if before is None else np.asarray(before + g)
    _alive.add(output)
    if len(_alive) == _MANY:
        warnings.warn(
            f"{_MANY} losses are alive, each with its whole tape: keep a history as "
            "float(loss), or call mg.Tape(loss).release().",
            ResourceWarning,
            stacklevel=2,
        )


Tensor.backward = backward  # type: ignore[method-assign, assignment]


class Module:
    """A part of a model. Subclasses assign Parameters and Modules, and give `forward`.

    >>> layer = Dense(3, 2, rng=0)
    >>> {path: p.shape for path, p in layer.parameters().items()}
    {'W': (2, 3), 'b': (2,)}
    """

    label: str | None = None  # this part's name within the model

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name == "label":
            return
        for suffix, part in _parts_of(value):
            if isinstance(part, Parameter):
                _place(part, name + suffix)
            elif part.label is None:
                part.label = name + suffix
                for parameter in part.parameters().values():
                    _place(parameter, f"{name}{suffix}.{parameter.path}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with scope(self.label or type(self).__name__):
            return self.forward(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute; the Tensors recorded meanwhile carry this Module's name."""
        raise NotImplementedError(f"{type(self).__name__} needs a forward method")

    def parameters(self) -> dict[str, Parameter]:
        """Return every Parameter once, by its path in this Module."""
        found: dict[str, Parameter] = {}
        seen: set[int] = set()
        for where, parameter in self._walk():
            if id(parameter) not in seen:
                seen.add(id(parameter))
                found[where] = parameter
        return found

    def _walk(self) -> Iterator[tuple[str, Parameter]]:
        for name, value in vars(self).items():
            for suffix, part in _parts_of(value):
                if isinstance(part, Parameter):
                    yield name + suffix, part
                    continue
                for where, parameter in part._walk():
                    yield f"{name}{suffix}.{where}", parameter

    def zero_grad(self) -> None:
        """Forget what `backward()` has added up."""
        for parameter in self.parameters().values():
            parameter.grad = None

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write every Parameter under its path to an `.npz` file, all or nothing."""
        content = io.BytesIO()
        arrays: dict[str, Any] = {at: p.data for at, p in self.parameters().items()}
        np.savez(content, **arrays)
        return write_whole(path, content.getvalue())

    def load(self, path: str | os.PathLike[str]) -> None:
        """Read every Parameter back; refuse, with a full list, what does not fit."""
        own = self.parameters()
        arrays = _read(Path(path))
        problems = [
            f"{name}: missing in the file" for name in own if name not in arrays
        ]
        problems += [f"{name}: not in this model" for name in arrays if name not in own]
        problems += [
            f"{name}: {p.shape} here, {arrays[name].shape} in the file"
            for name, p in own.items()
            if name in arrays and arrays[name].shape != p.shape
        ]
        if problems:
            raise ValueError(
                explain(
                    f"load({str(path)!r}) into {type(self).__name__}, at {user_line()}",
                    {},
                    "names and shapes must be the same:\n        "
                    + "\n        ".join(problems),
                    "build the model with the sizes it was saved with; nothing was "
                    "changed.",
                )
            )
        for name, parameter in own.items():
            parameter.data = arrays[name].astype(parameter.dtype)


def _parts_of(value: Any) -> Iterator[tuple[str, Module | Parameter]]:
    """Yield the Modules and Parameters in an attribute: itself, or its members."""
    if isinstance(value, (list, tuple)):
        members: Any = enumerate(value)
    elif isinstance(value, dict):
        members = value.items()
    else:
        members = [(None, value)]
    for key, member in members:
        if isinstance(member, (Module, Parameter)):
            yield "" if key is None else f".{key}", member


def _place(parameter: Parameter, path: str) -> None:
    """Give a Parameter its path; without a name of its own, it is called by it."""
    if parameter.name in (None, parameter.path):
        parameter.name = path
    parameter.path = path


def _read(path: Path) -> dict[str, Array]:
    from zipfile import BadZipFile  # here, because few programs ever load

    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise ValueError(
            explain(
                f"load({str(path)!r}), at {user_line()}",
                {},
                f"it is not a readable .npz file of arrays: {error}.",
                "give a file that Module.save wrote; nothing was changed.",
            )
        ) from error


class Dense(Module):
    """One dense feed-forward layer: y = activation(W x + b).

    n, m  size of input and output: W is (m, n), b is (m,), x is (..., n)
    W starts uniform within sqrt(6 / (n + m)) (Glorot and Bengio 2010, eq. 16), b at 0.
    """

    def __init__(
        self,
        n: int,
        m: int,
        activation: Callable[[Any], Any] | None = None,
        rng: Rng = None,
        dtype: Any = float,
    ) -> None:
        limit = np.sqrt(6 / (n + m))
        start = np.random.default_rng(rng).uniform(-limit, limit, (m, n))
        self.W = Parameter(start.astype(dtype))
        self.b = Parameter(np.zeros(m, dtype))
        self.activation = activation

    def forward(self, x: Any) -> Any:
        width = np.shape(x)[-1:]
        if width != self.W.shape[1:]:
            raise ValueError(
                explain(
                    f"Dense: {self.W.name} x + {self.b.name}, at {user_line()}",
                    {str(self.W.name): self.W, "x": x},
                    f"W multiplies vectors of {self.W.shape[1]} entries, the last axis "
                    f"of x has {width[0] if width else 'none'}.",
                    f"give x of shape (..., {self.W.shape[1]}), or build the layer "
                    "with another n.",
                )
            )
        z = matvec(self.W, x) + self.b
        return z if self.activation is None else self.activation(z)


class Sequential(Module):
    """Modules one after the other: the output of each is the input of the next."""

    def __init__(self, *layers: Module) -> None:
        self.layers = layers

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x
