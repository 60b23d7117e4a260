"""Optimizers: each is one update equation, theta <- update(theta, g).

`step()` gives every Parameter new numbers; it never writes into the old array, so what
a tape or the user still holds stays as it was. The equations are those of the papers
in the form PyTorch uses, and the trajectories are compared with PyTorch's in the tests.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from minigrad.gradient import structured
from minigrad.messages import explain, user_line
from minigrad.module import Module
from minigrad.parameter import Parameter
from minigrad.tensor import Array

Parameters = Module | Mapping[str, Parameter] | Iterable[Parameter]

_OUR_WORDS = {"lr": "learning_rate", "eps": "epsilon"}


class Optimizer:
    """What all optimizers share: the Parameters, their memories, and `step`.

    parameters     a Module, or a list, dict or any iterable of Parameters
    learning_rate  the step size, above 0; may be changed between steps
    """

    def __new__(cls, *_: Any, **options: Any) -> Optimizer:
        """Say what we call an option, if it comes by PyTorch's name."""
        for theirs, ours in _OUR_WORDS.items():
            if theirs in options:
                raise TypeError(
                    explain(
                        f"{cls.__name__}({theirs}=...), at {user_line()}",
                        {},
                        f"here the word is written out: {ours}.",
                        f"{cls.__name__}(parameters, {ours}={options[theirs]!r}).",
                    )
                )
        return super().__new__(cls)

    def __init__(self, parameters: Parameters, learning_rate: float) -> None:
        self.names, self.parameters = _listed(parameters)
        self.learning_rate = learning_rate
        self.memories: list[dict[str, Any]] = [{} for _ in self.parameters]

    @property
    def learning_rate(self) -> float:
        """The step size: a Python number, beside which float32 stays float32."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        rate = float(value)
        if not 0 < rate < math.inf:
            raise ValueError(
                explain(
                    f"learning_rate={value!r}, at {user_line()}",
                    {},
                    "a step has a positive, finite size: the minus sign is in the "
                    "update.",
                    "choose it above 0, for instance 0.001; to pause, do not step().",
                )
            )
        self._learning_rate = rate

    def step(self, gradients: Any = None) -> None:
        """Update every Parameter from `gradients`, or from its `.grad`.

        Gradients come in the order of the Parameters, or in a dict with the keys the
        Parameters came with. A Parameter whose gradient is None stays as it is.
        """
        if gradients is None:
            gradients = [parameter.grad for parameter in self.parameters]
            if all(g is None for g in gradients):
                raise ValueError(
                    explain(
                        f"step() without a gradient, at {user_line()}",
                        {f"{p.name or 'p'}.grad": p.grad for p in self.parameters[:1]},
                        "no Parameter has one, so nothing would change.",
                        "call loss.backward() first, or pass the gradients: "
                        "step(mg.grad(loss, parameters)).",
                    )
                )
        gradients = self._in_order(gradients)
        for parameter, g, memory in zip(
            self.parameters, gradients, self.memories, strict=True
        ):
            if g is not None:
                parameter.data = self.update(parameter.data, g, memory)

    def _in_order(self, gradients: Any) -> list[Any]:
        """Return one gradient a Parameter; refuse, before any update, what misfits."""
        named = isinstance(gradients, Mapping)
        if named and self.names is not None and set(gradients) == set(self.names):
            gradients = {name: gradients[name] for name in self.names}
        listed = list(gradients.values() if named else gradients)
        wanted = [parameter.shape for parameter in self.parameters]
        given = [
            shape if g is None else np.shape(g)
            for g, shape in zip(listed, wanted, strict=False)
        ]
        keys_fit = not named or self.names is None or list(gradients) == self.names
        if len(listed) == len(wanted) and given == wanted and keys_fit:
            return listed
        raise ValueError(
            explain(
                f"step(gradients), at {user_line()}",
                {"parameters": wanted, "gradients": [np.shape(g) for g in listed]},
                "each Parameter needs one gradient, of its shape and under its key.",
                "pass mg.grad(loss, parameters), with the same list or dict that the "
                "optimizer was made with; nothing was changed.",
            )
        )

    def zero_grad(self) -> None:
        """Forget what `backward()` has added up."""
        for parameter in self.parameters:
            parameter.grad = None

    def update(self, theta: Array, g: Array, memory: dict[str, Any]) -> Array:
        """Return the new numbers; `memory` lives as long as the Parameter."""
        raise NotImplementedError


class SGD(Optimizer):
    """u <- momentum u + g;  theta <- theta - learning_rate u."""

    def __init__(
        self, parameters: Parameters, learning_rate: float, momentum: float = 0.0
    ) -> None:
        super().__init__(parameters, learning_rate)
        self.momentum = float(momentum)

    def update(self, theta: Array, g: Array, memory: dict[str, Any]) -> Array:
        u = memory["u"] = self.momentum * memory["u"] + g if memory else np.array(g)
        return theta - self.learning_rate * u


class Adam(Optimizer):
    """Kingma and Ba 2015, algorithm 1, with bias-corrected moments m and v."""

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(parameters, learning_rate)
        self.betas = float(betas[0]), float(betas[1])
        self.epsilon = float(epsilon)

    def update(self, theta: Array, g: Array, memory: dict[str, Any]) -> Array:
        beta_1, beta_2 = self.betas
        t = memory["t"] = memory.get("t", 0) + 1
        m = memory["m"] = beta_1 * memory.get("m", 0.0) + (1 - beta_1) * g
        v = memory["v"] = beta_2 * memory.get("v", 0.0) + (1 - beta_2) * g * g
        m_hat = m / (1 - beta_1**t)
        v_hat = v / (1 - beta_2**t)
        return theta - self.learning_rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2)."""

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(parameters, learning_rate, betas, epsilon)
        self.weight_decay = float(weight_decay)

    def update(self, theta: Array, g: Array, memory: dict[str, Any]) -> Array:
        decayed = theta - self.learning_rate * self.weight_decay * theta
        return super().update(decayed, g, memory)


