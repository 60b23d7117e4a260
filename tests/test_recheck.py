"""A saved proof, checked by a program that imports nothing of ours.

Right gradients of every row get a yes, wrong ones a NO. A file in which a single number
was changed gets no yes, wherever the number stands.
"""

import copy
import json
import math
import subprocess
import sys
from fractions import Fraction
from itertools import product
from random import Random

import numpy as np
import pytest
from every import every
from samples import SAMPLES, ids

import minigrad as mg
from lstm import LSTM
from minigrad.primitive import TABLE, Linear
from minigrad.proving import recheck, saved_proof
from minigrad.proving.saved_proof import write

YES, NO, CANNOT = 0, 1, 2
LINEAR = [row for row in TABLE.values() if isinstance(row, Linear)]
rng = np.random.default_rng(5)


def weighted(y):
    """Return one number in which every entry of y has a weight of its own."""
    return (y * mg.Tensor(rng.standard_normal(y.shape), "g")).sum()


def ones(name, *shape):
    return mg.Tensor(np.ones(shape), name)


def two_layers():
    """Return a loss in which every number of the proof matters."""
    W, U, x = ones("W", 3, 2), ones("U", 2, 3), ones("x", 2)
    loss = mg.matvec(U, mg.tanh(mg.matvec(W, x)))[..., [1, 0, 1]].sum()
    loss.name = "loss"
    return loss, [W, x, U]


def lstm():
    layer = LSTM(2, 3, rng=0)
    y, _ = layer(mg.Tensor(rng.standard_normal((3, 2)), "x"))
    return weighted(y), layer.parameters()


def second_order():
    loss, wrt = lstm()
    bars = mg.grad(loss, wrt, record=True)
    return sum(map(weighted, bars), 0.0), wrt


def saved(folder, loss, wrt):
    return write(folder / "loss.proof.json", [(mg.Tape(loss), wrt)], {"by": "a test"})


def verdict(folder, loss, wrt):
    return recheck.main([str(saved(folder, loss, wrt))])


@pytest.fixture
def proof(tmp_path):
    """A right proof, as the file says it."""
    return json.loads(saved(tmp_path, *two_layers()).read_text("utf-8"))


@pytest.fixture
def claim(proof):
    return proof["claims"][0]


def verdict_on(folder, proof):
    path = folder / "changed.proof.json"
    path.write_text(proof if isinstance(proof, str) else json.dumps(proof), "utf-8")
    return recheck.main([str(path)])


# ----------------------------------------------------------------- right gradients


@every("sample", SAMPLES, ids=ids(SAMPLES), parts=4)
def test_every_row_and_composite_gets_a_yes(sample, tmp_path):
    inputs = [mg.Tensor(a, f"x{k}") for k, a in enumerate(sample.args)]
    assert verdict(tmp_path, weighted(sample(*inputs)), inputs) == YES


@every("row", LINEAR)
def test_every_linear_row_gets_a_yes_whatever_its_options(row, tmp_path):
    for seed in range(12):
        shapes, options = row.samples(Random(seed))
        inputs = [ones(f"x{k}", *shape) for k, shape in enumerate(shapes)]
        y = row.apply(*inputs, **options)
        assert verdict(tmp_path, weighted(mg.tanh(y)), inputs) == YES, options


@pytest.mark.parametrize("model", [lstm, second_order, two_layers])
def test_models_get_a_yes(model, tmp_path):
    assert verdict(tmp_path, *model()) == YES


def test_all_rows_of_the_table_are_known():
    assert set(recheck.KNOWN) == set(TABLE) | {"input", "constant"}


def test_a_constant_is_a_step_of_its_own(tmp_path):
    x = ones("x", 3)
    y = mg.concatenate([x, np.array([0.5, 2.0])]) - mg.where(x > 0, 1, x).sum()
    assert verdict(tmp_path, weighted(1 - y), [x]) == YES


def test_a_fraction_is_written_as_a_residue(tmp_path):
    x = mg.Tensor(np.array([Fraction(1, 2), Fraction(3)]), "x")
    y = mg.where(np.array([True, False]), x, Fraction(1, 3))
    assert verdict(tmp_path, mg.matvec(mg.stack([y, x]), y).sum(), [x]) == YES


def test_an_input_may_stand_anywhere_on_the_tape_or_beside_it(tmp_path):
    x, other = ones("x", 3), ones("other", 2)
    h = mg.tanh(x)
    assert verdict(tmp_path, (h * h * x).sum(), [x, h, other]) == YES


def test_it_says_what_was_claimed_and_what_was_not_checked(tmp_path, capsys):
    verdict(tmp_path, *two_layers())
    said = capsys.readouterr().out
    assert "the gradient of loss ()\n  by W (3, 2), x (2,), U (2, 3)" in said
    assert "steps: input, matvec, tanh, take, sum" in said
    assert "yes: at this point" in said
    assert "Not checked here:" in said


