"""Training by programs: the same numbers to rounding, and exact when it is resumed."""

import numpy as np
import pytest

from lstm.experiments.recipe import Recipe
from lstm.experiments.tasks import Order, Parity
from lstm.experiments.training import Training


def trained(eager, task=None, **more):
    recipe = Recipe(hidden=3, epochs=2, batch=8)
    return Training(task or Order(updates=4), recipe, seed=1, eager=eager, **more)


@pytest.mark.parametrize("task", [Order(updates=4), Parity(updates=4)])
def test_a_compiled_run_gives_the_numbers_of_the_other(task):
    eager, compiled = (trained(each, task).run(bar=False) for each in (True, False))
    assert compiled.compiled.programs and not eager.compiled.programs
    for path, array in eager.weights().items():
        np.testing.assert_allclose(compiled.weights()[path], array, rtol=1e-4)
    assert compiled.history[-1]["loss"] == pytest.approx(eager.history[-1]["loss"])


def test_a_resumed_run_is_exact_and_goes_on_compiled(tmp_path):
    whole = trained(False).run(bar=False)
    part = trained(False, folder=tmp_path)
    part.recipe = Recipe(hidden=3, epochs=1, batch=8)
    part.run(bar=False)
    again = Training.resume(tmp_path)
    again.recipe = whole.recipe
    again.run(bar=False)
    assert not again.eager
    for path, array in whole.weights().items():
        assert np.array_equal(again.weights()[path], array)


def test_what_does_not_compile_says_so_and_runs_as_it_is(capsys):
    class Printing(Order):
        def loss(self, model, batch):
            loss = super().loss(model, batch)
            assert float(loss.data) > 0
            return loss

    run = trained(False, Printing(updates=2)).run(bar=False)
    assert run.progress.updates == 4
    assert "not compiled, runs as it is: float(x) inside a" in capsys.readouterr().err
