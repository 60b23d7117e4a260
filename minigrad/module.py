"""Parts of a model: the Modules that own its Parameters.

A Module does three things. It finds its Parameters, each under the path that leads to
it (`cell.forget.W`), through lists, tuples and dicts. It marks what it records with
that path, so that a tape knows which part of the model made a Tensor. And it saves and
loads them.

Who gives the path? The Module to which a part was assigned last; and a Module that is
no part of another, whenever it is asked for its `parameters()`. Within one Module the
first of several names counts.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.calls import step_of
from minigrad.context import scope
from minigrad.files import npz, read_npz, write_whole
from minigrad.habits import absent, misfit, ran, taught
from minigrad.messages import a_kind, explained
from minigrad.numpy_protocol.array_like import plain
from minigrad.numpy_protocol.foreign_names import MODULE
from minigrad.parameter import Parameter, holds
from minigrad.tape import Tape
from minigrad.tensor import Array, Tensor


class Module:
    """A part of a model. Subclasses assign Parameters and Modules, and give `forward`.

    >>> mg.Dense(3, 2, rng=0)
    Dense: 8 numbers to train
      W  (2, 3)
      b  (2,)
    """

    label: str | None = None  # this part's name in scopes; given by its owner, or yours
    _given: str | None = None  # the label that its owner gave; None: part of no other

    def __setattr__(self, name: str, value: Any) -> None:
        members = list(_members(value))
        replaced = vars(self).get(name)
        if isinstance(replaced, Parameter):
            _require_trained(replaced, name, value, members)
        object.__setattr__(self, name, value)
        if not isinstance(replaced, Tensor):
            _warn_of_untrained(f"{type(self).__name__}.{name}", members)
        modules = [member for _, member in members if isinstance(member, Module)]
        if any(part is self for each in modules for *_, part in each._walk()):
            return  # a part that knows its owner does not own it
        for path, label, part in self._walk() if members else ():
            if path == name or path.startswith(f"{name}."):
                _place(part, path, label)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        label, read = self.label or type(self).__name__, (*args, *kwargs.values())
        is_loop = len(read) > 1  # perhaps: it may read a state beside its input
        step = step_of(label, read, self.parameters) if is_loop else nullcontext()
        with step, scope(label):
            try:
                return self.forward(*args, **kwargs)
            except TypeError as error:
                if ran(error):
                    raise
                kind = type(self).__name__
                raise misfit(
                    "model", self.forward, error, f"a call of {kind}"
                ) from None

    def __repr__(self) -> str:
        found = {path: part.shape for path, part in self._found().items()}
        numbers = sum(int(np.prod(shape)) for shape in found.values())
        wide = max(map(len, found), default=0)
        head = f"{type(self).__name__}: {numbers} numbers to train"
        lines = (f"  {path.ljust(wide)}  {shape}" for path, shape in found.items())
        return "\n".join([head, *lines])

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute; the Tensors recorded meanwhile carry this Module's name."""
        kind = type(self).__name__
        raise explained(
            NotImplementedError,
            f"a call of {kind}",
            {"model": self},
            f"{kind} does not say what it computes.",
            "write a method forward(self, x): what it returns is model(x).",
        )

    def parameters(self) -> list[Parameter]:
        """Return a list of every Parameter, each once.

        >>> sum(p.size for p in mg.Dense(3, 2).parameters())
        8
        """
        return [parameter for _, parameter in self.named_parameters()]

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """Return (path in this Module, Parameter) of every Parameter, once.

        >>> [path for path, _ in mg.Dense(3, 2).named_parameters()]
        ['W', 'b']

        `dict(model.named_parameters())` has them by path, and is a structure that
        `grad` and the optimizers take.
        """
        if self._given is None:
            for path, label, part in self._walk():
                _place(part, path, label)
        return list(self._found().items())

    def _found(self) -> dict[str, Parameter]:
        found: dict[str, Parameter] = {}
        for path, _, part in self._walk():
            if not isinstance(part, Parameter):
                continue
            if path in found:
                raise explained(
                    ValueError,
                    "two Parameters of one path",
                    {path: found[path], f"{path}, too": part},
                    "the path says which is which, in files and optimizers.",
                    "change one of the names or keys that lead to them.",
                )
            found[path] = part
        return found

    def _walk(self, seen: set[int] | None = None) -> Iterator[tuple[str, str, Any]]:
        """Yield path, label and part: every Module and Parameter below this, once."""
        seen = {id(self)} if seen is None else seen
        for name, value in vars(self).items():
            for suffix, part in _members(value):
                if id(part) in seen or not isinstance(part, (Module, Parameter)):
                    continue
                seen.add(id(part))
                yield name + suffix, name + suffix, part
                if isinstance(part, Module):
                    for path, label, below in part._walk(seen):
                        yield f"{name}{suffix}.{path}", label, below

    if not TYPE_CHECKING:
        __getattr__ = absent("model", MODULE)

    @taught
    def zero_grad(self) -> None:
        """Forget what `backward()` has added up."""
        for parameter in self.parameters():
            parameter.grad = None

    def state_dict(self) -> dict[str, Array]:
        """Return the numbers of every Parameter, by its path: a copy of them.

        >>> model = mg.Dense(3, 2)
        >>> {path: array.shape for path, array in model.state_dict().items()}
        {'W': (2, 3), 'b': (2,)}
        """
        return {path: p.data.copy() for path, p in self.named_parameters()}

    @taught
    def load_state_dict(self, arrays: Mapping[str, Any]) -> None:
        """Give every Parameter the numbers under its path.

        Raises ValueError with a full list of what is missing, not in this model or of
        another shape; then nothing is changed.
        """
        self._load(arrays, "load_state_dict(arrays)", "in the arrays")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write every Parameter under its path to an `.npz` file, all or nothing."""
        arrays = self.state_dict()
        objects = {at: array for at, array in arrays.items() if array.dtype == object}
        if objects:
            raise explained(
                TypeError,
                f"save({str(path)!r}) of {type(self).__name__}",
                objects,
                "a file of arrays holds numbers, and these hold Python objects.",
                "convert them (p.data.astype(float)) in a model of floats.",
            )
        return write_whole(path, npz(arrays))

    def load(self, path: str | os.PathLike[str]) -> None:
        """Read every Parameter back; refuse, with a full list, what does not fit."""
        self._load(read_npz(path), f"load({str(path)!r})", "in the file")

    def _load(self, arrays: Mapping[str, Any], asked: str, there: str) -> None:
        own = dict(self.named_parameters())
        arrays = {name: np.asarray(plain(array)) for name, array in arrays.items()}
        problems = list(misfits(own, arrays, there))
        if problems:
            raise explained(
                ValueError,
                f"{asked} into {type(self).__name__}",
                "names and shapes must be the same, and numbers fit:\n        "
                + "\n        ".join(problems),
                "build the model with the sizes it was saved with; weights under "
                "the names of PyTorch, Keras, Flax are for lstm.exchange; nothing "
                "was changed.",
            )
        converted = {name: arrays[name].astype(p.dtype) for name, p in own.items()}
        for name, parameter in own.items():
            parameter.data = converted[name]


def _members(
    value: Any, suffix: str = "", inside: tuple[int, ...] = ()
) -> Iterator[tuple[str, Any]]:
    """Yield the Modules and Tensors in an attribute: itself, or those in containers."""
    if isinstance(value, (Module, Tensor)):
        yield suffix, value
    if not isinstance(value, _CONTAINERS) or id(value) in inside:
        return
    inside = (*inside, id(value))
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, member in pairs:
        for below, found in _members(member, f"{suffix}.{key}", inside):
            if isinstance(value, (set, frozenset)):
                raise explained(
                    TypeError,
                    f"{a_kind(found)} in a set",
                    "a set has no order, so what is in it has no lasting path.",
                    "use a list, a tuple or a dict.",
                )
            yield below, found


_CONTAINERS = (list, tuple, Mapping, set, frozenset)


def _require_trained(
    replaced: Parameter, name: str, value: Any, members: list[tuple[str, Any]]
) -> None:
    """Refuse what would stand in a Parameter's place, and never be trained."""
    if value is None or any(_is_trained(part, replaced) for _, part in members):
        return
    raise explained(
        TypeError,
        f"layer.{name} = {a_kind(value)}",
        {name: replaced, "value": value},
        f"{name} is a Parameter, and what stood in its place would be neither "
        "trained nor saved.",
        f"write layer.{name}.data = array for new numbers, layer.{name} = "
        "mg.Parameter(array) for a new Parameter. Where a Tensor is meant, as in "
        f'a function of the weights, vars(layer)["{name}"] = t.',
    )


