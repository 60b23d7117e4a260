"""What a picture of an LSTM costs, beside torchviz and torchview, which draw PyTorch.

    python -m benchmarks.drawing

The same layer, n = m = 3, over one, a few and many time steps; all contestants have the
same `dot` make an SVG of their DOT text. Nobody knows whether a layout ends, so each
contestant is a process of its own, which is stopped after LIMIT seconds; what it had
said until then is kept.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

M = 3  # n = m
LENGTHS = (1, 3, 50, 1000)
SECONDS = 2.0  # of drawing, for each contestant
LIMIT = 30.0  # seconds, after which it is stopped
NODE = re.compile(r"^\s*(?!graph|node|edge)\w+ \[", re.MULTILINE)
BASE = "minigrad, op"
INTRODUCTION = f"""
An LSTM with n = m = {M}, recorded and drawn: seconds of processor time until there is
DOT text, and seconds on the clock until `dot` has made an SVG of it; in a process of
its own, after a small picture for warming up, the fastest of several. The ratio
compares the SVG with that of minigrad's view `op` for the same T. After {LIMIT:.0f} s a
contestant is stopped.

The nodes say what is compared. torchviz draws PyTorch's autograd graph and torchview
its calls, every time step of them. minigrad leaves out equal time steps where there are
many, and the picture says so.
"""
HEADER = (
    "| T | contestant | nodes | DOT, KiB | DOT, s | SVG, s | ratio |",
    "| ---: | --- | ---: | ---: | ---: | ---: | ---: |",
)

Draw = Callable[[int], tuple[str, Callable[[], object]]]  # of T: DOT, then the SVG


def ours(view: str, T: int) -> tuple[str, Callable[[], object]]:
    """Return the DOT text of one view, and what makes an SVG of it."""
    import minigrad as mg
    from lstm import LSTM

    Y, _ = LSTM(M, M, rng=0)(np.ones((T, M)))
    drawing = mg.draw(Y, view, renderer="dot")
    return drawing.dot, drawing.svg


def by_torchviz(T: int) -> tuple[str, Callable[[], object]]:
    """Return the graph that PyTorch's autograd has recorded."""
    from torchviz import make_dot

    layer, x = _torch_layer(T)
    dot = make_dot(layer(x), dict(layer.named_parameters()))
    return dot.source, lambda: dot.pipe(format="svg")


def by_torchview(T: int) -> tuple[str, Callable[[], object]]:
    """Return the calls of the module, with a frame around each call of the cell."""
    from torchview import draw_graph

    layer, x = _torch_layer(T)
    graph = draw_graph(layer, input_data=x, expand_nested=True, device="cpu")
    dot = graph.visual_graph
    return dot.source, lambda: dot.pipe(format="svg")


def _torch_layer(T: int) -> tuple[Any, Any]:
    """Return the same layer in PyTorch, four dense layers in a loop, and an input."""
    import torch

    class Cell(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            gates = (torch.nn.Linear(2 * M, M) for _ in range(4))
            self.forget, self.input, self.candidate, self.output = gates

        def forward(self, x: Any, y: Any, c: Any) -> Any:
            v = torch.cat([x, y], -1)
            f, i = torch.sigmoid(self.forget(v)), torch.sigmoid(self.input(v))
            c = f * c + i * torch.tanh(self.candidate(v))
            return torch.sigmoid(self.output(v)) * torch.tanh(c), c

    class Layer(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = Cell()

        def forward(self, X: Any) -> Any:
            y, c, outputs = torch.zeros(M), torch.zeros(M), []
            for x in X:
                y, c = self.cell(x, y, c)
                outputs.append(y)
            return torch.stack(outputs)

    return Layer(), torch.ones(T, M)


CONTESTANTS: dict[str, Draw] = {
    BASE: partial(ours, "op"),
    "minigrad, gate": partial(ours, "gate"),
    "minigrad, unrolled": partial(ours, "unrolled"),
    "minigrad, folded": partial(ours, "folded"),
    "torchviz": by_torchviz,
    "torchview": by_torchview,
}


def picture(name: str, T: int) -> None:
    """Draw for some seconds; print what it costs, while it is being done."""
    CONTESTANTS[name](2)[1]()
    until = time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        start, work = time.perf_counter(), time.process_time()
        text, finish = CONTESTANTS[name](T)
        seconds = time.process_time() - work
        print(f"nodes {len(NODE.findall(text))}\nbytes {len(text.encode())}")
        print(f"dot {seconds}", flush=True)
        finish()
        print(f"svg {time.perf_counter() - start}", flush=True)


def costs(name: str, T: int) -> dict[str, float]:
    """Return nodes, bytes, seconds to DOT and to SVG: as far as it came in time."""
    job = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.drawing", name, str(T)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = job.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(job.pid, signal.SIGKILL)  # and the `dot` that it waits for
        said, _ = job.communicate()
    found: dict[str, float] = {}
    for what, value in map(str.split, said.splitlines()):
        found[what] = min(float(value), found.get(what, np.inf))
    return found


def lines() -> Iterator[str]:
    """Yield the table, line by line, as Markdown."""
    yield INTRODUCTION
    if shutil.which("dot") is None:
        yield "Not measured: there is no `dot` here, which all contestants need."
        return
    absent = [
        package
        for package in ("torchviz", "torchview")
        if importlib.util.find_spec(package) is None
    ]
    yield from HEADER
    for T in LENGTHS:
        base = None
        for name in CONTESTANTS:
            if name in absent:
                continue
            cells = costs(name, T)
            base = cells.get("svg") if name == BASE else base
            yield line(T, name, cells, base)
    yield "\nThe view `gate` for T = 3 as a file, in seconds, the fastest of several:\n"
    yield "| format | by `dot` | by the wheel that comes along | ratio |"
    yield "| --- | ---: | ---: | ---: |"
    for form in ("svg", "pdf", "png"):
        dot, wheel = saved(form, "dot"), saved(form, "graphviz-pure")
        yield f"| {form} | {dot:.2f} | {wheel:.2f} | {wheel / dot:.1f} |"
    for package in absent:
        yield f"\n{package} is not installed here, so it was not measured."


def saved(form: str, renderer: str) -> float:
    """Return the seconds that a renderer needs for a file of that format."""
    from minigrad.drawing.render import render

    text, _ = ours("gate", 3)
    times = []
    until = time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        start = time.perf_counter()
        render(text, form, renderer)
        times.append(time.perf_counter() - start)
    return min(times)


def line(T: int, name: str, cells: dict[str, float], base: float | None) -> str:
    """Return one row; what did not come in time is said."""
    late = f"not within {LIMIT:.0f} s"
    columns = [
        str(T),
        name,
        f"{cells['nodes']:,.0f}" if "nodes" in cells else "",
        f"{cells['bytes'] / 1024:,.0f}" if "bytes" in cells else "",
        f"{cells['dot']:.3f}" if "dot" in cells else late,
        f"{cells['svg']:.2f}" if "svg" in cells else late,
        _ratio(cells.get("svg"), base),
    ]
    return f"| {' | '.join(columns)} |"


def _ratio(svg: float | None, base: float | None) -> str:
    if base is None:
        return ""
    return f"more than {LIMIT / base:,.0f}" if svg is None else f"{svg / base:.1f}"


if __name__ == "__main__":
    if len(sys.argv) == 3:
        picture(sys.argv[1], int(sys.argv[2]))
    else:
        for each in lines():
            print(each, flush=True)