# ----------------------------------------------------------------- wrong gradients


def test_a_wrong_rule_of_the_engine_gets_a_no(tmp_path, monkeypatch, capsys):
    U, h, row = ones("U", 3, 3), ones("h", 3), TABLE["matvec"]
    wrong = (row.adjoints[0], lambda g, W, v: mg.matvec(W, g))
    monkeypatch.setattr(row, "adjoints", wrong)
    monkeypatch.setattr(row, "batched_adjoints", {})
    assert verdict(tmp_path, weighted(mg.matvec(U, h)), [U, h]) == NO
    assert "they differ for h (3,)" in capsys.readouterr().out


def test_a_use_that_was_forgotten_gets_a_no(tmp_path, monkeypatch):
    loss, wrt = lstm()
    right = TABLE["matvec"].batched_adjoints
    first = {0: lambda uses, part=...: right[0](uses[:1], part), 1: right[1]}
    monkeypatch.setattr(TABLE["matvec"], "batched_adjoints", first)
    assert verdict(tmp_path, loss, wrt) == NO


def test_a_gradient_that_fits_the_direction_of_the_file_alone_gets_a_no(
    proof, claim, tmp_path, capsys
):
    n, v, bar = math.prod(claim["primes"]), claim["direction"][0], claim["gradient"][0]
    bar[:2] = (bar[0] + v[1]) % n, (bar[1] - v[0]) % n
    assert verdict_on(tmp_path, proof) == NO
    assert "for the v of the file: <x_bar, v> = D_v y" in capsys.readouterr().out


# ---------------------------------------------------------------------- other files


def numbers_in(value, path=()):
    """Return the path of every integer in a part of a file."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [p for key, part in items for p in numbers_in(part, (*path, key))]
    return [path] if type(value) is int else []


def changed(proof, path, new):
    part = proof = copy.deepcopy(proof)
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = new(part[path[-1]])
    return proof


def test_no_number_can_be_changed(proof, tmp_path):
    places = numbers_in(proof["claims"], ("claims",))
    assert len(places) > 70
    for place in places:
        wrong = changed(proof, place, lambda n: n + 1)
        assert verdict_on(tmp_path, wrong) != YES, place


def test_no_number_can_be_something_else(proof, tmp_path):
    places = numbers_in(proof["claims"], ("claims",))
    others = (True, 1.0, None, "1", -9, [1], 2**70, float("nan"))
    for place, other in product(Random(0).sample(places, 40), others):
        wrong = changed(proof, place, lambda _, other=other: other)
        assert verdict_on(tmp_path, wrong) != YES, (place, other)


@pytest.mark.parametrize(("place", "value", "says"), [
    (("gradient", 1), [1], "size 1 into shape (2,)"),
    (("gradient",), [], "zip() argument 2 is shorter"),
    (("wrt",), [], "wrt is empty"),
    (("wrt",), [0, 0, 0], "twice"),
    (("wrt", 0), -1, "[7, -1, 2, 1] is no list of integers from 0 to 7"),
    (("primes", 0), 2**25 + 3, "33554435 is no prime"),
    (("primes", 0), 65537, "is no list of integers from 33554432 to 67108863"),
    (("primes",), [2**25 + 35], "it needs two different primes"),
    (("primes",), [2**25 + 35] * 2, "it needs two different primes"),
    (("steps", 0, "shape"), [2**40, 3], "no list of integers from 0 to 4194303"),
    (("steps", 3, "args", 0), 4, "step 3: [4, 2] is no list of integers from 0 to"),
    (("steps", 3, "args", 0), -1, "[-1, 2] is no list of integers from 0 to 2"),
    (("steps", 3, "args"), [0], "not enough values to unpack"),
    (("steps", 3, "row"), "bell", "I do not know the row 'bell'; I know input, "),
    (("steps", 3, "row"), None, "I do not know the row None"),
    (("steps", 3, "row"), "input", "input of its arguments does not have the"),
    (("steps", 3, "options"), {"axis": 0}, "matvec has no options"),
    (("steps", 7, "options"), {"initial": 5}, "unexpected keyword argument"),
    (("steps", 4, "shape"), [1, 3], "tanh of its arguments does not have the"),
    (("steps", 4, "letters"), {}, "step 4: 'tanh(a)' is missing"),
    (("steps", 4, "values"), None, "step 5: 'NoneType' object"),
    (("steps", 5, "shape"), [3], "its shape is (2,), not (3,)"),
    (("steps", 0, "row"), "constant", "a constant cannot move"),
])  # fmt: skip
def test_what_does_not_hold_together_cannot_be_checked(
    proof, tmp_path, capsys, place, value, says
):
    wrong = changed(proof, ("claims", 0, *place), lambda _: value)
    assert verdict_on(tmp_path, wrong) == CANNOT
    assert says in capsys.readouterr().out


@pytest.mark.parametrize("number", [0, 7, "zero modulo one of the primes"])
def test_numbers_that_are_not_random_are_refused(
    proof, claim, tmp_path, capsys, number
):
    p, tanh = claim["primes"][1], claim["steps"][4]
    for array in (claim["direction"][0], tanh["values"], tanh["letters"]["tanh(a)"]):
        before = array[:]
        array[:] = [k // p * p if type(number) is str else number for k in array]
        assert verdict_on(tmp_path, proof) == CANNOT
        assert "is not random" in capsys.readouterr().out
        array[:] = before


@pytest.mark.parametrize(("text", "says"), [
    ("", "Expecting value"),
    ("[" * 100_000, "recursion"),
    ('{"format": NaN}', "it is no minigrad proof 2"),
    ('{"format": "minigrad proof 2", "format": ""}', "a key is written twice"),
    ('{"format": "minigrad proof 2", "claims": []}', "it claims nothing"),
    ('{"claims": []}', "'format' is missing"),
    ("[]", "list indices must be integers"),
])  # fmt: skip
def test_another_file_cannot_be_checked(tmp_path, capsys, text, says):
    assert verdict_on(tmp_path, text) == CANNOT
    assert says in capsys.readouterr().out


def test_no_word_can_speak_for_the_program(proof, claim, tmp_path, capsys):
    claim["steps"][0]["name"] = "W\nyes: all is well\x1b[2J"
    assert verdict_on(tmp_path, proof) == YES
    assert "W?yes: all is well?[2J (3, 2)" in capsys.readouterr().out
    for key in ("row", "shape", "args", "options"):
        wrong = changed(proof, ("claims", 0, "steps", 3, key), lambda _: "\nyes: well")
        assert verdict_on(tmp_path, wrong) == CANNOT
        assert "\nyes" not in capsys.readouterr().out


def own_row(meaning):
    return mg.elementwise("own", np.positive, meaning, (lambda y, a: 1,))


@pytest.fixture
def no_own_row():
    yield
    del TABLE["own"]


def test_a_row_of_ones_own_cannot_be_checked(no_own_row, tmp_path, capsys):
    x = ones("x", 3)
    assert verdict(tmp_path, own_row("a")(x).sum(), [x]) == CANNOT
    assert "I do not know the row 'own'; I know input, " in capsys.readouterr().out


def test_it_runs_alone(tmp_path):
    """In a Python that sees neither this folder nor our packages' names."""
    program = (
        "import runpy, sys; sys.argv = sys.argv[1:]\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit as end: print('ended with', end.code)\n"
        "print(sorted({'minigrad', 'lstm', 'sympy', 'mpmath'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-I", "-c", program, recheck.__file__]
    for files, code in (
        ([saved(tmp_path, *lstm())], 0),
        (["nowhere.json"], 2),
        ([], 2),
    ):
        ran = subprocess.run([*command, *files], capture_output=True, text=True)
        assert ran.stdout.endswith(f"ended with {code}\n[]\n"), ran.stdout + ran.stderr


