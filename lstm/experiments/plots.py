"""Pictures of results, by matplotlib: imported when one is drawn, never before.

A Figure of its own is used, not pyplot: nothing global is touched, no window opens, and
the same numbers give the same file, byte for byte.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from minigrad.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def forecast_plot(
    years: Array,
    numbers: Array,
    forecasts: Mapping[str, Array],
    periods: Sequence[tuple[int, int]],
) -> bytes:
    """Return a PNG: the numbers as dots, each forecast as a line, below it its errors.

    years, numbers  (N,) what happened
    forecasts       a name and (N,) what was said one year before, for each forecast
    periods         (first, last) years of the test periods, shaded in turn
    """
    figure = _figure(10, 5.5)
    above, below = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    above.plot(years, numbers, "o", color="0.2", markersize=3.5, label="observed")
    for name, forecast in forecasts.items():
        above.plot(years, forecast, linewidth=1.3, label=name)
        below.plot(years, forecast - numbers, linewidth=1.0)
    below.axhline(0, color="0.2", linewidth=0.8)
    for first, last in periods[::2]:
        for axes in (above, below):
            axes.axvspan(first - 0.5, last + 0.5, color="0.94", zorder=0)
    for first, last in periods:
        middle = (first + last) / 2
        above.text(middle, 0.97, f"{first}-{last}", ha="center", va="top",
                   color="0.4", transform=above.get_xaxis_transform())  # fmt: skip
    above.set_ylim(0, 1.15 * max(numbers.max(), *map(np.max, forecasts.values())))
    above.set_title("Sunspots: each year forecast from the twelve before it")
    above.set_ylabel("yearly sunspot number")
    above.legend(loc="upper left", frameon=False)
    below.set_ylabel("forecast − observed")
    below.set_xlabel("year")
    below.margins(x=0.01)
    return _png(figure)


def loss_plot(
    history: Sequence[Mapping[str, float]], metric: str, best_epoch: int
) -> bytes:
    """Return a PNG: the training loss and the validation's metric, epoch by epoch.

    history     one row an epoch, as in the log: at least epoch and loss
    metric      the column to show below, where the rows have it
    best_epoch  marked by a line: the Parameters kept are those after it
    """
    figure = _figure(8, 5)
    shown = ["loss", *([metric] if metric in history[0] else [])]
    epochs = [row["epoch"] for row in history]
    every = figure.subplots(len(shown), sharex=True, squeeze=False)[:, 0]
    for axes, column in zip(every, shown, strict=True):
        values = np.array([row[column] for row in history])
        axes.plot(epochs, values, marker=".", linewidth=1.3)
        axes.set_ylabel(column.replace("_", " "))
        if values.min() > 0 and values.max() > 20 * values.min():
            axes.set_yscale("log")
        axes.axvline(best_epoch, color="0.6", linewidth=0.8, linestyle="--")
    every[0].set_title(f"Training; the weights kept are those after epoch {best_epoch}")
    every[-1].set_xlabel("epoch")
    return _png(figure)


def gates_plot(lines: Mapping[str, Array], symbols: Sequence[str]) -> bytes:
    """Return a PNG: every line of a layer over a sequence, a row for each neuron.

    lines    a name and (T, m) for each, as `gate_traces.gates` has them
    symbols  what was read at each step, written below it
    """
    steps, neurons = next(iter(lines.values())).shape
    figure = _figure(
        max(5.5, 2 + 0.28 * steps), 0.6 + len(lines) * (0.35 + 0.16 * neurons)
    )
    every = figure.subplots(len(lines), sharex=True, squeeze=False)[:, 0]
    for axes, (name, values) in zip(every, lines.items(), strict=True):
        gate = values.min() >= 0 and values.max() <= 1
        size = 1.0 if gate else max(1.0, float(np.abs(values).max()))
        colours = {"vmin": 0, "vmax": 1, "cmap": "Greys"} if gate else {
            "vmin": -size, "vmax": size, "cmap": "RdBu_r"}  # fmt: skip
        image = axes.imshow(values.T, aspect="auto", interpolation="none", **colours)
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
        axes.set_yticks([])
        figure.colorbar(image, ax=axes, aspect=8, pad=0.01)
    every[-1].set_xticks(range(steps), symbols)
    every[0].set_title("Gates and states of each neuron, step by step")
    return _png(figure)


def gradient_plot(norms: Mapping[str, Array]) -> bytes:
    """Return a PNG: for each model, the gradient's norm at every step, by distance.

    norms  a name and (T,) for each: the norm at the first step, ..., at the last
    """
    figure = _figure(8, 4.5)
    axes = figure.subplots()
    for name, values in norms.items():
        axes.semilogy(np.arange(len(values))[::-1], values, linewidth=1.5, label=name)
    axes.set_xlabel("steps before the end")
    axes.set_ylabel("norm of the gradient")
    axes.set_title("How much of a gradient is left, this many steps back")
    axes.legend(frameon=False)
    axes.margins(x=0.01)
    return _png(figure)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=120, layout="constrained")


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()
