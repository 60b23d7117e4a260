"""The numbers that tasks report: what is measured, on which data, and which baselines.

Each is computed by hand here, or by brute force from its definition.
"""

import bz2
import itertools
import lzma
import math
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from lstm.experiments.recipe import Recipe
from lstm.experiments.tasks import (
    TASKS,
    Adding,
    AnBn,
    Copy,
    Digits,
    Mnist,
    Order,
    Parity,
    Reber,
    Sunspots,
    Text,
    Vowels,
)
from lstm.experiments.tasks.baselines import (
    COMPRESSORS,
    WittenBell,
    compressed,
    nearest_mean,
    nearest_neighbour,
)
from lstm.experiments.tasks.packages import Missing, optional_module
from lstm.experiments.tasks.sunspots import PERIODS, arv
from lstm.experiments.tasks.task import (
    Batch,
    bernoulli,
    categorical,
    hits,
    squared_error,
)
from lstm.experiments.tasks.text import STREAMS, WARM


def rng(seed=0):
    return np.random.default_rng(seed)


class Spy:
    """A model that answers `numbers`, or zeros, and remembers what it was asked."""

    def __init__(self, shape=None, numbers=None):
        self.read, self.shape, self.numbers = [], shape, numbers

    def __call__(self, x, lengths=None):
        self.read.append(x)
        zeros = np.zeros((*x.shape[: 2 if self.shape[0] else 1], self.shape[1]))
        return mg.Tensor(zeros if self.numbers is None else np.array(self.numbers))

    @classmethod
    def of(cls, task):
        return cls((task.every, task.k))

    @property
    def seen(self):
        """The sequences that were read, each as bytes."""
        return [row.tobytes() for x in self.read for row in np.asarray(x, np.float32)]


# --------------------------------------------------------------------- what is measured

YES, NO = [0.0, 3.0], [2.0, -1.0]  # answers: class 1, class 0


@pytest.mark.parametrize(
    ("measure", "answers", "target", "expected"),
    [
        (Adding().measure, [[0.0], [4.0]], [[1.0], [2.0]], {"mse": 2.5}),
        (Order().measure, [YES, NO, YES, NO], [1, 1, 1, 0], {"accuracy": 0.75}),
        (  # three symbols, at the end; what comes before is no matter
            Copy(symbols=3, wait=0).measure,
            [[NO, NO, NO, YES, NO, YES], [NO, NO, NO, YES, YES, YES]],
            [[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 1, 0]],
            {"symbols": 0.5},
        ),
    ],
    ids=["adding", "order", "copy"],
)
def test_an_answer_is_measured_against_its_target(measure, answers, target, expected):
    batch = Batch(np.zeros(np.shape(answers)), np.array(target))
    assert measure(Spy(numbers=answers, shape=(0, 1)), batch) == expected


COUNTED = np.array([[True, False, True]])


@pytest.mark.parametrize(
    ("lost", "answers", "target", "expected"),
    [
        (squared_error, [[1.0, 9.0, -2.0]], [[3.0, 0.0, 1.0]], (4 + 9) / 2),
        (bernoulli, [[[1.0], [9.0], [-2.0]]], [[[1], [0], [1]]],
         math.log(1 + math.e**-1) / 2 + math.log(1 + math.e**2) / 2),
        (categorical, [[YES, YES, NO]], [[1, 0, 0]], math.log(1 + math.e**-3)),
    ],
    ids=["squared_error", "bernoulli", "categorical"],
)  # fmt: skip
def test_what_is_not_counted_is_not_lost(lost, answers, target, expected):
    batch = Batch(np.zeros(3), np.array(target), COUNTED)
    found = lost(mg.Tensor(answers), batch).item()
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_hit_is_counted_only_where_it_counts():
    batch = Batch(np.zeros(3), np.array([[1, 0, 1]]), COUNTED)
    assert hits(np.array([[YES, YES, NO]]), batch).tolist() == [True, False]


def test_the_average_relative_variance_of_two_forecasts():
    assert arv(np.array([1.0, 2.0]), np.array([0.0, 4.0])) == 2.5 / 1535


def test_parity_is_measured_by_its_loss_and_by_its_hits():
    always = {"loss": math.log(2), "accuracy": None}
    task, spy = Parity(longest=6), Spy.of(Parity())
    found = task.validate(spy)
    assert found.keys() == always.keys()
    assert found["loss"] == pytest.approx(math.log(2))
    (x, _) = spy.read
    assert x.shape == (200, 6, 1)
    assert found["accuracy"] == np.mean(np.cumsum(x[..., 0], axis=1) % 2 == 0)