# ---------------------------------------------------------------------- the writer


@pytest.mark.parametrize(("meaning", "letters"), [
    ("Max(a, 0)", {"Heaviside(a)": 3}),
    ("a*exp(-a**2)/sqrt(pi)", {"a": 3, "exp(-a**2)": 3, "sqrt(pi)": 1}),
    ("a**1.5", {"sqrt(a)": 3}),
    ("nonsense of (", {"slope a": 3}),
])  # fmt: skip
def test_a_slope_is_written_in_letters(no_own_row, tmp_path, meaning, letters):
    x = ones("x", 3)
    path = saved(tmp_path, own_row(meaning)(x).sum(), [x])
    found = json.loads(path.read_text("utf-8"))["claims"][0]["steps"][1]["letters"]
    assert {letter: len(entries) for letter, entries in found.items()} == letters


def test_what_cannot_be_written_is_refused(tmp_path):
    (x,), path, tape = [ones("x", 400_000)], tmp_path / "a.json", mg.Tape(lstm()[0])
    for claims, name, says in (
        ([], "loss.npz", r"ends in '.npz'"),
        ([(mg.Tape((x * x).sum()), [x])], path, "a file holds 600,000"),
    ):
        with pytest.raises(ValueError, match=says):
            write(name, claims, {})
    for fact in (float("inf"), object(), saved_proof.option(np.ones(2))):
        with pytest.raises(ValueError, match="JSON has no words"):
            write(path, [(tape, [])], {"fact": fact})
    assert not list(tmp_path.iterdir())


def test_a_tape_without_a_record_is_refused(tmp_path):
    loss, wrt = two_layers()
    tape = mg.Tape(loss)
    tape.release()
    with pytest.raises(ValueError, match="its tape was released"):
        write(tmp_path / "a.json", [(tape, wrt)], {})
    with mg.no_grad():
        loss, wrt = two_layers()
    with pytest.raises(ValueError, match="no_grad"):
        write(tmp_path / "a.json", [(mg.Tape(loss), wrt)], {})
