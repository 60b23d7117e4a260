"""The demo: train an LSTM, compare it, prove, derive and draw its gradient.

Everything is written to one folder, each file whole or not at all, and every path is
printed.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lstm.experiments.commands.options import natural, positive
from minigrad.console import display_width, padded
from minigrad.files import write_whole

if TYPE_CHECKING:
    from lstm.experiments.tasks.sunspots import Forecaster, Sunspots, Windows

DESCRIPTION = (
    "Train an LSTM on the yearly sunspot numbers, compare its forecast with simpler "
    "ones, prove its gradient, derive its equations, draw its graph."
)
EPOCHS = 200  # the best on 1881-1920, trained to 1880: see benchmarks/sunspots.py
STARTS = 5  # seeds, to show how much of a result is luck
STEPS_DRAWN = 2
WINDOWS_PROVED = 8  # of 209: the time grows with the number of windows


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say what may be asked for."""
    parser.add_argument(
        "--out", type=Path, default=Path("out"), help="folder to fill (default: out)"
    )
    parser.add_argument(
        "--hidden", type=positive, default=8, metavar="m", help="neurons (default: 8)"
    )
    parser.add_argument(
        "--epochs", type=positive, default=EPOCHS, help=f"(default: {EPOCHS})"
    )
    parser.add_argument(
        "--seed", type=natural, default=0, help="of the first start (default: 0)"
    )


def run(options: argparse.Namespace) -> int:
    """Do what was asked for; return the exit code."""
    return demonstrate(options.out, options.hidden, options.epochs, options.seed)


def demonstrate(out: Path, m: int, epochs: int, seed: int) -> int:
    """Train, compare, prove, draw; write the results to the folder `out`."""
    from lstm.experiments.tasks.sunspots import Sunspots

    out.mkdir(parents=True, exist_ok=True)
    task = Sunspots()
    data, training = task.windows, task.training

    _heading(f"Yearly sunspot numbers: train to {task.last}, test on later years")
    models = list(_trained(task, m, epochs, seed))
    model = models[0]
    _announce(model.save(out / "lstm.npz"))

    _heading("The layer")
    model.lstm.explain()

    _heading("One-year forecasts: mean squared error / the series' variance, 1535")
    _compare(task, models, seed)
    _announce(
        write_whole(out / "forecast.png", _forecast_plot(model, data, training, seed))
    )

    _heading(f"The gradient that trains it, on {WINDOWS_PROVED} of its windows, proved")
    proven = _prove(out, model, training)

    _heading("The equations of that gradient, for one forecast")
    derived = _derive(out, model, training)

    _heading(f"The graph: the loss of one forecast from {STEPS_DRAWN} years")
    drawn = _draw(out, model, data)
    return 0 if proven and derived and drawn else 1


def _trained(task: Sunspots, m: int, epochs: int, seed: int) -> Iterator[Forecaster]:
    """Train one model for each start."""
    from lstm.experiments.tasks.sunspots import Forecaster
    from lstm.experiments.training import Training

    recipe = replace(task.recipe, hidden=m, epochs=epochs)
    for start in range(seed, seed + STARTS):
        began = time.perf_counter()
        training = Training(task, recipe, start).run()
        losses = [row["loss"] for row in training.history]
        took = time.perf_counter() - began
        print(
            f"seed {start}: {epochs} epochs, {len(task.training.years)} windows, loss "
            f"{losses[0]:.4f} -> {losses[-1]:.4f} in {took:.1f} s"
        )
        assert isinstance(training.model, Forecaster)
        yield training.model


def _compare(task: Sunspots, models: list[Forecaster], seed: int) -> None:
    """Print a table of errors: for the baselines, the first model, and all models."""
    import numpy as np

    baselines = {name: [*errors.values()] for name, errors in task.baselines().items()}
    each = np.array([[*task.test(model).values()] for model in models])
    mean, spread = each.mean(axis=0), each.std(axis=0, ddof=1)
    periods = [name.removeprefix("arv ") for name in task.test(models[0])]
    _row("", periods)
    _row("persistence: as last year", _three_digits(baselines["persistence"]))
    _row("AR(12), least squares", _three_digits(baselines["AR(12)"]))
    _row(f"LSTM, seed {seed}", _three_digits(each[0]))
    both = zip(_three_digits(mean), _three_digits(spread), strict=True)
    _row(
        f"LSTM, seeds {seed} to {seed + len(models) - 1}: mean ± sd",
        [f"{middle} ± {width}" for middle, width in both],
    )
    wins = (each < baselines["AR(12)"]).sum(axis=0)
    counts = ", ".join(
        f"{won} of {len(models)} in {period}"
        for won, period in zip(wins, periods, strict=True)
    )
    print(f"LSTMs closer than AR(12): {counts}.")