class RMSprop(Optimizer):
    """v <- alpha v + (1 - alpha) g^2;  theta <- theta - learning_rate g / sqrt(v).

    Tieleman and Hinton 2012, lecture 6.5.
    """

    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 1e-2,
        alpha: float = 0.99,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(parameters, learning_rate)
        self.alpha = float(alpha)
        self.epsilon = float(epsilon)

    def update(self, theta: Array, g: Array, memory: dict[str, Any]) -> Array:
        v = memory["v"] = self.alpha * memory.get("v", 0.0) + (1 - self.alpha) * g * g
        return theta - self.learning_rate * g / (np.sqrt(v) + self.epsilon)


def clip_by_global_norm(gradients: Any, max_norm: float) -> tuple[Any, float]:
    """Shrink all gradients together so that their joint norm is at most `max_norm`.

    Return them, in the structure they came in, and the norm they had before (Pascanu
    et al. 2013, algorithm 1; PyTorch's form, with 1e-6 added to the norm). A gradient
    that is None stays None. Raises ValueError if the norm is not a finite number.

    >>> clip_by_global_norm([np.array([3.0]), np.array([4.0])], max_norm=10.0)[1]
    5.0
    """
    listed = gradients.values() if isinstance(gradients, Mapping) else gradients
    arrays = list(listed)
    norm = math.hypot(*(_norm(g) for g in arrays if g is not None))
    if not (math.isfinite(norm) and max_norm > 0):
        raise ValueError(
            explain(
                f"gradients of norm {norm} clipped to {max_norm}, at {user_line()}",
                {f"gradient {i}": g for i, g in enumerate(arrays) if _is_bad(g)},
                "shrinking divides by the norm, and cannot mend what is not finite.",
                "give a max_norm above 0; find a NaN with mg.checked(), or leave out "
                "this step.",
            )
        )
    shrink = min(1.0, float(max_norm) / (norm + 1e-6))
    clipped = (None if g is None else g * shrink for g in arrays)
    return structured(gradients, clipped), norm


def _norm(g: Any) -> float:
    """Return the norm of one gradient, in float64; no square of it overflows."""
    sizes = np.abs(g).astype(float)
    largest = float(np.max(sizes, initial=0.0))
    if not 0 < largest < math.inf:  # nothing, an infinity, or NaN
        return largest
    return largest * float(np.linalg.norm(sizes / largest))


def _is_bad(g: Any) -> bool:
    return g is not None and not np.isfinite(g).all()


def _listed(parameters: Parameters) -> tuple[list[str] | None, list[Parameter]]:
    """Return the Parameters' keys, if they have any, and the Parameters."""
    if isinstance(parameters, Module):
        parameters = dict(parameters.named_parameters())
    names = list(parameters) if isinstance(parameters, Mapping) else None
    listed = list(
        parameters.values() if isinstance(parameters, Mapping) else parameters
    )
    for each in listed:
        if not isinstance(each, Parameter):
            raise TypeError(
                explain(
                    f"an optimizer over a {type(each).__name__}, at {user_line()}",
                    {"it": each},
                    "an optimizer changes Parameters, and only those.",
                    "pass a Module, or a list of mg.Parameter.",
                )
            )
    twice = [p for i, p in enumerate(listed) if any(p is q for q in listed[:i])]
    if twice or not listed:
        raise ValueError(
            explain(
                f"an optimizer over {len(listed)} Parameters, at {user_line()}",
                {f"twice: {p.name or 'a Parameter'}": p for p in twice},
                "each is updated once a step, so it is listed once."
                if twice
                else "there is nothing to train.",
                "list every Parameter once; model.parameters() does."
                if twice
                else "give the model its mg.Parameter(...) first, as attributes.",
            )
        )
    return names, listed
