"""What a certificate says: claim, numbers, limits; and what a failed proof says."""

import importlib
import json
import math
import os
import re
import subprocess
import sys
from random import Random

import numpy as np
import pytest
from every import every
from test_proving import lstm_loss, refuted, tensor, words
from test_proving_walks import assign

import minigrad as mg
from lstm import LSTM, LSTMCell, PeepholeCell
from minigrad import accumulation
from minigrad import gradient as engine
from minigrad.primitive import TABLE
from minigrad.proving import ProofFailed, prove, whole_tape
from minigrad.proving.bounds import Bound, chance
from minigrad.proving.one_step import show_cells
from minigrad.proving.residues import Field
from minigrad.testing import assert_proved

RNG = np.random.default_rng(0)


def layer(cell=None, T=3, batch=()):
    return (LSTM(cell) if cell else LSTM(2, 2, rng=0))(RNG.normal(size=(*batch, T, 2)))


def first_paragraph(certificate):
    return words(str(certificate).split("wrt:")[0])


# ------------------------------------------------------------------------- the numbers


def test_everything_that_is_counted_is_right():
    certificate = prove(lstm_loss(n=3, m=3, T=4), seed=1)
    assert certificate
    assert certificate.inputs == 4 * 3 * 6 + 4 * 3 + 2 * 3 + 4 * 3 + 4 * 3
    gates, products = 4 * 4 * 3 + 4 * 3, 3 * 4 * 3  # sigma and tanh; f c, i c~, o tanh
    sums = 4 * 4 * 3 + 4 * 3  # W v + b, and one for each c
    loss = 4 * 3 * (2 + 2) + 1  # difference, its square, and the mean's 1 / n
    assert certificate.slopes == gates + 2 * products + 2 * sums + loss
    assert certificate.steps == len([s for s in mg.Tape(lstm_loss(3, 3, 4)) if s.args])
    assert certificate.chance < -50
    assert {text.split()[0] for text in certificate.lemmas} == {
        "add", "divide", "multiply", "sigmoid", "subtract", "tanh",
    }  # fmt: skip


def test_a_certificate_reads_from_claim_to_limits():
    for certificate in (prove(lstm_loss(), order=2), assert_proved(mg.tanh, (3,))):
        text = str(certificate)
        labels = [line.split("  ")[0] for line in text.splitlines() if line[0] != " "]
        assert [labels[0], *labels[-2:]] == ["proved", "trusted", "not covered"]
        assert max(map(len, text.splitlines())) <= 88
        assert str(certificate.seed) in text and certificate.tape[:16] in text


def test_a_certificate_is_reproduced_by_its_seed():
    once = prove(lstm_loss(), order=2)
    assert prove(lstm_loss(), order=2, seed=once.seed) == once
    assert prove(lstm_loss(), order=2).primes != once.primes
    told = json.loads(once.to_json())
    assert told["primes"] == list(once.primes)
    assert (told["order"], told["seed"]) == (2, once.seed)
    assert told["cells"] == [] and "claims" not in told


def test_a_certificate_is_the_same_in_every_process():
    program = """if True:
        import sys, minigrad as mg
        assert "sympy" not in sys.modules
        from lstm import LSTM
        loss = LSTM(2, 2, rng=0)([[1.0, 2.0], [3.0, 4.0]])[0].sum()
        print(mg.prove(loss, order=2, seed=1).to_json())
    """
    run = [sys.executable, "-c", program]
    texts = {
        subprocess.run(run, capture_output=True, text=True, check=True, env=env).stdout
        for env in ({**os.environ, "PYTHONHASHSEED": seed} for seed in "12")
    }
    assert len(texts) == 1


def test_the_fingerprint_tells_programs_apart_and_not_runs():
    a = tensor("a", 3)

    def of(program):
        return prove(program(a).sum()).tape

    assert of(lambda a: a * 2.0) == of(lambda a: a * 2.0)
    assert len({of(lambda a: a * 2.0), of(lambda a: a * 3.0), of(lambda a: a * 2),
                of(lambda a: a - a * 2), of(lambda a: a * 2 - a)}) == 5  # fmt: skip


