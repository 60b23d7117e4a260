"""`assert_proved` as people use it: what it covers, and what a failure tells them."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from every import every
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from lstm import LSTM, Gate, LSTMCell, State
from minigrad.mistakes import MISTAKES
from minigrad.mistakes.planting import Change, adjoint, broken, slope
from minigrad.testing import assert_proved

ROOT = Path(__file__).parents[1]


def names(certificate):
    return [name for name, _ in certificate.wrt]


# ------------------------------------------------------------------- what is covered


def test_a_cell_is_proved_by_its_inputs_its_state_and_its_parameters():
    certificate = assert_proved(LSTMCell(3, 2), (3,), State((2,), (2,)))
    inputs, weights = names(certificate)[:3], names(certificate)[3:]
    assert inputs == ["x", "state.y", "state.c"]
    assert weights == [f"{kind}_{gate}" for gate in "fico" for kind in "Wb"]
    assert certificate.output == "loss"


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**32))
def test_a_layer_of_any_size_is_proved(n, m, T, seed):
    state = State((m,), (m,))
    assert assert_proved(LSTM(n, m, rng=seed), (T, n), state, seeds=[seed])


def test_parameters_that_a_function_closes_over_are_covered():
    gate = Gate("f", 2, 3)
    certificate = assert_proved(lambda v: gate(v) * 2.0, (5,))
    assert names(certificate) == ["v", "W_f", "b_f"]


def test_every_entry_of_every_result_is_covered():
    """A wrong slope in one entry of one of two results, in neither sum nor mean."""

    def three(a, b):
        return {"products": [a * b, a + b], "wave": mg.sin(a[1])}

    assert assert_proved(three, (2,), (2,))
    with (
        broken(slope("sin", 0, lambda y, a: -mg.cos(a))),
        pytest.raises(AssertionError),
    ):
        assert_proved(three, (2,), (2,))


def test_the_cotangent_of_each_entry_is_a_variable_of_the_proof():
    def f(a):
        return mg.tanh(a), mg.sum(a)

    assert assert_proved(f, (3,)).inputs == 3 + (3 + 1)


class Pair(NamedTuple):
    left: tuple
    right: tuple


def test_structures_of_shapes_are_structures_of_tensors():
    def f(pair, many, by_name, flag, *rest):
        assert isinstance(pair, Pair) and isinstance(many, list) and flag is None
        return pair.left * pair.right + many[0] * by_name["a"] + rest[0] * rest[1]

    certificate = assert_proved(
        f, Pair((3,), (1,)), [(3,)], {"a": ()}, None, (3,), (2, 3)
    )
    assert names(certificate) == [
        "pair.left", "pair.right", "many[0]", "by_name['a']", "rest[0]", "rest[1]",
    ]  # fmt: skip


def test_labels_are_passed_on_and_numbers_are_taken_as_they_are():
    seen = []

    def f(scores, labels, scale):
        seen.append(float(scale.data[0]))
        return mg.cross_entropy(scores, labels) * mg.log(scale)

    labels, scale = np.array([0, 2]), np.array([2.0])
    assert names(assert_proved(f, (2, 3), labels, scale)) == ["scores", "scale"]
    assert names(assert_proved(f, (2, 3), labels, mg.Tensor(scale))) == [
        "scores",
        "scale",
    ]
    assert seen[0] == 2.0


def test_wrt_names_what_is_asked_for_and_what_is_below_it():
    cell, shapes = LSTMCell(3, 2), ((3,), State((2,), (2,)))
    assert names(assert_proved(cell, *shapes, wrt=["state"])) == ["state.y", "state.c"]
    assert names(assert_proved(cell, *shapes, wrt="forget.W")) == ["W_f"]


def test_seeds_meet_other_branches():
    met = set()

    def f(a):
        met.add(tuple((a.data > 0).tolist()))
        return mg.relu(a) * a

    assert assert_proved(f, (2,), seeds=range(20)).seed == 19
    assert len(met) == 4


def test_a_seed_gives_the_same_numbers_again():
    seen = []
    for _ in range(2):
        seen.append(assert_proved(lambda a: mg.tanh(a), (3,), seeds=[5]))
    assert seen[0] == seen[1]


def test_a_row_is_proved_by_itself():
    assert names(assert_proved(mg.matvec, (2, 3), (3,))) == ["args[0]", "args[1]"]


def test_order_is_handed_on():
    assert assert_proved(mg.tanh, (3,)).order == 1
    assert assert_proved(mg.tanh, (3,), order=2).order == 2


# ------------------------------------------------------------- what a failure says


def failure(f, *shapes, **options):
    with pytest.raises(AssertionError) as failed:
        assert_proved(f, *shapes, **options)
    return " ".join(str(failed.value).split()), failed.value


def activation(a):
    return mg.tanh(a) * 2.0  # the line that is named


LINE = activation.__code__.co_firstlineno + 1


def test_a_failure_names_rule_line_formulas_numbers_and_seed():
    with broken(slope("tanh", 0, lambda y, a: 1.0 - y)):
        text, error = failure(activation, (2,), seeds=[3])
    assert text.startswith("assert_proved(activation, (2,), seeds=[3])")
    assert "rule for argument 0 of 'tanh' is not its derivative" in text
    assert f"at test_testing.py:{LINE}" in text
    assert "the rule gives 1 - tanh(a), the derivative is 1 - tanh(a)**2" in text
    numbers = r"at a = [\d.]+, the rule for a \(reverse mode\) gives [\d.]+ and the"
    assert re.search(f"In floats: {numbers} derivative by a is [\\d.]+", text)
    assert "fix mend it in the row 'tanh', or the meaning there" in text
    assert isinstance(error.__cause__, mg.ProofFailed)


def test_the_numbers_in_floats_are_those_of_the_rule_and_of_the_derivative():
    with broken(slope("tanh", 0, lambda y, a: 1.0 - y)):
        text, error = failure(mg.tanh, np.array(0.5))
    example = error.__cause__.counterexample
    assert str(example) in text
    assert example.found == pytest.approx(1 - np.tanh(0.5), abs=1e-15)
    assert example.expected == pytest.approx(1 - np.tanh(0.5) ** 2, abs=1e-15)


def test_where_nobody_can_tell_nobody_is_blamed():
    """A constant that rounding may have made is no proof of a mistake, or of none."""
    with broken(slope("tanh", 0, lambda y, a: (1.0 - y * y) * (1 + 1e-14))):
        text, error = failure(mg.tanh, (2,))
    assert "NOT SHOWN: nothing wrong was found, 'tanh' may be right" in text
    assert "In floats" not in text and error.__cause__.undecided


def test_a_wrong_adjoint_is_compared_in_floats():
    with broken(adjoint("matvec", 1, lambda g, W, v: mg.matvec(W, g))):
        text, _ = failure(mg.matvec, (3, 3), (3,))
    assert "rule for argument 1 of 'matvec' is not its derivative" in text
    assert "the rule for args[1] (reverse mode) gives" in text


def test_a_wrong_walk_is_told_from_a_wrong_rule():
    carry = next(m for m in MISTAKES if m.name == "the carry of c dropped")
    with carry.planted():
        text, _ = failure(LSTM(2, 2), (3, 2), State((2,), (2,)))
    assert "every rule is right" in text
    assert "c, in LSTM[2].cell, at cell.py" in text
    assert "the engine gives" in text and "the derivative by" in text


def test_a_rule_that_does_not_run_is_told_with_its_reason():
    def rule(g, W, v):
        raise ValueError("no such thing")

    with broken(adjoint("matvec", 1, rule)):
        text, _ = failure(mg.matvec, (3, 3), (3,))
    assert "the rule for argument 1 does not run: no such thing" in text
    assert "In floats" not in text


def test_a_function_that_is_not_its_meaning_is_told_so():
    row = mg.TABLE["sin"]
    with broken([Change(row, "meaning", "cos(a)")]):
        text, _ = failure(mg.sin, (2,))
    assert "the row 'sin' does not compute what it means" in text


def test_a_rule_that_sympy_cannot_read_is_told_so():
    with broken(slope("sin", 0, lambda y, a: np.arctan2(a, y))):
        text, _ = failure(mg.sin, (2,))
    assert "the rule does not run on symbols" in text
    assert "NOT SHOWN: nothing wrong was found, 'sin' may be right" in text


@every("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_every_mistake_of_the_list_can_be_told(mistake):
    with mistake.planted():
        loss, wrt = mistake.model()
        values = [x.data for x in wrt]

        def again(*leaves):
            return mg.Tape(loss).replay(dict(zip(wrt, leaves, strict=True)))[loss]

        text, _ = failure(again, *values)
    assert str(mistake.blame.row or "every rule is right") in text


def test_an_argument_that_nothing_depends_on_is_noticed():
    def cut(x, c_prev):
        return x * c_prev.detach()

    text, _ = failure(cut, (2,), (2,))
    assert "no result depends on c_prev" in text
    assert names(assert_proved(cut, (2,), (2,), wrt=["x"])) == ["x"]


def test_a_parameter_that_is_never_used_is_noticed():
    class Forgetful(mg.Module):
        def __init__(self):
            self.W = mg.Parameter(np.eye(2))
            self.b = mg.Parameter(np.zeros(2))

        def forward(self, x):
            return mg.matvec(self.W, x)

    assert "no result depends on b" in failure(Forgetful(), (2,))[0]


QUESTIONS = {
    "too few shapes": (lambda: assert_proved(activation), TypeError, "missing"),
    "no Tensor": (lambda: assert_proved(lambda a: 3.0, (2,)), TypeError, "no Tensor"),
    "integers": (
        lambda: assert_proved(lambda a: (a * a).sum(), np.array([1, 2])),
        TypeError,
        r"(?s)Integers .*no derivative.*x.astype\(float\)",
    ),
    "a Tensor": (
        lambda: assert_proved(mg.Tensor(1.0) * 2.0),
        TypeError,
        r"fix   of a Tensor, mg.prove\(tensor\)",
    ),
    "a number for a shape": (lambda: assert_proved(mg.tanh, 3), TypeError, r"\(3,\)"),
    "an unknown name": (
        lambda: assert_proved(activation, (2,), wrt=["b"]),
        ValueError,
        "choose from a",
    ),
    "no seed": (lambda: assert_proved(mg.tanh, (2,), seeds=[]), ValueError, "one seed"),
}


@every("question", QUESTIONS)
def test_a_question_that_cannot_be_asked_is_explained(question):
    ask, kind, fragment = QUESTIONS[question]
    with pytest.raises(kind, match=fragment):
        ask()


@pytest.mark.slow
def test_pytest_shows_the_line_of_the_test_and_nothing_of_the_prover(tmp_path):
    (tmp_path / "test_own.py").write_text(
        "import minigrad as mg\n"
        "from minigrad.testing import assert_proved\n"
        "def test_own():\n"
        "    mg.TABLE['tanh'].partials = (lambda y, a: 1.0 - y,)\n"
        "    assert_proved(mg.tanh, (3,))\n",
        "utf-8",
    )
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_own.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ">       assert_proved(mg.tanh, (3,))" in ran.stdout
    assert "rule for argument 0 of 'tanh'" in ran.stdout
    assert "def prove(" not in ran.stdout and "def assert_proved" not in ran.stdout


def test_a_float_is_a_number_to_differentiate_by_as_an_array_is():
    certificate = assert_proved(lambda x, q: np.sin(x) * q, 3.0, np.array(0.5))
    assert {"x", "q"} <= {
        str(name) for name in str(certificate).replace(",", " ").split()
    }
