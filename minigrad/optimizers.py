"""Optimizers: each is one update equation, theta <- update(theta, g).

`step()` gives every Parameter new numbers; it never writes into the old array, so what
a tape or the user still holds stays as it was. The equations are those of the papers
in the form PyTorch uses, and the trajectories are compared with PyTorch's in the tests.
PyTorch's words lr and eps are taken for learning_rate and epsilon.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.habits import absent, taught
from minigrad.messages import a_kind, explained
from minigrad.module import Module, misfits
from minigrad.numpy_protocol.array_like import plain
from minigrad.numpy_protocol.foreign_names import OPTIMIZER
from minigrad.parameter import Parameter
from minigrad.shapes import leaves
from minigrad.tensor import Array

Parameters = Module | Mapping[str, Any] | Iterable[Any]


class Optimizer:
    """What all optimizers share: the Parameters, their memories, and `step`.

    parameters     a Module, or a list, dict, generator or structure of Parameters
    learning_rate  the step size, above 0; may be changed between steps
    weight_decay   adds weight_decay theta to the gradient: the slope of an L2 penalty
                   0.5 weight_decay theta^2
    """

    def __init__(
        self, parameters: Parameters, learning_rate: float, weight_decay: float = 0.0
    ) -> None:
        self.places, self.parameters = _listed(parameters)
        self.learning_rate = learning_rate
        self.weight_decay = _option("weight_decay", weight_decay)
        self.memories: list[dict[str, Any]] = [{} for _ in self.parameters]

    if not TYPE_CHECKING:
        __getattr__ = absent("optimizer", OPTIMIZER)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in OPTIMIZER:  # it would have no effect: say what has
            getattr(self, name)
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        options = {k.strip("_"): v for k, v in vars(self).items() if k not in _HELD}
        shown = ", ".join(f"{name}={value!r}" for name, value in options.items())
        numbers = sum(parameter.size for parameter in self.parameters)
        of = f"{len(self.parameters)} Parameters, {numbers} numbers"
        return f"{type(self).__name__}({shown}) of {of}"

    @property
    def learning_rate(self) -> float:
        """The step size: a Python number, beside which float32 stays float32."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        rate = _number(value)
        if not 0 < rate < math.inf:
            raise explained(
                ValueError,
                f"learning_rate={value!r}",
                "a step has a positive, finite size: the minus sign is in the update.",
                "choose it above 0, for instance 0.001, and assign another between "
                "steps to change it; to pause, do not step().",
            )
        self._learning_rate = rate

    @taught
    def step(self, gradients: Any = None) -> None:
        """Update every Parameter from `gradients`, or from its `.grad`.

        Gradients come in the structure of the Parameters, as `mg.grad` returns them, or
        in a list in their order. A Parameter whose gradient is None stays as it is.
        """
        if gradients is None:
            gradients = [parameter.grad for parameter in self.parameters]
            if all(g is None for g in gradients):
                raise explained(
                    ValueError,
                    "step() without a gradient",
                    {f"{p.name or 'p'}.grad": p.grad for p in self.parameters[:1]},
                    "no Parameter has one, so nothing would change.",
                    "call loss.backward() first, or pass the gradients: "
                    "step(mg.grad(loss, parameters)).",
                )
        gradients = self._in_order(gradients)
        for parameter, g, memory in zip(
            self.parameters, gradients, self.memories, strict=True
        ):
            if g is not None:
                theta, g = self.decay(parameter.data, g)
                parameter.data = self.update(theta, g, memory)

    def _in_order(self, gradients: Any) -> list[Any]:
        """Return one gradient a Parameter; refuse, before any update, what misfits."""
        found = leaves(gradients)
        own = dict(zip(self.places, self.parameters, strict=True))
        in_order = not isinstance(gradients, Mapping) and len(found) == len(own)
        if in_order and found.keys() != own.keys():
            found = dict(zip(own, found.values(), strict=True))
        given = {at: np.asarray(plain(g)) for at, g in found.items() if g is not None}
        excused = {at: own[at].data for at in found.keys() - given.keys() & own.keys()}
        misfit = misfits(own, {**given, **excused}, "in the gradients")
        problems = [each.replace("['", "").replace("']", "") for each in misfit]
        if not problems:
            return [given.get(place) for place in self.places]
        why = "each Parameter needs one gradient, of its shape and in its place:"
        raise explained(
            ValueError,
            "step(gradients)",
            {"gradients": gradients},
            "\n        ".join([why, *problems]),
            "pass mg.grad(loss, parameters), with the same structure that the "
            "optimizer was made with; nothing was changed.",
        )

    @taught
    def zero_grad(self) -> None:
        """Forget what `backward()` has added up."""
        for parameter in self.parameters:
            parameter.grad = None

    def decay(self, theta: Array, g: Array) -> tuple[Array, Array]:
        """Return the numbers and the gradient that `update` is given."""
        if not self.weight_decay:
            return theta, g
        return theta, g + self.weight_decay * theta

    def update(self, theta: Array, g: Array, memory: dict[str, Any]) -> Array:
        """Return the new numbers; `memory` lives as long as the Parameter."""
        raise NotImplementedError