# --------------------------------------------------------------------------- the chance


def test_the_sizes_of_a_small_polynomial_are_those_by_hand():
    W, x = tensor("W", 1, 1), tensor("x", 1)
    certificate = prove(mg.matvec(W, x).sum())
    # <gradient, v> is W v_x + x v_W on both sides: degree 2, twice 2 coefficients
    assert (certificate.degree, certificate.height_bits) == (2, (2 + 2).bit_length())


def test_the_printed_chance_is_that_of_the_sizes_and_of_all_primes():
    certificate = prove(layer()[0].sum())
    bound = Bound(certificate.degree, certificate.height_bits)
    stated = chance(bound, len(certificate.primes))
    assert stated <= certificate.chance < stated + 0.2
    assert f"<= 2^{certificate.chance:g}" in str(certificate)


def test_as_many_primes_are_drawn_as_the_chance_needs(monkeypatch):
    few = prove(layer()[0].sum())
    assert len(set(few.primes)) == 3
    monkeypatch.setattr(whole_tape, "SURELY", -150.0)
    more = prove(layer()[0].sum())
    assert more.chance < -150 and len(set(more.primes)) == len(more.primes) > 6


def test_a_chance_that_says_nothing_is_said_to():
    W = mg.Tensor([[1.0]], name="W")
    for _ in range(26):  # of degree 2^26, more than the primes
        W = W @ W
    certificate = prove(W.sum())
    assert certificate.chance == 0
    assert "<= 1, which says nothing" in words(certificate)


# ---------------------------------------------------------------------------- the claim


def test_second_order_and_parameters_alone_are_claimed_where_they_were_shown():
    assert "second derivative" in first_paragraph(prove(layer()[0].sum(), order=2))
    certificate = prove(layer()[0].sum())
    assert "second derivative" not in first_paragraph(certificate)
    assert "the 8 Parameters alone, as training does" in first_paragraph(certificate)
    assert "alone" not in first_paragraph(prove(lstm_loss()))


@pytest.mark.parametrize("make", [
    lambda: mg.tanh(mg.Tensor(np.zeros((0, 3)), name="x")),
    lambda: mg.Tensor(np.zeros((2, 0)), name="x") @ np.zeros((0, 2)),
    lambda: mg.where([False, False], tensor("x", 2), 3.0), lambda: tensor("x", 2)[:0],
], ids=["no rows", "no columns", "masked", "not taken"])  # fmt: skip
def test_a_proof_that_compared_nothing_says_so_in_its_first_line(make):
    certificate = prove(make().sum())
    assert certificate.vacuous
    assert "VACUOUSLY" in str(certificate).splitlines()[0]
    assert "VACUOUSLY" not in str(prove(lstm_loss()))


def test_an_empty_batch_is_vacuous_for_a_layer_without_parameters():
    assert assert_proved(lambda x: mg.tanh(x), (0, 3)).vacuous
    assert not assert_proved(mg.Dense(3, 2, rng=0), (1, 3)).vacuous


DOMAINS = [
    (lambda x: mg.log(x), "log at step 1 (1 of 3 entries; a > 0)"),
    (lambda x: mg.sqrt(x + 1.0), "sqrt at step 2 (1 of 3 entries; a > 0)"),
    (lambda x: 1 / (x - 2.0), "divide at step 2 (1 of 3 entries; b != 0)"),
    (lambda x: x**0.5, "power at step 1 (1 of 3 entries; a > 0, or b integer"),
    (lambda x: 2.0 ** mg.sqrt(x), "sqrt at step 1 (1 of 3 entries; a > 0)"),
]


@every("make, said", DOMAINS)
def test_numbers_recorded_outside_of_a_domain_are_in_the_claim(make, said):
    with np.errstate(all="ignore"):
        certificate = prove(make(mg.Tensor([-1.0, 2.0, 3.0])).sum())
    (told,) = certificate.outside
    assert told.startswith(said)
    first = first_paragraph(certificate)
    assert "IN THE DOMAINS OF ITS ROWS ONLY" in first and said in first