# -------------------------------------------------------------------- on which data


@pytest.mark.parametrize("task", [Adding(T=4), Copy(wait=2), Order(T=20)])
def test_what_was_drawn_for_all_is_drawn_from_the_seed_of_its_name(task):
    spy = Spy.of(task)
    task.validate(spy)
    task.test(spy)
    for x, seed in zip(spy.read, ((1997, 1), (1997, 2)), strict=True):
        drawn = task.examples(rng(seed), task.tested)
        np.testing.assert_array_equal(x, drawn.x)
    assert [len(x) for x in spy.read] == [500 if task.name == "copy" else 1000] * 2


def test_parity_is_tested_on_lengths_that_nobody_learned_from():
    task, spy, drawn = Parity(longest=5), Spy.of(Parity()), rng((1997, 2))
    found = task.test(spy)
    for x, T in zip(spy.read, (20, 100, 1000), strict=True):
        np.testing.assert_array_equal(x, task.examples(drawn, 100, T).x)
        assert found[f"T={T}"] == np.mean(np.cumsum(x[..., 0], axis=1) % 2 == 0)
    longest = {batch.x.shape[1] for batch in task.batches(rng(), 1)}
    assert longest == {2, 3, 4, 5}


def test_anbn_is_learned_from_all_n_up_to_the_longest_and_asked_further():
    task, spy = AnBn(longest=3, asked=7), Spy.of(AnBn())
    drawn = [batch.counted.sum(axis=1) for batch in task.batches(rng(), 10)]
    assert {(each - 1) // 2 for each in np.concatenate(drawn).tolist()} == {1, 2, 3}
    assert len(drawn) == 100 and {len(each) for each in drawn} == {10}
    assert task.validate(spy) == task.test(spy) == {"learned up to n": 0}
    assert [x.shape for x in spy.read] == [(9, 19, 4), (7, 15, 4)]


@pytest.fixture
def found_data(tmp_path, monkeypatch):
    """Return the tasks whose data others gathered, with small data in their place."""
    pixels = rng().integers(0, 256, (50, 28, 28), dtype=np.uint8)
    for name, some in (("train", slice(30)), ("t10k", slice(30, 50))):
        for kind, head, data in (
            ("images-idx3", 16, pixels[some]),
            ("labels-idx1", 8, np.arange(50, dtype=np.uint8)[some] % 10),
        ):
            content = b"." * head + data.tobytes()
            (tmp_path / f"{name}-{kind}-ubyte").write_bytes(content)

    class Sklearn:
        class DIGITS:
            images = rng(1).integers(0, 17, (1797, 8, 8)).astype(float)
            target = np.arange(1797) % 10

        def load_digits(self):
            return self.DIGITS

    monkeypatch.setattr(
        "lstm.experiments.tasks.digits.optional_module", lambda *_: Sklearn()
    )
    folder = tmp_path / "datasets" / "data" / "JapaneseVowels"
    folder.mkdir(parents=True)
    for name, count in (("TRAIN", 27), ("TEST", 37)):
        recordings = rng(count).normal(size=(count, 12, 7)).round(3)
        lines = (
            ":".join([*(",".join(map(str, row)) for row in each), str(1 + k % 9)])
            for k, each in enumerate(recordings)
        )
        text = "\n".join(["# words", "@data", *lines])
        (folder / f"JapaneseVowels_{name}.ts").write_text(text, "utf-8")
    monkeypatch.setattr("lstm.experiments.tasks.vowels.folder_of", lambda *_: tmp_path)
    return {
        "digits": (Digits(), 1197, 600),
        "mnist": (Mnist(folder=str(tmp_path)), 30, 20),
        "vowels": (Vowels(), 27, 37),
    }


@pytest.mark.parametrize("name", ["digits", "mnist", "vowels"])
def test_no_recording_and_no_picture_is_learned_from_and_tested_on(found_data, name):
    task, learned_from, tested = found_data[name]
    learned, spy = Spy.of(task), Spy.of(task)
    for batch in task.batches(rng(), 8):
        learned(batch.x)
        task.loss(learned, batch)
    assert task.validate(spy) == {} == dict.fromkeys(spy.read)
    found = task.test(spy)  # zeros everywhere: the first class
    assert len(set(learned.seen)) == learned_from
    assert len(set(spy.seen)) == tested
    assert not set(spy.seen) & set(learned.seen)
    share = found["accuracy"] * tested
    assert share == pytest.approx(round(share)) and 0 < share < tested / 4
    assert max(x.max() for x in learned.read) == pytest.approx(
        max(x.max() for x in spy.read), rel=0.3
    )


def test_no_string_is_learned_from_and_tested_on():
    task, learned, spy = Reber(count=40), Spy.of(Reber()), Spy.of(Reber())
    assert task.validate(spy) == task.test(spy) == {"strings": 0}
    for batch in task.batches(rng(), 7):
        learned(np.pad(batch.x, ((0, 0), (0, 99 - batch.x.shape[1]), (0, 0))))
        assert batch.counted.any(axis=0).all()  # no step that nobody needs
    learned = set(learned.seen)
    sets = [
        {np.pad(row, ((0, 99 - len(row)), (0, 0))).tobytes() for row in x}
        for x in spy.read
    ]
    assert [len(each) for each in (learned, *sets)] == [40, 40, 40]
    for one, other in itertools.combinations([learned, *sets], 2):
        assert not one & other


def test_no_year_is_learned_from_and_tested_on():
    task, asked = Sunspots(last=1900), []
    (batch,) = task.batches(rng(), 1)
    assert batch.years.tolist() == list(range(1712, 1901))

    class Model:
        def forecast(self, test):
            asked.append((test.years[0], test.years[-1]))
            return test.target + 10.0

    expected = pytest.approx(100 / 1535)
    assert task.test(Model()) == {f"arv {a}-{b}": expected for a, b in PERIODS}
    assert asked == [(1921, 1955), (1956, 1979), (1980, 2008)]
    with pytest.raises(ValueError, match="1920"):
        Sunspots(last=1921)


def test_what_is_read_has_the_size_that_a_model_is_made_for(found_data):
    for task, *_ in found_data.values():
        model = task.model(Recipe(hidden=2), rng())
        batch = next(task.batches(rng(), 3))
        assert model(batch.x, batch.lengths).shape == (3, task.k)
        assert task.loss(model, batch).shape == ()


LARGER = {"accuracy", "symbols", "strings", "learned up to n"}


@pytest.mark.parametrize("kind", TASKS.values(), ids=TASKS)
def test_more_is_better_of_what_is_right_and_less_of_what_is_wrong(kind):
    task = kind()
    assert task.larger_is_better == (task.metric in LARGER)
    assert task.better(2.0, 1.0) == task.larger_is_better != task.better(1.0, 2.0)
    assert not task.better(1.0, 1.0)


# --------------------------------------------------------------------------------- text


def story(letters, seed=0):
    return "".join(rng(seed).choice(list("abcdefgh"), letters))


@pytest.fixture
def novel(tmp_path):
    (tmp_path / "novel.txt").write_text(story(40_000), "utf-8")
    return Text(file=str(tmp_path / "novel.txt"))


def read_by(spy, task):
    """Return the text that a spy read, one string for each sequence."""
    rows = (row.argmax(axis=-1) for x in spy.read for row in x)
    return ["".join(task.alphabet[k] for k in row) for row in rows]


@pytest.mark.parametrize(("way", "part"), [("validate", 1), ("test", 2)])
def test_a_text_is_measured_on_stretches_of_its_own_part(novel, way, part):
    def second(x, lengths):  # the letter after the next is asked for: right by chance
        spy(x)
        return mg.Tensor(np.zeros((*x.shape[:2], 8)))

    spy = Spy((True, 8))
    found = getattr(novel, way)(second)
    assert found == {"bits per character": pytest.approx(3.0)}
    own, read = novel.parts[part], read_by(spy, novel)
    length = max(len(own) // STREAMS, 2 * WARM)
    assert read == [
        own[k : k + length - 1] for k in range(0, len(own) - length + 1, length)
    ]
    bounds = [0, 34_000, 36_000, 40_000]
    assert novel.parts == tuple(novel.text[a:b] for a, b in itertools.pairwise(bounds))


@pytest.mark.parametrize("letters", [60, 1000, 40_000])
def test_the_first_letters_of_a_stretch_do_not_count(tmp_path, letters):
    (tmp_path / "a.txt").write_text(story(letters), "utf-8")
    task = Text(file=str(tmp_path / "a.txt"))
    numbers = task.numbers(task.parts[2])

    def knows(x, lengths):
        """Answer rightly but for the first letters, where p = 1/2 for another one."""
        length = x.shape[1] + 1
        count = len(numbers) // length
        after = numbers[: count * length].reshape(count, length)[:, 1:]
        answers = np.where(np.arange(8) == after[..., None], 0.0, -1e9)
        answers[:, : min(100, length // 2)] = 0  # knows nothing
        return mg.Tensor(answers)

    assert task.test(knows)["bits per character"] == pytest.approx(0, abs=1e-9)


def test_pieces_follow_each_other_and_none_is_from_what_is_measured(novel):
    text = novel.parts[0]
    batches = list(novel.batches(rng(), 32))
    assert len(batches) == (len(text) // 64) // 32
    pieces, read_by_first = set(), []
    for batch in batches:
        assert batch.x.shape == (32, 64, 8) and batch.target.shape == (32, 64)
        spy = Spy((True, 8))
        spy(batch.x)
        pieces |= set(read_by(spy, novel))
        read_by_first.append(text.index(read_by(spy, novel)[0]))
    places = [text.index(piece) for piece in pieces]
    assert len({place % 64 for place in places}) == 1
    assert read_by_first != sorted(read_by_first)  # in a random order
    assert len(set(places)) == 32 * len(batches)


# ---------------------------------------------------------------------------- baselines


def test_a_ruler_of_single_letters_asks_no_context():
    single = WittenBell("abababac", n=1)
    assert single.probability("ab", "a") == single.probability("", "a")
    assert single.probability("ab", "a") == (4 + 3 / 4) / (8 + 3)


BASELINES = {
    Adding(): {"always 1, the mean": {"mse": 1 / 6}},
    Copy(): {"a guess": {"symbols": 1 / 8}},
    Order(): {"a guess": {"accuracy": 1 / 4}, "a bag of letters": {"accuracy": 3 / 4}},
    Parity(): {"a coin": {"T=20": 1 / 2, "T=100": 1 / 2, "T=1000": 1 / 2}},
    Reber(): {"all rules, the second letter forgotten": {"strings": 1 / 2}},
    AnBn(longest=7): {"a list of what was learned from": {"learned up to n": 7}},
    Sunspots(): {
        "persistence": dict(zip(PERIODS, (0.416, 0.940, 0.552), strict=True)),
        "AR(12)": dict(zip(PERIODS, (0.126, 0.358, 0.193), strict=True)),
    },
}


@pytest.mark.parametrize("task", BASELINES, ids=lambda task: task.name)
def test_a_ruler_says_what_simpler_means_reach(task):
    found = {
        name: {measure: round(value, 3) for measure, value in baseline.items()}
        for name, baseline in task.baselines().items()
    }
    assert found == {
        name: {
            f"arv {key[0]}-{key[1]}" if isinstance(key, tuple) else key: round(value, 3)
            for key, value in baseline.items()
        }
        for name, baseline in BASELINES[task].items()
    }


def test_who_forgot_the_second_letter_is_right_in_every_other_string():
    batch = Reber().sets["test"]
    last = batch.counted.sum(axis=1) - 2  # where T or P is asked for
    says_t = batch.target[np.arange(256), last][:, 1] == 1
    assert np.mean(says_t) == pytest.approx(1 / 2, abs=0.1)


def likely(text, context, letter):
    """Return what Witten and Bell say, by counting in the text again every time."""
    after = [
        text[k + len(context)]
        for k in range(len(text) - len(context))
        if text.startswith(context, k)
    ]
    shorter = 1 / (len(set(text)) + 1)
    if context:
        shorter = likely(text, context[1:], letter)
    kinds = len(set(after))
    if not after:
        return shorter
    return (after.count(letter) + kinds * shorter) / (len(after) + kinds)


@given(st.text("abc", min_size=8, max_size=60), st.integers(1, 5), st.text("abcd"))
def test_an_n_gram_remembers_n_minus_1_letters(text, n, context):
    model = WittenBell(text, n)
    last = context[len(context) - min(n - 1, len(context)) :]
    for letter in "abd":
        found = model.probability(context, letter)
        assert found == pytest.approx(likely(text, last, letter), rel=1e-12)
    total = sum(model.probability(context, letter) for letter in set(text))
    assert total + model.probability(context, "z") == pytest.approx(1)


@given(st.text("abc", min_size=8, max_size=40), st.integers(1, 4), st.text("abc"))
def test_the_bits_of_a_text_are_those_of_its_letters(text, n, before):
    rest = "cabbage"
    whole = before + rest
    bits = [
        -math.log2(likely(text, whole[max(0, at - n + 1) : at], whole[at]))
        for at in range(len(before), len(whole))
    ]
    found = WittenBell(text, n).bits(rest, before)
    assert found == pytest.approx(sum(bits) / 7, rel=1e-12)


def test_a_text_is_held_against_compressors_and_n_grams(novel):
    known, rest = novel.parts[0] + novel.parts[1], novel.parts[2]
    found = {
        name: baseline["bits per character"]
        for name, baseline in novel.baselines().items()
    }
    assert found == {
        "zlib": compressed("zlib", known, rest),
        "bz2": compressed("bz2", known, rest),
        "lzma": compressed("lzma", known, rest),
        "3-gram, Witten-Bell": WittenBell(known, 3).bits(rest, known[-3:]),
        "5-gram, Witten-Bell": WittenBell(known, 5).bits(rest, known[-5:]),
    }
    assert all(3 <= bits < 5 for bits in found.values())  # eight letters, by chance


@pytest.mark.parametrize("name", COMPRESSORS)
def test_a_compressor_is_asked_what_the_rest_adds(name):
    full = {
        "zlib": lambda data: zlib.compress(data, 9),
        "bz2": lambda data: bz2.compress(data, 9),
        "lzma": lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME),
    }[name]
    known, rest = story(5000), story(1000, seed=1) + "ü"
    both, alone = (len(full(text.encode())) for text in (known + rest, known))
    assert compressed(name, known, rest) == 8 * (both - alone) / 1001
    assert compressed(name, known, known[:1000]) < compressed(name, known, rest)


def test_the_nearest_example_and_the_nearest_mean_by_hand():
    known = np.array([[[0.0, 0.0]], [[0.0, 2.0]], [[9.0, 0.0]], [[0.0, 4.0]]])
    classes = np.array([3, 3, 3, 5])
    asked = np.array([[[8.0, 1.0]], [[0.0, 2.9]], [[1.0, 3.0]], [[0.0, 3.2]]])
    right = np.array([3, 3, 5, 3])
    # by example 3, 3, 3 (0, 2 and 0, 4 are as near: the first), 5; by mean 3, 5, 5, 5
    assert nearest_neighbour(known, classes, asked, right) == 0.5
    assert nearest_mean(known, classes, asked, right) == 0.5
    assert nearest_neighbour(known, classes, asked, np.array([3, 3, 3, 5])) == 1
    assert nearest_mean(known, classes, asked, np.array([3, 5, 5, 5])) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits", "mnist", "vowels"])
def test_a_ruler_knows_what_was_learned_from_and_is_asked_the_rest(found_data, name):
    task, learned_from, _ = found_data[name]
    parts = task.sets
    assert len(parts[0].x) == learned_from
    nearest = {"digits": "nearest neighbour", "mnist": "nearest mean"}.get(
        name, "nearest mean over time"
    )
    # Here every recording has the same length.
    known, asked = (b.x.mean(axis=1) if name == "vowels" else b.x for b in parts)
    classes, target = (batch.target for batch in parts)
    if name == "digits":
        by_class = known
    else:
        by_class = np.array([known[classes == k].mean(axis=0) for k in range(task.k)])
        classes = np.arange(task.k)
    found = [
        classes[np.argmin([np.sum((one - a) ** 2.0) for one in by_class])]
        for a in asked.astype(float)
    ]
    baselines = {
        key: baseline["accuracy"] for key, baseline in task.baselines().items()
    }
    assert baselines.pop("published: Kudo et al. 1999", 0.941) == 0.941
    assert baselines == {nearest: np.mean(found == target)}


# ------------------------------------------------------------------------- packages


def test_a_package_that_is_not_there_is_named_with_a_way_out():
    with pytest.raises(
        Missing, match=r"the package scikit-learn, which is not inst"
    ) as e:
        optional_module("no_such_module_of_anyone", "scikit-learn", "digits")
    assert "pip install scikit-learn, or choose another task" in str(e.value)
    assert str(e.value).startswith("the task 'digits'")
    assert optional_module("math", "any", "any") is math
