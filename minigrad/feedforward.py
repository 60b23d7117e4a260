"""Layers that feed forward: the dense layer, and layers one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from minigrad.habits import taught
from minigrad.messages import explained
from minigrad.module import Module
from minigrad.numpy_protocol.arrays import numbers
from minigrad.parameter import Parameter
from minigrad.table import matvec
from minigrad.tensor import Array, Tensor

Rng: TypeAlias = "np.random.Generator | int | None"  # unevaluated: loading it is slow


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
        x = leaf(x, "x", self.W.dtype)
        width = x.shape[-1:]
        if width != self.W.shape[1:]:
            raise explained(
                ValueError,
                f"Dense: {self.W.name} x + {self.b.name}",
                {str(self.W.name): self.W, "x": x},
                f"W multiplies vectors of {self.W.shape[1]} entries, the last axis "
                f"of x has {width[0] if width else 'none'}.",
                f"give x of shape (..., {self.W.shape[1]}), or build the layer "
                "with another n.",
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
        raise explained(
            TypeError,
            f"rng={rng!r}",
            "random numbers come from a seed, a whole number from 0 on, or from a "
            "Generator.",
            "write rng=0, or rng=np.random.default_rng(0) for several layers.",
        ) from error


def require_sizes(asked: str, **sizes: Any) -> None:
    """Refuse sizes, given by their letters, that are not positive integers."""
    for letter, size in sizes.items():
        whole = isinstance(size, int | np.integer) and not isinstance(size, bool)
        if not whole or size < 1:
            call = ", ".join(f"{each}={value!r}" for each, value in sizes.items())
            raise explained(
                ValueError,
                f"{asked}({call})",
                f"{letter} = {size!r} is no size: n counts what comes in, m what "
                "comes out."
                if letter in "nm"
                else f"{letter} = {size!r} is no size.",
                "give positive integers, for instance "
                f"{asked}({', '.join(map('{}={}'.format, sizes, (3, 2, 1)))}).",
            )


def _require_function(n: int, m: int, activation: Any) -> None:
    if activation is not None and not callable(activation):
        raise explained(
            TypeError,
            f"Dense({n}, {m}, activation={activation!r})",
            "the activation is called on W x + b, and this cannot be called.",
            "pass a function, such as mg.tanh or mg.relu; a seed is rng=0.",
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
            raise explained(
                TypeError,
                f"Sequential of {len(layers)} layers",
                others,
                "each layer is called on what the one before returns.",
                "Sequential(Dense(3, 4), Dense(4, 1)); of a list, Sequential(*layers).",
            )

    def forward(self, x: Any, *others: Any, **named: Any) -> Any:
        if others or named:
            raise explained(
                TypeError,
                "Sequential: model(x, ...) with more than x",
                {**{f"argument {k + 1}": v for k, v in enumerate(others)}, **named},
                "only x goes in, and what one layer returns goes into the next.",
                "a Stack(*model.layers), of lstm, takes states, mask and lengths: "
                "y, states = stack(x, lengths=...).",
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