@pytest.mark.parametrize("make", [
    lambda x: x**3 + x**-2 + 1 / x, lambda x: mg.log(x * x) + mg.sqrt(x * x),
    lambda x: mg.relu(x - 2.0) + mg.absolute(x),
    lambda x: x * mg.log(mg.Tensor([1.0, 2.0, 3.0])),
])  # fmt: skip
def test_of_numbers_inside_nothing_is_said(make):
    certificate = prove(make(mg.Tensor([-1.0, 2.0, 3.0])).sum())
    assert certificate.outside == ()
    assert "DOMAINS" not in str(certificate)


def test_what_does_not_move_may_lie_outside():
    x, c = mg.Tensor([2.0, 3.0]), mg.Tensor([-1.0, 0.0])
    with np.errstate(all="ignore"):
        assert prove((x * mg.sqrt(c)).sum(), x).outside == ()


def test_constants_that_may_have_been_inputs_are_named_unless_f_was_called_again():
    def f(x):
        return x * 3.0 + np.array([1.0, 2.0])

    certificate = prove(f(tensor("x", 2)).sum())
    assert [told.split(",")[0] for told in certificate.constants] == [
        "argument 1 of multiply", "argument 1 of add",
    ]  # fmt: skip
    assert "argument 1 of multiply, step 1" in words(certificate)
    assert "\nnot known" in str(certificate) and not certificate.retraced
    called = assert_proved(f, (2,))
    assert "\ncalled again" in str(called) and "\nnot known" not in str(called)
    assert "no number that left the tape" in words(called)


# ------------------------------------------------------------------------ one time step

MODELS = {
    "LSTM": (lambda: layer()[0].sum(), [3]),
    "in batches": (lambda: layer(batch=(2,))[0].sum(), [3]),
    "one of many inputs": (lambda: layer(T=4, batch=(2,))[0].sum(), [4]),
    "peephole": (lambda: layer(PeepholeCell(2, 2, rng=0))[0].sum(), [3]),
    "deep gate": (
        lambda: layer(LSTMCell(2, 2, hidden={"forget": (6,)}, rng=0))[0].sum(),
        [3],
    ),
    "two sizes": (lambda: LSTM(2, 3, rng=1)(layer()[0])[0].sum(), [3, 3]),
    "a last step that does less": (lambda: layer(T=4)[1].c.sum(), [3, 1]),
    "no time": (lambda: mg.softmax(tensor("x", 3)).max(), []),
}


@every("build, steps", MODELS.values(), ids=MODELS)
def test_time_steps_that_are_alike_are_one_program(build, steps):
    certificate = prove(build(), order=2)
    assert [cell.steps for cell in certificate.cells] == steps
    assert ("\ncell" in str(certificate)) == bool(steps)


def test_the_cell_is_the_same_for_any_number_of_steps():
    short, long = (prove(layer(T=T)[0].sum()).cells[0] for T in (2, 7))
    assert (short.steps, long.steps) == (2, 7)
    assert short.inputs == long.inputs == 4 * 2 * 4 + 4 * 2 + 2 + 2 + 2
    assert short.outputs == long.outputs == 2 + 2
    told = words(prove(layer()[0].sum()))
    assert (
        "by induction over t, do any number of such steps, if the engine adds" in told
    )


def test_loops_of_one_program_are_counted():
    def stacked(first, second):
        return second(first(RNG.normal(size=(3, 2)))[0])[0].sum()

    one, two = LSTM(2, 2, rng=0), LSTM(2, 2, rng=1)
    for loss in (stacked(one, two), stacked(one, one)):
        (cell,) = prove(loss).cells
        assert (cell.steps, cell.loops) == (6, 2)
        assert "LSTM (2 loops of the same program, 6 time steps in all" in words(
            prove(loss)
        )


def test_masks_that_differ_and_time_that_runs_backwards_are_one_loop():
    h, masks = tensor("h_0", 2), RNG.normal(size=(3, 2))
    for t in reversed(range(3)):
        with mg.scope("loop", t):
            h = mg.tanh(h * masks[t]) / (1.0 + masks[0] ** 2) + masks[t]
    (cell,) = prove(h.sum()).cells
    assert (cell.steps, cell.loops) == (3, 1)


