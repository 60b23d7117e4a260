"""Break the gradient in every classic way: the prover finds each, and names it.

What is planted is in `minigrad.mistakes`; the example and the chapter read it, too.
The other half of the claim: an engine that is right is never accused.
"""

from random import Random

import numpy as np
import pytest
from every import every

import minigrad as mg
from lstm import LSTM, State
from minigrad import accumulation, gradient
from minigrad.mistakes import MISTAKES, checkers, slopes, walks
from minigrad.mistakes.planting import broken, slope
from minigrad.mistakes.small_models import SMALL_MODELS, batch, lstm
from minigrad.primitive import TABLE
from minigrad.proving import LemmaFailed
from minigrad.proving.float_gradient import check_gradient
from minigrad.proving.identity import disagreement
from minigrad.proving.proof import prove_rows
from minigrad.proving.residues import Field
from minigrad.rows import linear_maps

every_mistake = every("mistake", MISTAKES, parts=3)
every_model = every("model", SMALL_MODELS, parts=3)


def engine():
    """Return everything of the engine that a mistake may replace."""
    rows = {name: dict(vars(row)) for name, row in TABLE.items()}
    for row in rows.values():
        row["batched_adjoints"] = dict(row["batched_adjoints"])
    others = (accumulation.Cotangents, accumulation, gradient, linear_maps)
    return rows, [dict(vars(owner)) for owner in others]


def gradients(model):
    return [bar.tolist() for bar in mg.grad(model.loss, model.wrt)]


def named(text):
    return next(mistake for mistake in MISTAKES if mistake.name == text)


@every_mistake
def test_a_mistake_has_a_short_name_and_a_story_that_is_a_sentence(mistake):
    assert len(mistake.name) <= 45 and not mistake.name.endswith(".")
    assert mistake.story.endswith(".") and len(mistake.story) < 120


# ------------------------------------------------------------------ found, and named


@pytest.mark.parametrize("seed", range(3))
@every_mistake
def test_the_prover_names_the_culprit(mistake, seed):
    with mistake.planted():
        assert checkers.blamed(mistake.model(), seed) == mistake.blame


@every_mistake
@pytest.mark.parametrize("seed", range(2))
def test_the_identity_finds_what_is_no_slope_and_nothing_else(mistake, seed):
    """In exact numbers slopes are variables, so a wrong one is no fault of the walk."""
    with mistake.planted():
        loss, wrt = mistake.model()
        found = disagreement(Field.drawn(Random(seed), 3), mg.Tape(loss), wrt)
    is_slope = mistake.blame.error is LemmaFailed
    in_place = mistake.name == "+= into somebody else's array"  # exact arrays are new
    assert (found is not None) == (not is_slope and not in_place)


@every_mistake
def test_tangents_that_run_forward_in_floats_refute_all_that_floats_can_see(mistake):
    """By the right lemmas, and without a look at rules."""
    lemmas = prove_rows(mg.Tape(mistake.model().loss))
    with mistake.planted():
        loss, wrt = mistake.model()
        *_, off = check_gradient(loss, mg.Tape(loss), wrt, lemmas, Random(0))
    assert (off > 1) == (mistake is not named("σ' too large by 10⁻¹⁴"))


@every_mistake
def test_the_broken_gradient_is_another_gradient(mistake):
    right = gradients(mistake.model())
    with mistake.planted():
        assert gradients(mistake.model()) != right


@every_mistake
def test_the_engine_is_mended_afterwards(mistake):
    before, right = engine(), gradients(mistake.model())
    with pytest.raises(ZeroDivisionError), mistake.planted():
        assert engine() != before
        raise ZeroDivisionError
    assert engine() == before
    assert gradients(mistake.model()) == right
    assert checkers.blamed(mistake.model()) is None


def test_mistakes_may_be_planted_one_inside_the_other():
    before = engine()
    with MISTAKES[0].planted(), MISTAKES[1].planted(), MISTAKES[-1].planted():
        assert engine() != before
    assert engine() == before


def test_the_list_is_long_and_no_two_are_the_same():
    assert len(MISTAKES) >= 24
    for field in ("name", "story"):
        assert len({getattr(each, field) for each in MISTAKES}) == len(MISTAKES)
    assert {each.model for each in MISTAKES} == set(SMALL_MODELS)


def test_the_lstm_without_a_class_is_that_of_the_package():
    loss, wrt = lstm()
    layer, (x, y_0, c_0) = LSTM(2, 2), wrt[8:]
    for mine, its in zip(wrt[:8], by_letter(layer.cell), strict=True):
        its.data = mine.data
    outputs, _ = layer(x.data, State(y_0.data, c_0.data))
    (used,) = (step for step in mg.Tape(loss) if step.name == "outputs")
    np.testing.assert_allclose(used.data, outputs.data, rtol=1e-14)


def by_letter(cell):
    """Return the Parameters of a cell: W_f, W_i, W_c, W_o, then the biases."""
    gates = (cell.forget, cell.input, cell.candidate, cell.output)
    return [*(gate.W for gate in gates), *(gate.b for gate in gates)]


# --------------------------------------------------------------------- no false alarm


