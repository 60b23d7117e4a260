"""The LSTM that counts: checked against the definition of a^n b^n, and its limit."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm.experiments.tasks import by_hand
from lstm.experiments.tasks.by_hand import (
    ON,
    counter,
    farthest,
    in_language,
    prefixes,
    reach,
)
from lstm.experiments.tasks.task import one_hot
from lstm.experiments.training.gate_traces import gates

T = 11
ALL = ["".join(letters) for letters in itertools.product("ab", repeat=T)]


@pytest.mark.parametrize("s", [5.0, 10.0, 20.0, 40.0])
def test_of_all_strings_exactly_those_of_the_language_are_accepted(s):
    wanted = [[in_language(each[: t + 1]) for t in range(T)] for each in ALL]
    np.testing.assert_array_equal(prefixes(counter(s), ALL), wanted)


@given(st.text("ab", min_size=1, max_size=60))
def test_a_string_of_any_length_is_judged_by_the_definition(string):
    assert by_hand.accepts(counter(40.0), string) == in_language(string)


def test_a_language_is_a_set_of_strings():
    members = {"a" * n + "b" * n for n in range(1, 6)}
    assert {each for each in ALL if in_language(each)} == set()  # 11 is odd
    short = ("".join(p) for k in range(11) for p in itertools.product("ab", repeat=k))
    assert {each for each in short if in_language(each)} == members


@pytest.mark.parametrize("s", [3.0, 4.0, 5.0, 6.0, 7.0])
def test_how_far_it_counts_was_foretold(s):
    assert farthest(s, 60) == pytest.approx(reach(s), rel=0.05, abs=1)


def test_counting_ends_at_the_limit_or_where_a_string_is_misjudged(monkeypatch):
    assert farthest(40.0, 7) == 7

    def accepted(early, late):
        def prefixes(reader, strings):
            (string,) = strings
            n, judged = len(string) // 2, np.zeros((1, len(string)), bool)
            judged[0, -1] = n != late
            judged[0, 0] = n == early
            return judged

        monkeypatch.setattr(by_hand, "prefixes", prefixes)

    accepted(early=None, late=5)
    assert farthest(40.0, 9) == 4
    accepted(early=3, late=None)
    assert farthest(40.0, 9) == 2


def test_from_s_37_on_the_count_is_exact():
    n = 2000
    accepted = prefixes(counter(37.0), ["a" * n + "b" * n])[0]
    assert accepted[-1] and not accepted[:-1].any()
    string = np.array([0] * n + [1] * n)
    count = gates(counter(37.0).layer, one_hot(string, 2, float))["c"][:, 0]
    np.testing.assert_array_equal(count, [*range(1, n + 1), *range(n - 1, -1, -1)])


@given(n=st.integers(1, 12), s=st.floats(3, 12))
def test_the_leak_is_what_its_formula_says(n, s):
    string = np.array([0] * n + [1] * n)
    lines = gates(counter(s).layer, one_hot(string, 2, float))
    f, i = lines["f"][0, 0], lines["i"][0, 0]
    c_tilde = lines["c~"][0, 0]
    expected = -i * c_tilde * (1 - f**n) ** 2 / (1 - f)
    assert lines["c"][-1, 0] == pytest.approx(expected, rel=1e-6, abs=1e-12)
    assert f == pytest.approx(1 / (1 + math.exp(-s)))


# --------------------------------------------------------------------- what SymPy shows


def test_the_limit_is_the_counter_machine_for_every_letter_and_kind_of_state():
    from lstm.experiments.tasks.by_hand_limit import proof

    steps = proof()
    assert len(steps) == 2 * 3 * 2**3
    assert len({(step.letter, step.kind, step.before[1:]) for step in steps}) == 48


def test_the_machine_itself_accepts_the_language():
    from lstm.experiments.tasks.by_hand_limit import machine

    for string in ALL[::7]:
        state = (0, 0, 0, 0)
        for t, letter in enumerate(string, 1):
            kind = "0" if state[0] == 0 else ">=1" if state[0] > 0 else "<=-1"
            state = machine(letter, kind, state)
            assert (state == (0, 1, 0, 0)) == in_language(string[:t])


def test_the_readout_accepts_one_state_only():
    from lstm.experiments.tasks.by_hand_limit import acceptance

    found = acceptance()
    assert len(found) == 20
    assert [state for state, accepted in found if accepted] == [(0, 1, 0, 0)]


PLANTED = {
    "the count forgets": ("forget", 0, "1", -1),
    "an a is not counted": ("candidate", 0, "a", 0),
    "a b is counted up": ("candidate", 0, "b", 1),
    "seen is set by an a": ("input", 1, "a", 4),
    "order does not look at seen": ("input", 2, "seen", 0),
    "below looks at the count the wrong way": ("input", 3, "count", 4),
    "a latch writes and keeps": ("forget", 1, "b", 4),
    "a closed output": ("output", 2, "1", -1),
    "a pre-activation of zero": ("input", 0, "1", 0),
}


@pytest.mark.parametrize("mistake", PLANTED, ids=str)
def test_the_proof_fails_for_weights_that_are_wrong(mistake):
    from lstm.experiments.tasks.by_hand_limit import ON as EXACTLY
    from lstm.experiments.tasks.by_hand_limit import NotTheMachine, proof

    gate, row, column, value = PLANTED[mistake]
    wrong = by_hand.weights(EXACTLY)
    wrong[gate] = [dict(each) for each in wrong[gate]]
    wrong[gate][row][column] = value
    with pytest.raises(NotTheMachine):
        proof(wrong)


def test_exact_and_floating_weights_are_the_same():
    from lstm.experiments.tasks.by_hand_limit import ON as EXACTLY

    for gate, rows in by_hand.weights(EXACTLY).items():
        for row, floats in zip(rows, by_hand.weights(ON)[gate], strict=True):
            assert {k: pytest.approx(float(v)) for k, v in row.items()} == floats


def test_the_leak_grows_with_the_square_of_n():
    import sympy

    from lstm.experiments.tasks.by_hand_limit import leak_of_sharp, n

    assert sympy.expand(leak_of_sharp() + n**2) == 0