def test_a_walk_that_forgets_one_of_several_outputs_is_found_in_the_cell(monkeypatch):
    right, asked = engine._seed, []

    def forgetful(output, given, record):
        asked.append(output)
        return right(output, given, record) * (len(asked) % 2)

    tape, source = mg.Tape(layer()[0].sum()), Field.drawn(Random(0), 3)
    assert show_cells(tape, source)
    monkeypatch.setattr(engine, "_seed", forgetful)
    with pytest.raises(ProofFailed, match="one step of LSTM"):
        show_cells(tape, source)


# -------------------------------------------------------------------- what failures say


def test_the_sentence_says_which_numbers(monkeypatch):
    wrong = (lambda y, a, b: a, lambda y, a, b: b)
    monkeypatch.setattr(TABLE["multiply"], "partials", wrong)
    a, b = mg.Tensor([2.0], name="a"), mg.Tensor([3.0], name="b")
    assert str(refuted((a * b).sum()).counterexample) == (
        "In floats: at a = 2.0, b = 3.0, the rule for a (reverse mode) gives 2 and the "
        "derivative by a is 3 (complex step)."
    )


def test_code_that_knows_no_complex_numbers_is_differenced(monkeypatch):
    monkeypatch.setattr(TABLE["sin"], "function", np.vectorize(math.sin))
    monkeypatch.setattr(TABLE["sin"], "partials", (lambda y, a: 2 * mg.cos(a),))
    example = refuted(mg.sin(mg.Tensor([0.5])).sum()).counterexample
    assert example.by == "central difference"
    assert example.expected == pytest.approx(math.cos(0.5), rel=1e-8)


def test_a_leaf_without_a_name_is_called_by_its_step(monkeypatch):
    monkeypatch.setattr(accumulation.Cotangents, "add", assign)
    x, y = mg.Tensor([2.0, 3.0]), mg.Tensor([1.0, 2.0])
    assert refuted((x * y * y).sum()).counterexample.wrt[0] == "t1"


def test_arguments_of_one_name_are_told_apart(monkeypatch):
    W, row = tensor("W", 2, 2), TABLE["matmul"]
    wrong = (row.adjoints[0], lambda g, a, b: g @ b)
    monkeypatch.setattr(row, "adjoints", wrong)
    inputs = refuted((W @ W).sum()).counterexample.inputs
    assert {"argument 0", "argument 1"} <= set(inputs)


def test_what_floats_do_not_show_is_told_in_residues(monkeypatch):
    """At 1e-30 beside 1 no float differs; exact numbers still do."""
    row = TABLE["cumsum"]
    right = row.adjoints[0]
    tiny = lambda g, a, axis: right(g, a, axis) + 1e-30 * g  # noqa: E731
    monkeypatch.setattr(row, "adjoints", (tiny,))
    failure = refuted(mg.cumsum(tensor("a", 3), axis=0).sum())
    assert (failure.row, failure.counterexample) == ("cumsum", None)
    assert f"It gives {failure.found}, and the derivative is" in words(failure)


@pytest.mark.parametrize(("name", "i"), [("tanh", 0), ("matvec", 1)])
def test_what_a_failure_advises_to_call_exists_and_finds_it_too(monkeypatch, name, i):
    row = TABLE[name]
    rules = "partials" if name == "tanh" else "adjoints"
    right, wrong = row.rules[i], list(row.rules)
    wrong[i] = lambda *args: 2 * right(*args)
    monkeypatch.setattr(row, rules, tuple(wrong))
    monkeypatch.setattr(row, "batched_adjoints", {})
    with pytest.raises(AssertionError) as failed:
        assert_proved(lambda W, v: mg.tanh(mg.matvec(W, v)), (2, 3), (3,))
    (path,) = re.findall(r"(minigrad\.proving[\w.]+)\(", str(failed.value))
    module, function = path.rsplit(".", 1)
    with pytest.raises(ProofFailed) as again:
        getattr(importlib.import_module(module), function)(row)
    assert (again.value.row, again.value.argument) == (name, i)
