"""The sunspot task: its data, its baselines, and no later year in what is trained."""

import hashlib

import numpy as np
import pytest

import minigrad as mg
from lstm.experiments.tasks import sunspots
from lstm.experiments.tasks.sunspots import (
    MEMORY,
    PERIODS,
    TRAINED_TO,
    Autoregression,
    Forecaster,
    Sunspots,
    Windows,
    arv,
    persistence,
    series,
    windows,
)
from lstm.experiments.training import Recipe, Training

YEARS, NUMBERS = series()
DATA = windows(YEARS, NUMBERS)
TRAINING = DATA.of_years(0, TRAINED_TO)
TESTS = [DATA.of_years(*period) for period in PERIODS]


def test_the_numbers_are_those_of_the_source():
    tenths = np.round(NUMBERS * 10).astype("<i4")
    np.testing.assert_array_equal(tenths / 10, NUMBERS)
    assert hashlib.sha256(tenths.tobytes()).hexdigest() == (
        "d859841fc29006d1d7586f3289876148dcde6a4b66a53e1b7ffb2268318418a1"
    )


def test_every_year_from_1700_to_2008_is_there():
    np.testing.assert_array_equal(YEARS, np.arange(1700, 2009))
    assert len(NUMBERS) == 309


def test_a_window_is_a_year_and_the_twelve_years_before_it():
    assert DATA.years[0] == 1712 and DATA.years[-1] == 2008
    for year, inputs, target in zip(*DATA, strict=True):
        assert target == NUMBERS[year - 1700]
        np.testing.assert_array_equal(
            inputs, NUMBERS[year - 1700 - MEMORY : year - 1700]
        )


def test_training_and_test_periods_do_not_overlap():
    years = [set(part.years) for part in (TRAINING, *TESTS)]
    assert sum(map(len, years)) == len(set().union(*years)) == len(DATA.years)
    assert max(TRAINING.years) == TRAINED_TO


def test_least_squares_leaves_errors_that_no_input_explains():
    errors = TRAINING.target - Autoregression(TRAINING).forecast(TRAINING)
    assert abs(errors.mean()) < 1e-9
    np.testing.assert_allclose(TRAINING.inputs.T @ errors, 0, atol=1e-5)


def fitted(epochs=3, m=4, seed=0):
    recipe = Recipe(hidden=m, epochs=epochs, clip=0, dtype="float64")
    run = Training(Sunspots(), recipe, seed).run()
    return run.model, [row["loss"] for row in run.history]


def test_nothing_that_is_trained_depends_on_a_later_year(monkeypatch):
    changed = NUMBERS.copy()
    changed[YEARS > TRAINED_TO] = 1e6
    other = windows(YEARS, changed).of_years(0, TRAINED_TO)
    model, losses = fitted()
    monkeypatch.setattr(sunspots, "series", lambda: (YEARS, changed))
    same, same_losses = fitted()
    assert losses == same_losses
    assert model.scale == same.scale == 154.4
    for mine, its in zip(model.parameters(), same.parameters(), strict=True):
        np.testing.assert_array_equal(mine.data, its.data)
    np.testing.assert_array_equal(
        Autoregression(TRAINING).coefficients, Autoregression(other).coefficients
    )


def test_a_forecast_depends_on_the_twelve_years_before_it_only():
    model, _ = fitted()
    changed = NUMBERS.copy()
    changed[YEARS >= 1970] = 0
    changed[YEARS < 1970 - MEMORY] = 0
    before, after = (
        DATA.of_years(1970, 1970),
        windows(YEARS, changed).of_years(1970, 1970),
    )
    for forecast in (model.forecast, Autoregression(TRAINING).forecast, persistence):
        np.testing.assert_array_equal(forecast(before), forecast(after))


def test_a_forecast_is_the_same_alone_and_in_a_batch():
    model, _ = fitted()
    last = Windows(*(column[-1] for column in DATA))
    np.testing.assert_allclose(
        model.forecast(last), model.forecast(DATA)[-1], rtol=1e-13
    )


def test_the_loss_is_the_mean_squared_error_in_units_of_the_scale():
    model, _ = fitted()
    errors = (model.forecast(TRAINING) - TRAINING.target) / model.scale
    assert model.loss(TRAINING).item() == pytest.approx(np.mean(errors**2), rel=1e-12)


def test_the_gradient_of_the_loss_is_its_derivative():
    few = DATA.of_years(1900, 1901)
    model = Forecaster(2, TRAINING, rng=0)

    def loss(W, b, readout):
        vars(model.lstm.cell.forget)["W"], vars(model.lstm.cell.input)["b"] = W, b
        vars(model.readout)["W"] = readout
        return model.loss(few)

    cell = model.lstm.cell
    mg.check_gradients(loss, cell.forget.W, cell.input.b, model.readout.W)


def test_training_lowers_the_loss_and_is_reproducible():
    _, losses = fitted(epochs=20)
    assert len(losses) == 20
    assert losses[-1] < 0.5 * losses[0]
    assert fitted(epochs=20)[1] == losses


def test_a_trained_lstm_is_better_than_persistence():
    model, _ = fitted(epochs=100, m=8, seed=1)
    for test in TESTS:
        error = arv(model.forecast(test), test.target)
        assert error < 0.8 * arv(persistence(test), test.target)


def test_arv_of_a_perfect_forecast_is_zero_and_of_the_mean_about_one():
    assert arv(NUMBERS, NUMBERS) == 0
    known = NUMBERS[YEARS <= 1979]  # the series as it was when 1535 became customary
    assert arv(np.full_like(known, known.mean()), known) == pytest.approx(1, abs=0.03)
