"""Compiled programs beside PyTorch's fused layer, JAX's jit and the engine itself.

One training step of an LSTM: forward, the sum of squared errors, the gradient of every
weight. The same weights and inputs, float32, one thread; gradients are compared first.
Then other models beside the engine, and what each rewrite gains.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

import minigrad as mg
from benchmarks.by_hand import ByHand
from benchmarks.side_by_side import fastest
from lstm import LSTM, Recurrent, Stack
from lstm.others import GRUCell
from lstm.variants import PeepholeCell
from minigrad.compiling.programs import LINES, Program
from minigrad.types import Array

SIZES = (
    (32, 1, 16, 16), (64, 32, 64, 64), (64, 32, 128, 128), (35, 20, 200, 200),
    (100, 20, 2, 30), (100, 20, 8, 16), (20, 32, 1, 4), (28, 100, 28, 100),
)  # fmt: skip
OTHERS = ((32, 1, 16, 16), (20, 32, 4, 8), (64, 32, 64, 64))
GATES = ("input", "forget", "candidate", "output")  # in PyTorch's order
HEADER = (
    "| T, B, n, m | nn.LSTM, us | compiled | by hand | jax.jit(scan) | engine | "
    "to build, s |",
    "| --- |" + " ---: |" * 6,
)
INTRODUCTION = """
One training step of an LSTM over T steps: processor time of the fastest of many turns,
float32, one thread, as multiples of what `torch.nn.LSTM` takes in the same turns. A
program is built once for its shapes; the last column says how long that takes. Beside
it stands what a person writes in NumPy who plans all of it by hand
(`benchmarks/by_hand.py`): nine calls a step forwards and nine back, as the rewrites
find, too. Where arrays are tiny only fewer calls would be faster: JAX compiles a step
into one.
"""
MODELS = """
One training step of other models: how many times as long the engine takes as its
program. Attention is one head over T steps, with a residual sum.
"""
GAINS = """
What each rewrite gains: one LSTM step with all rewrites but this one, as a multiple of
the step with all of them. Rewrites build on each other, so gains are no shares: without
the column for b, no gates lie side by side. On a busy machine 0.1 is noise.
"""


def lines(seconds: float = 8.0) -> Iterator[str]:
    """Yield the tables, line by line; so many seconds are measured for each line."""
    yield INTRODUCTION
    yield from HEADER
    for size in SIZES:
        layer, x, target = _case(*size)
        began = time.process_time()
        step = mg.compile(_step(layer), x, target)
        built = time.process_time() - began
        contestants = {
            "torch": _torch(layer, x, target),
            "compiled": functools.partial(step, x, target),
            "by hand": _by_hand(layer, x, target),
            "jax": _jax(layer, x, target),
            "engine": functools.partial(_step(layer), x, target),
        }
        _require_equal(contestants)
        took = fastest(contestants, seconds, 3, time.process_time)
        ratios = (f"{took[k] / took['torch']:.2f}" for k in list(took)[1:])
        us = took["torch"] * 1e6
        yield f"| {', '.join(map(str, size))} | {us:,.0f} | " + " | ".join(
            [*ratios, f"{built:.1f} |"]
        )
    yield from _models(seconds)
    yield from _gains(seconds)


def _models(seconds: float) -> Iterator[str]:
    yield MODELS
    yield "| T, B, n, m | " + " | ".join(STEPS) + " |"
    yield "| --- |" + " ---: |" * len(STEPS)
    for size in OTHERS:
        cells = [", ".join(map(str, size))]
        for make in STEPS.values():
            f, arguments = make(*size)
            functions = {
                "engine": functools.partial(f, *arguments),
                "compiled": functools.partial(mg.compile(f), *arguments),
            }
            took = fastest(functions, seconds / len(STEPS), 3, time.process_time)
            cells.append(f"{took['engine'] / took['compiled']:.1f}")
        yield "| " + " | ".join(cells) + " |"


def _gains(seconds: float) -> Iterator[str]:
    sizes = (SIZES[0], SIZES[5], SIZES[2])
    yield GAINS
    yield "| without | " + " | ".join(", ".join(map(str, s)) for s in sizes) + " |"
    yield "| --- |" + " ---: |" * len(sizes)
    gains: dict[str, list[float]] = {each.__name__: [] for each in LINES}
    for size in sizes:
        layer, x, target = _case(*size)
        compiled = mg.compile(_step(layer), x, target)
        _, trace, arrays = compiled.new_program((x, target))
        functions = {
            left_out: functools.partial(
                Program(
                    trace, ["x", "target"],
                    [each for each in LINES if each.__name__ != left_out],
                ), arrays,
            )
            for left_out in ("", *gains, "nothing")
        }  # fmt: skip
        took = fastest(functions, 2 * seconds, clock=time.process_time)
        for left_out, found in gains.items():
            found.append(took[left_out] / min(took[""], took["nothing"]))
    for left_out, found in sorted(gains.items(), key=lambda item: -max(item[1])):
        cells = [f"`{left_out}`", *(f"{each:.2f}" for each in found)]
        yield "| " + " | ".join(cells) + " |"


def _recurrent(make: Callable[[int, int], Any]) -> Callable[..., Any]:
    def case(T: int, B: int, n: int, m: int) -> Any:
        _, x, target = _case(T, B, n, m)
        return _step(make(n, m)), (x, target)

    return case


def _mlp(T: int, B: int, n: int, m: int) -> Any:
    model = mg.Sequential(
        mg.Dense(n, m, mg.tanh, rng=0, dtype="f4"), mg.Dense(m, m, rng=0, dtype="f4")
    )
    random = np.random.default_rng(0)
    x = random.standard_normal((B, n)).astype("f4")
    labels = random.integers(0, m, B)

    def step(x: Array, labels: Array) -> Any:
        return mg.grad(mg.cross_entropy(model(x), labels), model)

    return step, (x, labels)


def _attention(T: int, B: int, n: int, m: int) -> Any:
    random = np.random.default_rng(0)
    q, k, v = (
        mg.Parameter(random.standard_normal((m, m)).astype("f4") / m, name)
        for name in "qkv"
    )

    def step(x: Array) -> Any:
        Q, K, V = (mg.matvec(W, x) for W in (q, k, v))
        weights = mg.softmax(Q @ K.transpose((0, 2, 1)) / m**0.5)
        y = x + weights @ V
        return mg.grad((y * y).sum(), {"q": q, "k": k, "v": v})

    return step, (random.standard_normal((B, T, m)).astype("f4"),)


STEPS: dict[str, Callable[..., Any]] = {
    "LSTM": _recurrent(lambda n, m: LSTM(n, m, rng=0, dtype="f4")),
    "GRU": _recurrent(lambda n, m: Recurrent(GRUCell(n, m, rng=0, dtype="f4"))),
    "peephole": _recurrent(
        lambda n, m: Recurrent(PeepholeCell(n, m, rng=0, dtype="f4"))
    ),
    "stack of two": _recurrent(
        lambda n, m: Stack(LSTM(n, m, rng=0, dtype="f4"), LSTM(m, m, rng=1, dtype="f4"))
    ),
    "MLP": _mlp,
    "attention": _attention,
}


def _case(T: int, B: int, n: int, m: int) -> tuple[LSTM, Array, Array]:
    random = np.random.default_rng(0)
    layer = LSTM(n, m, rng=0, dtype="f4")
    x = random.standard_normal((B, T, n)).astype("f4")
    return layer, x, random.standard_normal((B, T, m)).astype("f4")


def _step(layer: Any) -> Callable[[Array, Array], Any]:
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


def _by_hand(layer: LSTM, x: Array, target: Array) -> Callable[[], dict[str, Array]]:
    program = ByHand(x.shape[1], len(x), layer.n, layer.m)
    names = ("output", "forget", "input", "candidate")  # in its order
    gates = [getattr(layer.cell, name) for name in names]
    weights = [(gate.W.data, gate.b.data) for gate in gates]

    def step() -> dict[str, Array]:
        found = {}
        for name, bars in zip(names, program(x, target, weights), strict=True):
            found.update(zip((f"cell.{name}.W", f"cell.{name}.b"), bars, strict=True))
        return found

    return step


def _jax(layer: LSTM, x: Array, target: Array) -> Callable[[], dict[str, Array]]:
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
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
        if name not in ("torch", "jax"):
            W = np.concatenate([found[f"cell.{gate}.W"] for gate in GATES])
            b = np.concatenate([found[f"cell.{gate}.b"] for gate in GATES])
            n = right["W_x"].shape[1]
            found = _by_path(W[:, :n], W[:, n:], b)
        for key, expected in right.items():
            gap = np.max(np.abs(np.asarray(found[key]) - expected))
            assert gap < 1e-3 * np.max(np.abs(expected)), (name, key, gap)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for line in lines(float(sys.argv[1]) if sys.argv[1:] else 8.0):
        print(line, flush=True)
