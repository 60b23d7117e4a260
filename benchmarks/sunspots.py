"""How good is the LSTM's sunspot forecast, and how much of that is the seed?

    python -m benchmarks.sunspots

1. Choose the number of epochs: train to 1880, forecast 1881-1920, and take the smallest
   mean error over the seeds. No year after 1920 is looked at.
2. Train to 1920 with that number, once for each seed, and forecast the three periods.

It takes a minute. The number chosen is the default of `python -m lstm`, and the last
line of the second table stands in `lstm/sunspots.py`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lstm.experiments.tasks.sunspots import (
    PERIODS,
    TRAINED_TO,
    Autoregression,
    Sunspots,
    Windows,
    arv,
    persistence,
    series,
    windows,
)
from lstm.experiments.training import Training

SEEDS = range(10)
EPOCHS = (50, 100, 200, 400, 800)


def trajectory(seed: int, last: int, tests: list[Windows]) -> np.ndarray:
    """Return the errors after each number of EPOCHS: (len(EPOCHS), len(tests))."""
    task = Sunspots(last)
    run = Training(task, replace(task.recipe, epochs=max(EPOCHS)), seed)
    errors = []

    def measure(row: dict[str, float]) -> None:
        if row["epoch"] in EPOCHS:
            forecasts = map(run.model.forecast, tests)
            errors.append(
                [arv(f, test.target) for f, test in zip(forecasts, tests, strict=True)]
            )

    run.run(on_epoch=measure)
    return np.array(errors)


def main() -> None:
    """Print both tables."""
    data = windows(*series())
    validation = [data.between(1881, TRAINED_TO)]
    errors = np.array([trajectory(seed, 1880, validation)[:, 0] for seed in SEEDS])
    print(f"arv on 1881-{TRAINED_TO}, trained to 1880, {len(SEEDS)} seeds")
    for epochs, column in zip(EPOCHS, errors.T, strict=True):
        print(f"  {epochs:4} epochs   {column.mean():.3f} ± {column.std(ddof=1):.3f}")
    best = int(np.argmin(errors.mean(axis=0)))
    print(f"chosen: {EPOCHS[best]} epochs\n")

    training = data.between(0, TRAINED_TO)
    tests = [data.between(*period) for period in PERIODS]
    linear = Autoregression(training)
    errors = np.array([trajectory(seed, TRAINED_TO, tests)[best] for seed in SEEDS])
    print(f"arv, trained to {TRAINED_TO}")
    _row("", [f"{first}-{last}" for first, last in PERIODS])
    _row("persistence", [f"{arv(persistence(t), t.target):.3f}" for t in tests])
    _row("AR(12)", [f"{arv(linear.forecast(t), t.target):.3f}" for t in tests])
    for seed, row in zip(SEEDS, errors, strict=True):
        _row(f"LSTM, seed {seed}", [f"{value:.3f}" for value in row])
    spread = zip(errors.mean(axis=0), errors.std(axis=0, ddof=1), strict=True)
    _row("LSTM, mean ± sd", [f"{mean:.3f} ± {sd:.3f}" for mean, sd in spread])


def _row(name: str, cells: list[str]) -> None:
    print(f"  {name:18}" + "".join(f"{cell:>15}" for cell in cells))


if __name__ == "__main__":
    main()