def _three_digits(numbers: Iterable[float]) -> list[str]:
    return [f"{number:.3f}" for number in numbers]


def _row(name: str, cells: list[str]) -> None:
    aligned = (padded(cell, 15, True, display_width) for cell in cells)
    print(padded(name, 32, columns=display_width) + "".join(aligned))


def _forecast_plot(
    model: Forecaster, data: Windows, training: Windows, seed: int
) -> bytes:
    from lstm.experiments.plots import forecast_plot
    from lstm.experiments.tasks.sunspots import PERIODS, Autoregression

    later = data.of_years(PERIODS[0][0], PERIODS[-1][1])
    forecasts = {
        "AR(12)": Autoregression(training).forecast(later),
        f"LSTM, seed {seed}": model.forecast(later),
    }
    return forecast_plot(later.years, later.target, forecasts, PERIODS)


def _prove(out: Path, model: Forecaster, training: Windows) -> bool:
    """Prove the gradient of the training loss, on some of the windows it trained on.

    With respect to the Parameters, as in training: the backward walk is the same.
    """
    from lstm.experiments.tasks.sunspots import Windows
    from minigrad.proving import ProofFailed, prove

    some = Windows(*(column[:WINDOWS_PROVED] for column in training))
    try:
        certificate = prove(model.loss(some), model.parameters())
    except ProofFailed as failure:
        print(f"NOT proved: {failure}", file=sys.stderr)
        return False
    print(certificate)
    for suffix, text in (("txt", str(certificate)), ("json", certificate.to_json())):
        _announce(write_whole(out / f"certificate.{suffix}", f"{text}\n".encode()))
    _announce(certificate.save(out / "lstm.proof.json"))
    return True


def _derive(out: Path, model: Forecaster, training: Windows) -> bool:
    """Write backpropagation through time, as a teacher would, for the last window."""
    from lstm.experiments.tasks.sunspots import Windows
    from minigrad.deriving.derivation import derive
    from minigrad.proving import ProofFailed

    last = Windows(*(column[-1] for column in training))
    try:
        derivation = derive(model.loss(last), model.parameters(), level="layer")
    except ProofFailed as failure:
        print(f"NOT derived: {failure}", file=sys.stderr)
        return False
    carried = (each for each in derivation if each.left.name in "yc" and each.left.bar)
    print(*carried, sep="\n")
    print(textwrap.fill(derivation.check.sentence(), 88))
    for suffix in ("pdf", "txt"):
        _announce(derivation.save(out / f"derivation.{suffix}"))
    return True


def _draw(out: Path, model: Forecaster, data: Windows) -> bool:
    """Draw the same loss with fewer years, so that it fits a page, in every view."""
    from lstm.experiments.pictures import loss_of_one, pictures
    from minigrad.drawing import VIEWS, NotRendered
    from minigrad.exploring import explore

    loss = loss_of_one(model, data, STEPS_DRAWN)
    page = out / "lstm-explorer.html"
    explore(loss, page, model.parameters())
    _announce(page)
    try:
        for view, drawing in pictures(model, loss):
            if isinstance(drawing, str):
                print(f"no picture {view!r}: {drawing}")
                continue
            _announce(drawing.save(out / f"lstm-{view}.pdf"), VIEWS[view].answers)
            if view == "op":  # what was recorded: also for a browser
                _announce(drawing.save(out / f"lstm-{view}.svg"))
    except NotRendered as failure:
        print(f"NOT drawn: {failure}", file=sys.stderr)
        return False
    return True


def _heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def _announce(path: Path, answers: str = "") -> None:
    print(f"wrote {path}" + f"   {answers}" * bool(answers), flush=True)