@pytest.mark.slow
@every_model
def test_a_right_engine_is_never_accused(model):
    recorded = model()
    assert not any(checkers.blamed(recorded, seed) for seed in range(40))


@every_model
def test_the_other_checkers_accuse_nobody_either(model):
    recorded = model()
    assert checkers.differing(recorded)[0] == 0
    assert not checkers.complex_step(recorded)


# ------------------------------------------------------- what the other checkers see


def test_finite_differences_are_the_slopes_of_the_loss():
    loss, wrt = batch()
    for x, bar in zip(wrt, mg.grad(loss, wrt), strict=True):
        assert np.allclose(checkers.finite_differences(loss, x), bar, atol=1e-8)


MISSED = {"σ' too large by 10⁻⁵", "σ' too large by 10⁻¹⁴", "a carry dropped long ago"}


@every_mistake
def test_finite_differences_miss_what_is_small_and_only_that(mistake):
    assert (checkers.examined(mistake).wrong == 0) == (mistake.name in MISSED)


@pytest.mark.slow
def test_the_complex_step_misses_what_is_smaller_than_rounding():
    missed = [each for each in MISTAKES if not checkers.examined(each).complex_step]
    assert missed == [named("σ' too large by 10⁻¹⁴")]


def test_five_spots_hit_one_wrong_entry_in_fifty_every_tenth_time():
    def spotted(wrong, entries):
        return checkers.Verdict(None, wrong, entries, False).detection_probability

    assert spotted(1, 50) == pytest.approx(5 / 50)
    assert (spotted(0, 50), spotted(50, 50)) == (0, 1)
    rng = np.random.default_rng(0)
    hits = [np.any(rng.permutation(50)[:5] < 7) for _ in range(2000)]
    assert np.mean(hits) == pytest.approx(spotted(7, 50), abs=0.03)


def test_a_gradient_that_is_proved_is_said_to_be():
    verdict = checkers.Verdict(checkers.blamed(lstm()), 0, 52, False)
    cells = checkers.cells(MISTAKES[0], verdict)
    assert cells[1:] == ("nobody: PROVED", "passes", "0%", "passes")


# ------------------------------------------------ what is no mistake of a gradient


def test_a_weight_that_changes_after_it_was_used_is_refused():
    loss, (W, *_) = lstm()
    W.data = W.data * 2
    with pytest.raises(ValueError, match="updated after this tape was recorded"):
        mg.grad(loss, W)


def test_a_wrong_program_has_a_right_gradient():
    def loss(scores):
        """A softmax whose author cut the sum off the tape."""
        raised = mg.exp(scores)
        return (raised / raised.sum().detach() * np.array([1.0, 2.0, 3.0])).sum()

    scores = mg.Tensor([0.5, -1.0, 2.0], name="scores")
    recorded = loss(scores)
    assert mg.prove(recorded, scores)  # in what was recorded, the sum is a leaf
    run_again = [
        (loss(mg.Tensor(scores.data + step)) - recorded).item() / 1e-6
        for step in 1e-6 * np.eye(3)
    ]
    assert not np.allclose(mg.grad(recorded, scores), run_again, atol=1e-2)


# ------------------------------------------------------------ planting one's own


def test_a_mistake_of_ones_own_is_planted_in_a_line():
    with broken(slope("tanh", 0, lambda y, a: 1.0 + y * y)):
        assert str(checkers.blamed(batch())) == "tanh, argument 0"


WRONG = {  # what the story of a slope says, where y is computed from a, or a and b
    "σ' forgotten": lambda y, a: a / a,
    "σ' from the input": lambda y, a: a - a**2,
    "tanh' without its square": lambda y, a: 1.0 - y,
    "tanh' with a cube": lambda y, a: 1.0 - y**3,
    "sign of a difference dropped": lambda y, a, b: b / b,
    "quotient rule, sign": lambda y, a, b: a / b**2,
    "quotient rule, square": lambda y, a, b: -a / b,
    "softmax, denominator constant": lambda y, a, b: b - b,
    "power rule for an exponential": lambda y, a: a * np.exp(a - 1.0),
    "power rule, exponent kept": lambda y, a, b: b * a**b,
    "log' upside down": lambda y, a: a,
    "sqrt' upside down": lambda y, a: 2.0 / y,
    "cos' without its minus": lambda y, a: np.sin(a),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_slope_is_the_one_that_its_story_tells(name):
    (mistake,) = (each for each in slopes.SLOPES if each.name == name)
    row, at = mistake.blame.row, mistake.blame.argument
    operands = mg.Tensor([0.3, 0.8, 1.5]), mg.Tensor([1.2, 0.4, 2.5])
    operands = operands[: len(TABLE[row].partials)]
    with broken(mistake.changes):
        y = getattr(mg, row)(*operands)
        found = mg.grad(mg.sum(y), operands[at])
    told = WRONG[name](y.data, *(each.data for each in operands))
    np.testing.assert_allclose(found, told, rtol=1e-12)


def test_every_kind_of_fault_is_in_the_list():
    assert all(issubclass(m.blame.error, mg.ProofFailed) for m in MISTAKES)
    assert {m.blame.error.__name__ for m in slopes.SLOPES} == {"LemmaFailed"}
    assert any(m.blame.row is None for m in walks.WALKS)
