"""The training loop: what a step does, what is kept, and when it ends."""

import contextlib
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_cases import RECIPE, TASK, same

import minigrad as mg
from lstm.__main__ import main
from lstm.experiments.recipe import SCHEDULES
from lstm.experiments.tasks import Parity
from lstm.experiments.training import Training


def test_a_run_is_the_loop_that_one_would_write_by_hand():
    run = Training(TASK, RECIPE, seed=3).run()
    rng = np.random.default_rng(3)
    model = TASK.model(RECIPE, rng)
    optimizer = mg.Adam(model, RECIPE.learning_rate)
    losses = []
    for _ in range(RECIPE.epochs):
        for batch in TASK.batches(rng, RECIPE.batch):
            loss = TASK.loss(model, batch)
            gradients = mg.grad(loss, optimizer.parameters)
            optimizer.step(mg.clip_by_global_norm(gradients, RECIPE.clip)[0])
            losses.append(loss.item())
    weights = {path: p.data for path, p in model.named_parameters()}
    assert same(run.weights(), weights)
    means = np.reshape(losses, (RECIPE.epochs, -1)).mean(axis=1)
    np.testing.assert_allclose([row["loss"] for row in run.history], means, rtol=1e-12)


def test_each_line_of_the_log_is_the_mean_of_its_own_epoch():
    learned = []

    class Noting(Training):
        def learn(self, batch):
            learned.append(super().learn(batch))
            return learned[-1]

    run = Noting(TASK, replace(RECIPE, epochs=3), 0).run()
    epochs = np.reshape(learned, (3, TASK.updates, 2)).mean(axis=1)
    found = [(row["loss"], row["norm"]) for row in run.history]
    np.testing.assert_allclose(found, epochs, rtol=1e-12)


def test_the_bar_says_who_trains_how_far_it_is_and_how_well_it_goes(monkeypatch):
    said = []

    class Bar(contextlib.nullcontext):
        def __init__(self, **options):
            super().__init__(self)
            said.append(options)

        def update(self):
            said.append("epoch")

        def set_postfix_str(self, words):
            said.append(words)

    monkeypatch.setattr("tqdm.tqdm", Bar)
    run = Training(TASK, replace(RECIPE, epochs=2), 5).run(bar=False)
    options, *told = said
    assert (options["total"], options["initial"], options["disable"]) == (2, 0, True)
    assert options["desc"] == f"{TASK.name}, seed 5"
    losses = [f"loss {row['loss']:.4g}" for row in run.history]
    assert told[::2] == ["epoch", "epoch"]
    assert [words.split(", ")[0] for words in told[1::2]] == losses
    run.recipe = replace(run.recipe, epochs=3)
    assert (run.run() and said[5]["initial"], said[5]["disable"]) == (2, None)


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    first, again, other = (Training(TASK, RECIPE, seed).run() for seed in (0, 0, 1))
    assert same(first.weights(), again.weights())
    assert not same(first.weights(), other.weights())


def test_the_gradient_is_clipped_before_the_step(monkeypatch):
    norms = []
    step = mg.Adam.step

    def watched(self, gradients):
        norms.append(math.sqrt(sum(float((g**2).sum()) for g in gradients)))
        step(self, gradients)

    monkeypatch.setattr(mg.Adam, "step", watched)
    free = Training(TASK, replace(RECIPE, clip=0, epochs=1), 0).run()
    assert np.mean(norms) == pytest.approx(free.history[0]["norm"], rel=1e-5)
    bound = min(norms) / 2
    norms.clear()
    Training(TASK, replace(RECIPE, clip=bound, epochs=1), 0).run()
    np.testing.assert_allclose(norms, bound, rtol=1e-3)


@dataclass(frozen=True)
class Told(Parity):
    """A task whose validations are told beforehand."""

    name = "told"
    told = ()
    goal = None

    def validate(self, model):
        object.__setattr__(self, "asked", getattr(self, "asked", 0) + 1)
        return {"loss": self.told[self.asked - 1]}


def run_told(values, goal=None, **options):
    kind = type("Told", (Told,), {"told": values, "goal": goal})
    recipe = replace(RECIPE, epochs=len(values), **options)
    seen = []
    run = Training(kind(updates=1, longest=3), recipe, 0)
    object.__setattr__(run.task, "asked", 0)  # patience asks once before
    run.run(on_epoch=lambda row: seen.append(run.weights()))
    return run, seen


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_what_is_kept_is_what_validated_best(values):
    run, weights = run_told(values)
    assert run.progress.best_epoch == 1 + values.index(min(values))
    assert same(run.use_best().weights(), weights[values.index(min(values))])


def test_what_is_no_number_is_never_the_best():
    run, weights = run_told([math.nan, 3, math.nan, 2, 4])
    assert (run.progress.best, run.progress.best_epoch) == (2, 4)
    assert same(run.use_best().weights(), weights[3])
    assert run_told([math.nan, math.nan])[0].progress.best_epoch == 0


def test_patience_ends_a_run_that_gets_no_better():
    run, _ = run_told([5, 3, 4, 4, 2, 4, 4, 4, 1], patience=3)
    assert (run.progress.epoch, run.progress.best_epoch) == (8, 5)


def test_patience_is_refused_where_nothing_is_measured(tmp_path, capsys):
    where = ["--out", str(tmp_path / "run")]
    assert main(["train", "sunspots", "--patience", "1", "--epochs", "5", *where]) == 1
    assert "patience=1" in (said := capsys.readouterr().err) and "measure" in said
    assert not (tmp_path / "run").exists()


def test_a_run_ends_at_its_goal():
    run, _ = run_told([5, 3, 0.5, 0.1], goal=0.5)
    assert run.progress.epoch == 3


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence(monkeypatch):
    def infinite(self, model, batch):
        return Parity.loss(self, model, batch) * np.inf

    monkeypatch.setattr(Told, "loss", infinite)
    with pytest.raises(FloatingPointError, match=r"loss is inf.*\n.*0 updates"):
        run_told([1])


def test_examples_that_are_no_numbers_are_the_reason_that_is_given(monkeypatch):
    def batches(self, rng, size):
        for batch in Parity.batches(self, rng, size):
            batch.x[0, 1] = np.nan
            yield batch

    monkeypatch.setattr(Told, "batches", batches)
    with pytest.raises(FloatingPointError, match=r"1 of x\.\n.*np\.nan_to_num") as told:
        run_told([1])
    assert "with  x: shape" in str(told.value)
    assert "learning rate" not in str(told.value)


@pytest.mark.parametrize("name", SCHEDULES)
@given(epochs=st.integers(1, 50))
def test_a_schedule_begins_at_one_and_falls_but_stays_above_zero(name, epochs):
    factors = [SCHEDULES[name](epoch, epochs) for epoch in range(epochs)]
    assert max(factors) <= 1 and min(factors) > 0
    assert sorted(factors, reverse=True) == factors
    assert epochs < 4 or factors[0] == 1


def test_the_learning_rate_follows_its_schedule():
    recipe = replace(RECIPE, schedule="cosine", epochs=4)
    rates = [row["learning_rate"] for row in Training(TASK, recipe, 0).run().history]
    np.testing.assert_allclose(rates, 0.005 * (1 + np.cos(np.pi * np.arange(4) / 4)))


@pytest.mark.parametrize(
    ("name", "value"),
    [("hidden", 0), ("learning_rate", -1.0), ("clip", -1.0), ("schedule", "linear")],
)
def test_a_recipe_that_cannot_be_followed_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name}={value!r}"):
        replace(RECIPE, **{name: value})