def _is_trained(part: Any, replaced: Parameter) -> bool:
    """Does training reach this: a Module, a Parameter, or what others made?"""
    if isinstance(part, Tensor) and part.primitive is not None:
        leaves = Tape(part).leaves
        return any(isinstance(p, Parameter) and p is not replaced for p in leaves)
    return isinstance(part, (Module, Parameter))


def _warn_of_untrained(name: str, members: list[tuple[str, Any]]) -> None:
    """Warn of a leaf that looks like a weight, and is none; results are left alone."""
    for suffix, member in members:
        if type(member) is Tensor and member.primitive is None and not member.options:
            warnings.warn(
                f"{name}{suffix} is a Tensor but no Parameter, so it is neither "
                "trained nor saved: use mg.Parameter, or its .data for a constant.",
                UserWarning,
                stacklevel=3,
            )


def _place(part: Module | Parameter, path: str, label: str) -> None:
    """Tell a part where it is; a name of its own, given by the user, it keeps."""
    if isinstance(part, Module):
        if part.label in (None, part._given):
            part.label = label
        part._given = label
    else:
        if part.name in (None, part.path):
            part.name = path
        part.path = path


def misfits(
    own: Mapping[str, Any], arrays: Mapping[str, Array], there: str
) -> Iterator[str]:
    """Say, one by one, why arrays cannot be these; `there` is where they are from.

    >>> list(misfits({"W": np.ones(3)}, {"W": np.ones(2)}, "in the file"))
    ['W: (3,) here, (2,) in the file']
    """
    for name in own:
        if name not in arrays:
            yield f"{name}: missing {there}"
    for name, array in arrays.items():
        if name not in own:
            yield f"{name}: not in this model"
        elif array.shape != own[name].shape:
            yield f"{name}: {own[name].shape} here, {array.shape} {there}"
        elif not holds(own[name].dtype, array.dtype):
            yield f"{name}: {own[name].dtype} here, {array.dtype} {there}"
