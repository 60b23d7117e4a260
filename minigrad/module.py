"""Parts of a model: the Modules that own its Parameters, and the dense layer.

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
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from minigrad.array_like import plain
from minigrad.arrays import numbers
from minigrad.context import scope
from minigrad.files import npz, read_npz, write_whole
from minigrad.foreign_names import MODULE
from minigrad.habits import absent, taught
from minigrad.messages import explain, user_line
from minigrad.parameter import Parameter, holds
from minigrad.table import matvec
from minigrad.tensor import Array, Tensor

Rng: TypeAlias = "np.random.Generator | int | None"  # unevaluated: loading it is slow


class Module:
    """A part of a model. Subclasses assign Parameters and Modules, and give `forward`.

    >>> Dense(3, 2, rng=0)
    Dense: 8 numbers to train
      W  (2, 3)
      b  (2,)
    """

    label: str | None = None  # this part's name in scopes; given by its owner, or yours
    _given: str | None = None  # the label that its owner gave; None: part of no other

    def __setattr__(self, name: str, value: Any) -> None:
        members = list(_members(value))
        replaced = vars(self).get(name)
        object.__setattr__(self, name, value)
        if not isinstance(replaced, Tensor):  # in a Parameter's place it is meant
            _warn_of_untrained(f"{type(self).__name__}.{name}", members)
        modules = [member for _, member in members if isinstance(member, Module)]
        if any(part is self for each in modules for *_, part in each._walk()):
            return  # a part that knows its owner does not own it
        for path, label, part in self._walk() if members else ():
            if path == name or path.startswith(f"{name}."):
                _place(part, path, label)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with scope(self.label or type(self).__name__):
            return self.forward(*args, **kwargs)

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
        raise NotImplementedError(
            explain(
                f"a call of {kind}, at {user_line()}",
                {"model": self},
                f"{kind} does not say what it computes.",
                "write a method forward(self, x): what it returns is model(x).",
            )
        )

    def parameters(self) -> list[Parameter]:
        """Return a list of every Parameter, each once.

        >>> sum(p.size for p in Dense(3, 2).parameters())
        8
        """
        return [parameter for _, parameter in self.named_parameters()]

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """Return (path in this Module, Parameter) of every Parameter, once.

        >>> [path for path, _ in Dense(3, 2).named_parameters()]
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
                raise ValueError(
                    explain(
                        f"two Parameters of one path, at {user_line()}",
                        {path: found[path], f"{path}, too": part},
                        "the path says which is which, in files and optimizers.",
                        "change one of the names or keys that lead to them.",
                    )
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

        >>> {path: array.shape for path, array in Dense(3, 2).state_dict().items()}
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
            raise TypeError(
                explain(
                    f"save({str(path)!r}) of {type(self).__name__}, at {user_line()}",
                    objects,
                    "a file of arrays holds numbers, and these hold Python objects.",
                    "convert them (p.data.astype(float)) in a model of floats.",
                )
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
            raise ValueError(
                explain(
                    f"{asked} into {type(self).__name__}, at {user_line()}",
                    {},
                    "names and shapes must be the same, and numbers fit:\n        "
                    + "\n        ".join(problems),
                    "build the model with the sizes it was saved with; weights under "
                    "the names of PyTorch, Keras, Flax are for lstm.exchange; nothing "
                    "was changed.",
                )
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
                raise TypeError(
                    explain(
                        f"a {type(found).__name__} in a set, at {user_line()}",
                        {},
                        "a set has no order, so what is in it has no lasting path.",
                        "use a list, a tuple or a dict.",
                    )
                )
            yield below, found


_CONTAINERS = (list, tuple, Mapping, set, frozenset)


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


def leaf(value: Any, name: str, dtype: Any = None) -> Tensor:
    """Make a plain array visible on the tape, as a leaf of that name.

    Integers and booleans become floating. A Tensor stays as it is, and is not renamed.
    dtype is that of the numbers it will meet: see `beside`.
    """
    if isinstance(value, Tensor):
        return value
    array = numbers(value, "a layer", name)
    array = array if dtype is None else beside(dtype, array)
    return Tensor(array.astype(float) if array.dtype.kind in "biu" else array, name)


def beside(dtype: Any, value: Any, role: str = "x") -> Any:
    """Return plain real numbers in a floating dtype; all else stays as it is.

    So float32 weights are not widened by what they meet, while Tensors and exact
    numbers keep the domain that they were given for.

    >>> beside("f4", np.array([1, 2])).dtype
    dtype('float32')
    """
    if isinstance(value, Tensor):
        return value
    array = numbers(value, "a layer", role)
    real = array.dtype.kind in "biuf" and np.dtype(dtype).kind == "f"
    return array.astype(dtype, copy=False) if real else array


class Dense(Module):
    """One dense feed-forward layer: y = activation(W x + b).

    n, m  size of input and output: W is (m, n), b is (m,), x is (..., n)
    activation    a function of the result, such as mg.tanh; none if not given
    W starts uniform within sqrt(6 / (n + m)) (Glorot and Bengio 2010, eq. 16), b at 0.
    """

    @taught
    def __init__(
        self,
        n: int,
        m: int,
        activation: Callable[[Any], Any] | None = None,
        rng: Rng = None,
        dtype: Any = float,
    ) -> None:
        require_sizes("Dense", n=n, m=m)
        _require_function(n, m, activation)
        limit = np.sqrt(6 / (n + m))
        start = generator(rng).uniform(-limit, limit, (m, n))
        self.W = Parameter(start.astype(dtype))
        self.b = Parameter(np.zeros(m, dtype))
        self.activation = activation

    def forward(self, x: Any) -> Any:
        x = leaf(x, "x")
        width = x.shape[-1:]
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
        z.name = "z"
        return z if self.activation is None else self.activation(z)


def generator(rng: Rng) -> np.random.Generator:
    """Return what numbers are drawn from: a Generator, or a new one from a seed.

    >>> int(generator(0).integers(10))
    8
    """
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError) as error:
        raise TypeError(
            explain(
                f"rng={rng!r}, at {user_line()}",
                {},
                "random numbers come from a seed, a whole number from 0 on, or from a "
                "Generator.",
                "write rng=0, or rng=np.random.default_rng(0) for several layers.",
            )
        ) from error


def require_sizes(asked: str, **sizes: Any) -> None:
    """Refuse sizes, given by their letters, that are not positive integers."""
    for letter, size in sizes.items():
        whole = isinstance(size, int | np.integer) and not isinstance(size, bool)
        if not whole or size < 1:
            call = ", ".join(f"{each}={value!r}" for each, value in sizes.items())
            raise ValueError(
                explain(
                    f"{asked}({call}), at {user_line()}",
                    {},
                    f"{letter} = {size!r} is no size: n counts what comes in, m what "
                    "comes out."
                    if letter in "nm"
                    else f"{letter} = {size!r} is no size.",
                    "give positive integers, for instance "
                    f"{asked}({', '.join(map('{}={}'.format, sizes, (3, 2, 1)))}).",
                )
            )


def _require_function(n: int, m: int, activation: Any) -> None:
    if activation is not None and not callable(activation):
        raise TypeError(
            explain(
                f"Dense({n}, {m}, activation={activation!r}), at {user_line()}",
                {},
                "the activation is called on W x + b, and this cannot be called.",
                "pass a function, such as mg.tanh or mg.relu; a seed is rng=0.",
            )
        )


class Sequential(Module):
    """Modules one after the other: the output of each is the input of the next.

    Of a layer over time, which returns y and its state, y flows on and the state is
    dropped, as in Keras. A `lstm.Stack` returns the states too, and takes masks.
    """

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        self.layers = layers
        others = {f"layer {k}": f for k, f in enumerate(layers) if not callable(f)}
        if others:
            raise TypeError(
                explain(
                    f"Sequential of {len(layers)} layers, at {user_line()}",
                    others,
                    "each layer is called on what the one before returns.",
                    "Sequential(Dense(3, 4), Dense(4, 1)); of a list, "
                    "Sequential(*layers).",
                )
            )

    def forward(self, x: Any, *others: Any, **named: Any) -> Any:
        if others or named:
            raise TypeError(
                explain(
                    f"Sequential: model(x, ...) with more than x, at {user_line()}",
                    {**{f"argument {k + 1}": v for k, v in enumerate(others)}, **named},
                    "only x goes in, and what one layer returns goes into the next.",
                    "a Stack(*model.layers), of lstm, takes states, mask and lengths: "
                    "y, states = stack(x, lengths=...).",
                )
            )
        if isinstance(x, Array) and x.dtype.kind in "fc":  # integers may be indices
            x = leaf(x, "x")
        for layer in self.layers:
            x = output_of(layer, x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, index: Any) -> Any:
        return self.layers[index]


def over_time(layer: Any) -> bool:
    """Return whether a layer carries a state from step to step.

    Such a layer has an attribute `causal`, and returns y together with its state.
    """
    return hasattr(layer, "causal")


def output_of(layer: Callable[[Any], Any], x: Any) -> Any:
    """Return layer(x) for the next layer: of one over time y alone, without state."""
    returned = layer(x)
    return returned[0] if over_time(layer) else returned
