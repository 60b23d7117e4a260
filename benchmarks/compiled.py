"""Compiled programs beside PyTorch's fused layer, JAX's jit and the engine itself.

One training step of an LSTM: forward, the sum of squared errors, the gradient of every
weight. The same weights and inputs, float32, one thread; gradients are compared first.
"""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

import minigrad as mg
from lstm import LSTM
from minigrad.types import Array

SIZES = (
    (32, 1, 16, 16), (64, 32, 64, 64), (64, 32, 128, 128), (35, 20, 200, 200),
    (100, 20, 2, 30), (100, 20, 8, 16), (20, 32, 1, 4), (28, 100, 28, 100),
)  # fmt: skip
ROUNDS = 11
GATES = ("input", "forget", "candidate", "output")  # in PyTorch's order
HEADER = (
    "| T, B, n, m | nn.LSTM, us | compiled | jax.jit(scan) | engine | to build, s |",
    "| --- |" + " ---: |" * 5,
)
INTRODUCTION = f"""
One training step of an LSTM over T steps: medians of {ROUNDS} rounds in turn, float32,
one thread, as multiples of what `torch.nn.LSTM` takes in the same rounds. A program is
built once for its shapes; the last column says how long that takes.
"""


def lines() -> Iterator[str]:
    """Yield the table, line by line."""
    yield INTRODUCTION
    yield from HEADER
    for size in SIZES:
        began = time.perf_counter()
        layer, x, target = _case(*size)
        step = mg.compile(_step(layer), x, target)
        built = time.perf_counter() - began
        contestants = {
            "torch": _torch(layer, x, target),
            "compiled": functools.partial(step, x, target),
            "jax": _jax(layer, x, target),
            "engine": functools.partial(_step(layer), x, target),
        }
        _require_equal(contestants)
        took = medians(contestants)
        ratios = (f"{took[k] / took['torch']:.2f}" for k in list(took)[1:])
        us = took["torch"] * 1e6
        yield f"| {', '.join(map(str, size))} | {us:,.0f} | " + " | ".join(
            [*ratios, f"{built:.1f} |"]
        )


def _case(T: int, B: int, n: int, m: int) -> tuple[LSTM, Array, Array]:
    random = np.random.default_rng(0)
    layer = LSTM(n, m, rng=0, dtype="f4")
    x = random.standard_normal((B, T, n)).astype("f4")
    return layer, x, random.standard_normal((B, T, m)).astype("f4")


def _step(layer: LSTM) -> Callable[[Array, Array], Any]:
    def step(x: Array, target: Array) -> Any:
        y, _ = layer(x)
        difference = y - target
        return mg.grad((difference * difference).sum(), layer)

    return step


def _stacked(layer: LSTM) -> tuple[Array, Array, Array]:
    """Return W_x, W_y and b of the four gates, one below the other."""
    gates = [getattr(layer.cell, name) for name in GATES]
    W = np.concatenate([gate.W.data for gate in gates])
    return W[:, : layer.n], W[:, layer.n :], np.concatenate([g.b.data for g in gates])


def _torch(layer: LSTM, x: Array, target: Array) -> Callable[[], dict[str, Array]]:
    model = torch.nn.LSTM(layer.n, layer.m, batch_first=True)
    for name, array in zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"),
                           _stacked(layer), strict=True):  # fmt: skip
        getattr(model, name).data = torch.tensor(array)
    model.bias_hh_l0.data.zero_()
    inputs, wanted = torch.tensor(x), torch.tensor(target)
    weights = [model.weight_ih_l0, model.weight_hh_l0, model.bias_ih_l0]

    def step() -> dict[str, Array]:
        y, _ = model(inputs)
        loss = ((y - wanted) ** 2).sum()
        found = torch.autograd.grad(loss, weights)
        return _by_path(*(g.numpy() for g in found))

    return step


def _jax(layer: LSTM, x: Array, target: Array) -> Callable[[], dict[str, Array]]:
    import jax
    import jax.numpy as jnp

    def loss(weights: Any, x: Any, target: Any) -> Any:
        W_x, W_y, b = weights

        def cell(state: Any, z: Any) -> Any:
            y, c = state
            i, f, k, o = jnp.split(z + y @ W_y.T, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(k)
            y = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (y, c), y

        start = jnp.zeros((len(x), layer.m), x.dtype)
        _, y = jax.lax.scan(cell, (start, start), jnp.swapaxes(x @ W_x.T + b, 0, 1))
        return ((jnp.swapaxes(y, 0, 1) - target) ** 2).sum()

    gradient = jax.jit(jax.grad(loss))
    arguments = [jnp.asarray(each) for each in _stacked(layer)], x, target
    return lambda: _by_path(*(g.block_until_ready() for g in gradient(*arguments)))


def _by_path(W_x: Any, W_y: Any, b: Any) -> dict[str, Any]:
    return {"W_x": W_x, "W_y": W_y, "b": b}


def _require_equal(contestants: Mapping[str, Callable[[], Any]]) -> None:
    """Raise unless all gradients are the same, up to rounding."""
    right = contestants["torch"]()
    for name, run in contestants.items():
        found = run()
        if name in ("compiled", "engine"):
            W = np.concatenate([found[f"cell.{gate}.W"] for gate in GATES])
            b = np.concatenate([found[f"cell.{gate}.b"] for gate in GATES])
            n = right["W_x"].shape[1]
            found = _by_path(W[:, :n], W[:, n:], b)
        for key, expected in right.items():
            gap = np.max(np.abs(np.asarray(found[key]) - expected))
            assert gap < 1e-3 * np.max(np.abs(expected)), (name, key, gap)


def medians(functions: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return each function's median time over rounds in which all take turns."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    again = {}
    for name, run in functions.items():
        start = time.perf_counter()
        run()
        again[name] = max(1, int(0.004 / (time.perf_counter() - start)))
    for _ in range(ROUNDS):
        for name, run in functions.items():
            start = time.perf_counter()
            for _ in range(again[name]):
                run()
            times[name].append((time.perf_counter() - start) / again[name])
    return {name: statistics.median(each) for name, each in times.items()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    for line in lines():
        print(line, flush=True)