class SGD(Optimizer):
    """u <- momentum u + (1 - dampening) g;  theta <- theta - learning_rate u.

    The first u is g. With `nesterov` the step is along g + momentum u (Sutskever et al.
    2013, in PyTorch's form).
    """

    @taught
    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay)
        self.momentum = _option("momentum", momentum)
        self.dampening = _option("dampening", dampening)
        self.nesterov = bool(nesterov)
        if self.nesterov and (not self.momentum or self.dampening):
            raise explained(
                ValueError,
                f"SGD(momentum={momentum}, dampening={dampening}, nesterov=True)",
                "Nesterov's step looks ahead along an undamped momentum.",
                "give a momentum above 0, for instance 0.9, and no dampening.",
            )

    def update(self, theta: Array, g: Array, memory: dict[str, Any]) -> Array:
        if not self.momentum:
            return theta - self.learning_rate * g
        u = g.copy()
        if memory:
            u = self.momentum * memory["u"] + (1 - self.dampening) * g
        memory["u"] = u
        step = g + self.momentum * u if self.nesterov else u
        return theta - self.learning_rate * step


class Adam(Optimizer):
    """Kingma and Ba 2015, algorithm 1, with bias-corrected moments m and v."""

    @taught
    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay)
        self.betas = _betas(betas)
        self.epsilon = _option("epsilon", epsilon)

    def update(self, theta: Array, g: Array, memory: dict[str, Any]) -> Array:
        beta_1, beta_2 = self.betas
        t = memory["t"] = memory.get("t", 0) + 1
        m = memory["m"] = beta_1 * memory.get("m", 0.0) + (1 - beta_1) * g
        v = memory["v"] = beta_2 * memory.get("v", 0.0) + (1 - beta_2) * g * g
        m_hat = m / (1 - beta_1**t)
        v_hat = v / (1 - beta_2**t)
        result: Array = theta - self.learning_rate * m_hat / (
            np.sqrt(v_hat) + self.epsilon
        )
        return result


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2)."""

    @taught
    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(parameters, learning_rate, betas, epsilon, weight_decay)

    def decay(self, theta: Array, g: Array) -> tuple[Array, Array]:
        return theta - self.learning_rate * self.weight_decay * theta, g


class RMSprop(Optimizer):
    """v <- alpha v + (1 - alpha) g^2;  theta <- theta - learning_rate g / sqrt(v).

    Tieleman and Hinton 2012, lecture 6.5. `centered` subtracts from v the square of a
    running mean of g (Graves 2013, eq. 38 to 45); the steps may have a momentum.
    """

    @taught
    def __init__(
        self,
        parameters: Parameters,
        learning_rate: float = 1e-2,
        alpha: float = 0.99,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay)
        self.alpha = _option("alpha", alpha)
        self.epsilon = _option("epsilon", epsilon)
        self.momentum = _option("momentum", momentum)
        self.centered = bool(centered)

    def update(self, theta: Array, g: Array, memory: dict[str, Any]) -> Array:
        v = memory["v"] = self.alpha * memory.get("v", 0.0) + (1 - self.alpha) * g * g
        if self.centered:
            m = self.alpha * memory.get("m", 0.0) + (1 - self.alpha) * g
            memory["m"], v = m, v - m * m
        step = g / (np.sqrt(v) + self.epsilon)
        if self.momentum:
            step = memory["u"] = self.momentum * memory.get("u", 0.0) + step
        result: Array = theta - self.learning_rate * step
        return result


_BELOW_ONE = ("beta_1", "beta_2")
_HELD = ("places", "parameters", "memories")  # not options


def _option(name: str, value: Any) -> float:
    """Return an option of an optimizer as a Python number, or refuse it."""
    number = _number(value)
    if 0 <= number < (1 if name in _BELOW_ONE else math.inf):
        return number
    bound = " and below 1" if name in _BELOW_ONE else ""
    why = f"{name} is a finite number, at least 0{bound}."
    fix = "choose it in that range; the names and defaults are PyTorch's."
    raise explained(ValueError, f"{name}={value!r}", why, fix)


def _number(value: Any) -> float:
    """Return a Python number, beside which float32 stays float32; NaN if it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _betas(betas: Any) -> tuple[float, float]:
    if not isinstance(betas, list | tuple) or len(betas) != 2:
        why = "there are two, of the moments m and v."
        asked = f"betas={betas!r}"
        raise explained(TypeError, asked, why, "write betas=(0.9, 0.999).")
    return _option("beta_1", betas[0]), _option("beta_2", betas[1])


def _listed(parameters: Parameters) -> tuple[list[str], list[Parameter]]:
    """Return the Parameters of a structure, and the place of each in it."""
    found = leaves(parameters)
    listed = list(found.values())
    for each in listed:
        if not isinstance(each, Parameter):
            raise explained(
                TypeError,
                f"an optimizer over {a_kind(each)}",
                {"it": each},
                "an optimizer changes Parameters, and only those.",
                "pass a Module, or mg.Parameters in a list or in a dict, such as "
                "dict(model.named_parameters()); a group with a learning rate of "
                "its own has its own optimizer.",
            )
    twice = [p for i, p in enumerate(listed) if any(p is q for q in listed[:i])]
    if twice or not listed:
        raise explained(
            ValueError,
            f"an optimizer over {len(listed)} Parameters",
            {f"twice: {p.name or 'a Parameter'}": p for p in twice},
            "each is updated once a step, so it is listed once."
            if twice
            else "there is nothing to train.",
            "list every Parameter once; model.parameters() does."
            if twice
            else "give the model its mg.Parameter(...) first, as attributes.",
        )
    return list(found), listed
