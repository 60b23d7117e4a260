"""Yearly sunspot numbers, 1700-2008: forecast each year from the twelve before it.

Three forecasts of s_t, all made from the same s_{t-12}, ..., s_{t-1} and fitted to the
years up to 1920 only:

    persistence    s_{t-1}: next year will be like this one
    AR(12)         a_0 + a_1 s_{t-1} + ... + a_12 s_{t-12}, by least squares
    LSTM           W y_12 + b, where y_12 is the last output of a layer that read the
                   twelve numbers one after the other

They are compared on later years by the average relative variance,
arv = mean((forecast - s_t)^2) / 1535: 0 is perfect, the mean of the series scores about
1. The measure and the first two periods are those of Weigend, Huberman and Rumelhart
(1990); the third is what has happened since.

What `python -m benchmarks.sunspots` measured for m = 8 (ten seeds, mean ± standard
deviation), and all of them are reported:

                   1921-1955      1956-1979      1980-2008
    persistence    .416           .940           .552
    AR(12)         .126           .358           .193
    LSTM           .108 ± .014    .381 ± .064    .175 ± .020

So the LSTM is better than the linear forecast in the first and the last period, and not
in the second, whose maximum of 190 is higher than any in training (154): there its
forecasts stay too low. The 200 epochs are those, of five numbers tried, with the
smallest mean error on 1881-1920 after training to 1880; no later year was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from lstm.experiments.recipe import Recipe, option
from lstm.experiments.tasks.task import Model, Task
from lstm.layer import LSTM, Recurrent
from minigrad import Dense, Module, Tensor, no_grad, squared_error
from minigrad.feedforward import Rng
from minigrad.numpy_protocol.array_like import as_array
from minigrad.types import Array

MEMORY = 12  # years that a forecast may see
TRAINED_TO = 1920
PERIODS = ((1921, 1955), (1956, 1979), (1980, 2008))
VARIANCE = 1535.0  # of the series, as the literature has it


class Windows(NamedTuple):
    """Every year that has `MEMORY` years before it.

    years   (N,)
    inputs  (N, MEMORY): the numbers of the years before, oldest first
    target  (N,): the number of the year itself
    """

    years: Array
    inputs: Array
    target: Array

    def of_years(self, first: int, last: int) -> Windows:
        """Return the windows whose target lies in the years `first` to `last`."""
        chosen = (first <= self.years) & (self.years <= last)
        return Windows(*(column[chosen] for column in self))


def series() -> tuple[Array, Array]:
    """Return the years and their sunspot numbers.

    >>> years, numbers = series()
    >>> len(years), years[0], numbers[0], years[-1], numbers[-1]
    (309, np.int64(1700), np.float64(5.0), np.int64(2008), np.float64(2.9))
    """
    text = (files("lstm.experiments") / "data/sunspots.csv").read_text("utf-8")
    rows = [line for line in text.splitlines() if line[:1].isdigit()]
    table = np.array([row.split(",") for row in rows], float)
    return table[:, 0].astype(int), table[:, 1]


def windows(years: Array, numbers: Array) -> Windows:
    """Cut a series into windows of `MEMORY` years and the year that follows."""
    cuts = np.lib.stride_tricks.sliding_window_view(numbers, MEMORY + 1)
    return Windows(years[MEMORY:], cuts[:, :-1], cuts[:, -1])


def persistence(data: Windows) -> Array:
    """Forecast that nothing changes: the number of the year before."""
    return data.inputs[:, -1]


class Autoregression:
    """AR(12), fitted by least squares: the linear forecast to beat (Yule 1927).

    coefficients  a_0 for the constant, then a_12, ..., a_1 in the order of the inputs
    """

    def __init__(self, training: Windows) -> None:
        known, target = _with_constant(training.inputs), training.target
        self.coefficients = np.linalg.lstsq(known, target, rcond=None)[0]

    def __repr__(self) -> str:
        return f"<AR({len(self.coefficients) - 1}), fitted by least squares>"

    def forecast(self, data: Windows) -> Array:
        """Return the forecast for the year of each window."""
        forecast: Array = _with_constant(data.inputs) @ self.coefficients
        return forecast


def _with_constant(inputs: Array) -> Array:
    return np.column_stack([np.ones(len(inputs)), inputs])


class Forecaster(Module):
    """An LSTM layer and a dense layer that reads its last output.

    m      size of the LSTM's output
    layer  the layer over time; an LSTM if not given
    scale  the largest number among the training targets: what the model calls 1

    >>> data = windows(*series())
    >>> model = Forecaster(8, data.of_years(1700, TRAINED_TO), rng=0)
    >>> model.forecast(data.of_years(1921, 1955)).shape
    (35,)
    """

    def __init__(
        self,
        m: int,
        training: Windows,
        rng: Rng = None,
        layer: Recurrent | None = None,
    ) -> None:
        rng = np.random.default_rng(rng)
        self.scale = float(training.target.max())
        self.lstm = LSTM(1, m, rng=rng) if layer is None else layer
        self.dtype = self.lstm.cell.dtype
        self.readout = Dense(m, 1, rng=rng, dtype=self.dtype)

    def forward(self, inputs: Array) -> Tensor:
        """Return the forecasts, in units of `scale`, for inputs (..., years)."""
        x = Tensor((inputs[..., None] / self.scale).astype(self.dtype), name="X")
        _, last = self.lstm(x)
        forecasts: Tensor = self.readout(last.y)[..., 0]
        return forecasts

    def loss(self, data: Windows) -> Tensor:
        """Return the mean squared error, in units of `scale`."""
        target = as_array(data.target / self.scale, self.dtype)
        loss: Tensor = squared_error(self(data.inputs), target)
        loss.name = "loss"
        return loss

    def forecast(self, data: Windows) -> Array:
        """Return the forecast for the year of each window, in sunspot numbers."""
        with no_grad():
            forecasts: Array = self(data.inputs).data * self.scale
        return forecasts


def arv(forecast: Array, target: Array) -> float:
    """Return the average relative variance, mean((forecast - target)^2) / 1535."""
    return float(np.mean((forecast - target) ** 2) / VARIANCE)


@dataclass(frozen=True)
class Sunspots(Task):
    """Forecast each year from the twelve before it, as `python -m lstm` does.

    All windows up to that year are one batch, and nothing is random but the start. The
    task asks a Forecaster, and hands it Windows: no other model answers, no Batch does.
    """

    last: int = option(
        TRAINED_TO, "the last year to learn from", least=1750, most=TRAINED_TO
    )

    name = "sunspots"
    recipe = Recipe(hidden=8, epochs=200, clip=0, dtype="float64")
    metric = f"arv {PERIODS[0][0]}-{PERIODS[0][1]}"

    @cached_property
    def windows(self) -> Windows:
        """All years that have twelve before them."""
        return windows(*series())

    @cached_property
    def training(self) -> Windows:
        """Those that may be learned from."""
        return self.windows.of_years(0, self.last)

    def model(self, recipe: Recipe, rng: np.random.Generator) -> Forecaster:
        layer = recipe.layer(1, rng)
        return Forecaster(recipe.hidden, self.training, rng, layer)

    def batches(  # type: ignore[override]
        self, rng: np.random.Generator, size: int
    ) -> Iterator[Windows]:
        yield self.training

    def loss(self, model: Forecaster, batch: Windows) -> Tensor:  # type: ignore[override]
        return model.loss(batch)

    def validate(self, model: Model) -> dict[str, float]:
        return {}  # the number of epochs was chosen beforehand

    def test(self, model: Forecaster) -> dict[str, float]:  # type: ignore[override]
        return self._errors(model.forecast)

    def baselines(self) -> dict[str, dict[str, float]]:
        linear = Autoregression(self.training)
        return {
            "persistence": self._errors(persistence),
            "AR(12)": self._errors(linear.forecast),
        }

    def _errors(self, forecast: Callable[[Windows], Array]) -> dict[str, float]:
        tests = {p: self.windows.of_years(*p) for p in PERIODS}
        return {
            f"arv {first}-{last}": arv(forecast(test), test.target)
            for (first, last), test in tests.items()
        }
