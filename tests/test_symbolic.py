"""`mg.prove`: right gradients have certificates, and every classic mistake is found."""

import json
import math
import subprocess
import sys
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import gradient as engine
from minigrad.primitive import TABLE, Elementwise, each
from minigrad.symbolic import Certificate, LemmaFailed, ProofFailed, prove
from minigrad.symbolic.proving import proof
from minigrad.symbolic.proving.rules import RulesShown
from minigrad.symbolic.rings.chance import chance
from minigrad.symbolic.rings.domains import Exact
from minigrad.symbolic.rings.duals import Dual
from minigrad.symbolic.rings.field import Field
from minigrad.symbolic.rings.sizes import Sizes


def tensor(name, *shape, seed=0):
    return mg.Tensor(np.random.default_rng(seed).uniform(0.5, 1.5, shape), name=name)


def unchecked(*rest):
    """Stands for the level of rules: nothing was shown there."""
    return RulesShown(0, 0, set(), [])


def lstm_loss(n=2, m=2, T=3, layers=1, batch=()):
    """A loss of a small LSTM from its equations, with its Parameters and leaves."""
    x = [tensor("x", *batch, n, seed=t) for t in range(T)]
    for layer in range(layers):
        size = n if layer == 0 else m
        W = {k: tensor(f"W_{k}", m, size + m, seed=ord(k) + layer) for k in "fico"}
        b = {k: tensor(f"b_{k}", m, seed=ord(k)) for k in "fico"}
        y, c = tensor("y_0", *batch, m), tensor("c_0", *batch, m)
        outputs = []
        for x_t in x:
            v = mg.concatenate([x_t, y], axis=-1)
            z = {k: mg.matvec(W[k], v) + b[k] for k in "fico"}
            f, i, o = (mg.sigmoid(z[k]) for k in "fio")
            c = f * c + i * mg.tanh(z["c"])
            y = o * mg.tanh(c)
            outputs.append(y)
        x = outputs
    difference = mg.stack(x) - tensor("target", T, *batch, m)
    loss = mg.mean(difference * difference)
    loss.name = "loss"
    return loss


# ------------------------------------------------------------------ what is certified


def test_the_lstm_has_a_certificate_with_counted_numbers():
    certificate = prove(lstm_loss(n=3, m=3, T=4), seed=1)
    assert certificate
    assert certificate.inputs == 4 * 3 * 6 + 4 * 3 + 2 * 3 + 4 * 3 + 4 * 3
    assert certificate.generators == {"sigmoid": 4 * 3 * 3, "tanh": 4 * 2 * 3}
    assert certificate.chance < -50
    assert certificate.opaque == ()
    assert {text.split()[0] for text in certificate.lemmas} == {
        "add", "divide", "multiply", "sigmoid", "subtract", "tanh",
    }  # fmt: skip


def test_stacked_and_batched_lstms_have_certificates():
    assert prove(lstm_loss(layers=2)).chance < -50
    assert prove(lstm_loss(batch=(2,))).chance < -50


def test_the_package_lstm_has_a_certificate():
    from lstm import LSTM

    lstm = LSTM(n=2, m=2, rng=0)
    out = lstm(np.ones((3, 2)))
    y = out[0] if isinstance(out, tuple) else out
    loss = mg.sum(y * y)
    assert prove(loss).generators == {"sigmoid": 18, "tanh": 12}
    weights = [leaf for leaf in mg.Tape(loss).leaves if isinstance(leaf, mg.Parameter)]
    assert len(prove(loss, weights).wrt) == 8  # another plan: x needs no cotangent


def test_a_package_model_is_proved_by_its_parameters_and_under_checks():
    from lstm import LSTM

    first, second = LSTM(n=2, m=3, rng=0), LSTM(n=3, m=2, rng=1)
    classify = mg.Dense(2, 3, rng=2)
    x = np.random.default_rng(0).normal(size=(4, 3, 2))  # a batch of 4, T = 3
    models = (first, second, classify)
    parameters = [p for model in models for p in model.parameters().values()]

    def loss():
        y, state = second(first(x)[0])
        scores = classify(mg.relu(state.y)) + mg.max(y)
        return mg.cross_entropy(scores, [0, 1, 2, 1])

    assert prove(loss(), first.parameters()).chance < -50
    with mg.checked():  # its arrays are read-only
        watched = loss()
        assert prove(watched, parameters, seed=1) == prove(loss(), parameters, seed=1)
    assert len(prove(watched, parameters).wrt) == 18


def test_a_softmax_classifier_has_a_certificate():
    W, b, x = tensor("W", 3, 4), tensor("b", 3), tensor("x", 5, 4)
    loss = mg.cross_entropy(mg.matvec(W, x) + b, [0, 1, 2, 1, 0])
    certificate = prove(loss, [W, b])
    assert certificate.generators == {"exp": 15, "log": 5}
    assert certificate.wrt == (("W", (3, 4)), ("b", (3,)))


PROGRAMS = {
    "exp, log, divide": lambda a, b: mg.sum(mg.exp(a / b) * mg.log(b)),
    "softmax": lambda a, b: mg.sum(mg.softmax(a) * b),
    "softplus and its sigmoid": lambda a, b: mg.sum(mg.softplus(a * b) * mg.sigmoid(a)),
    "sqrt": lambda a, b: mg.sum(mg.sqrt(a * a + 1e-5) / b),
    "sin, cos": lambda a, b: mg.sum(mg.sin(a) * mg.cos(a * b)),
    "powers": lambda a, b: mg.sum(a**3 + b**-2 + a**0.5 + b**2.5),
    "a power with a moving exponent": lambda a, b: mg.sum(a**b + 2.0**a),
    "constants that floats only approximate": lambda a, b: (
        mg.sum(a / 3 + 0.1 * b) * 0.7
    ),
    "layer norm": lambda a, b: mg.sum(
        (a - mg.mean(a, -1, keepdims=True)) / mg.sqrt(mg.var(a, -1, keepdims=True)) * b
    ),
    "branches": lambda a, b: mg.sum(mg.relu(a - 1) + mg.maximum(a, b) + mg.absolute(b)),
    "indices": lambda a, b: mg.sum(a[:, [0, 0, 2]] * b[0] + mg.cumsum(a, axis=1)),
    "broadcasting": lambda a, b: mg.sum(a * b[0] + a[:, :1] * b + mg.sum(a)),
    "matmul": lambda a, b: mg.sum(mg.tanh(a @ b.T) @ a),
    "one value, many uses": lambda a, b: mg.sum(a * a * a + a * b - a),
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_what_the_table_can_say_is_proved(program):
    assert prove(program(tensor("a", 2, 3), tensor("b", 2, 3, seed=1))).chance < -45


def test_no_false_alarm_over_twenty_seeds():
    loss = lstm_loss()
    assert all(prove(loss, seed=seed) for seed in range(20))


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers())
def test_any_shape_is_proved(n, m, T, seed):
    assert prove(lstm_loss(n, m, T), seed=seed)


def test_an_intermediate_value_may_be_differentiated_by():
    a = tensor("a", 3)
    h = mg.tanh(a)
    assert prove(mg.sum(h * h * a), [a, h])


def test_a_certificate_is_reproduced_by_its_seed():
    once = prove(lstm_loss())
    again = prove(lstm_loss(), seed=once.seed)
    assert once == again
    assert json.loads(once.to_json())["primes"] == list(once.primes)


def test_the_fingerprint_tells_programs_apart_and_not_runs():
    a = tensor("a", 3)

    def print_of(program):
        return prove(program(a)).tape

    assert print_of(lambda a: mg.sum(a * 2.0)) == print_of(lambda a: mg.sum(a * 2.0))
    assert print_of(lambda a: mg.sum(a * 2.0)) != print_of(lambda a: mg.sum(a * 3.0))
    assert print_of(lambda a: mg.sum(a - a * 2)) != print_of(
        lambda a: mg.sum(a * 2 - a)
    )


def test_a_certificate_reads_from_claim_to_limits():
    text = str(prove(lstm_loss()))
    labels = [line.split("  ")[0] for line in text.splitlines() if line[0] != " "]
    assert labels[0] == "proved"
    assert labels[-2:] == ["trusted", "not covered"]
    assert max(map(len, text.splitlines())) <= 88


def test_a_function_that_the_field_lacks_enters_by_its_lemma(own_row):
    angle = own_row(
        "tests.angle",
        np.arctan2,
        "atan2(a, b)",
        [lambda y, a, b: b / (a * a + b * b), lambda y, a, b: -a / (a * a + b * b)],
    )
    a = tensor("a", 3)
    certificate = prove(mg.sum(angle(a, a * a) * mg.tanh(a)))
    assert certificate.opaque == ("tests.angle",)
    assert "enters by its lemma" in str(certificate)


ARCTAN = ("atan(a)", [lambda y, a: 1 / (1 + a * a)])
SIN = ("sin(a)", [lambda y, a: mg.cos(a)])


@pytest.mark.parametrize(
    ("function", "meaning", "partials"),
    [(np.arctan, *ARCTAN), (np.vectorize(math.atan), *ARCTAN)],
    ids=["a ufunc", "code"],
)
def test_a_users_own_row_has_its_generator(own_row, function, meaning, partials):
    own = own_row("tests.own", function, meaning, partials)
    certificate = prove(mg.sum(own(tensor("a", 3)) ** 2))
    assert certificate.generators == {"tests.own": 3}
    assert certificate.opaque == ()


def test_two_rows_that_mean_the_same_share_their_generator(own_row):
    own = own_row("tests.sin", np.vectorize(math.sin), *SIN)
    a = tensor("a", 3)
    certificate = prove(mg.sum(own(a) * mg.sin(a)))
    assert certificate.generators == {"tests.sin": 3, "cos": 3}


def test_a_function_that_is_not_its_meaning_has_no_certificate(own_row):
    false = own_row("tests.false", np.vectorize(math.erf), *SIN)
    with pytest.raises(LemmaFailed, match="its meaning says sin") as failed:
        prove(mg.sum(false(tensor("a", 3))))
    assert failed.value.row == "tests.false"
    assert failed.value.found == math.erf(-7.25)
    assert failed.value.expected == pytest.approx(math.sin(-7.25))


def test_a_certificate_says_what_of_a_row_was_only_compared(own_row):
    own = own_row("tests.sin", np.vectorize(math.sin), *SIN)
    text = " ".join(str(prove(mg.sum(own(tensor("a", 3))))).split())
    assert "NOT proved: that the row's function is this y; compared at 8 points" in text


def test_a_rule_that_is_right_by_an_identity_the_field_lacks_is_no_false_alarm(own_row):
    def cosh(y, a):
        return (mg.exp(a) + mg.exp(-a)) / 2

    sinh = own_row("tests.sinh", np.sinh, "sinh(a)", [cosh])
    assert prove(mg.sum(sinh(tensor("a", 3)))).opaque == ("tests.sinh",)


def test_a_wrong_rule_of_such_a_function_is_found(own_row):
    arctan = own_row("tests.arctan", np.arctan, "atan(a)", [lambda y, a: 1 / (1 + a)])
    with pytest.raises(ProofFailed) as failed:
        prove(mg.sum(arctan(tensor("a", 3))))
    assert failed.value.row == "tests.arctan"


@pytest.fixture
def own_row():
    made = []

    def enter(name, function, meaning, partials):
        made.append(name)
        return mg.elementwise(name, function, meaning, partials)

    yield enter
    for name in made:
        del TABLE[name]


def test_importing_minigrad_does_not_import_sympy():
    code = "import sys, minigrad.symbolic; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ------------------------------------------------------------------ exact bookkeeping


def test_the_sizes_of_a_small_polynomial_are_those_by_hand():
    a, b = tensor("a"), tensor("b")
    certificate = prove(a * b + a)
    # Both sides are a v_b + b v_a + v_a: degree 2, and 3 + 3 coefficients of size 1.
    assert (certificate.degree, certificate.height_bits) == (2, (3 + 3).bit_length())


def test_a_quotient_is_measured_over_its_common_denominator():
    S = Sizes()
    a, b = S.fresh("a"), S.fresh("b")
    quotient = a / b + 1 / b + Fraction(1, 2)  # (2 a + 2 + b) / (2 b)
    assert (quotient.degree, quotient.height) == (1, 5)
    assert (quotient.denominator().degree, quotient.denominator().height) == (1, 2)


def test_a_chance_is_stated_only_where_there_is_one():
    S = Sizes()
    assert chance(S.lift(0)) == 0
    assert chance(S.fresh("a")) == 2 * Fraction(1, 2**60)
    assert chance(S.lift(2**130)) == 2 * Fraction(2, 2**54)
    assert chance(S.fresh("a") ** 2**61) == 1


@given(st.integers(), st.integers(1), st.floats(-1e9, 1e9))
def test_numbers_enter_the_field_exactly(n, d, x):
    F = Field(2**61 - 1, Random(0))
    if d % F.p:
        assert F.lift(Fraction(n, d)) * d == n
    assert F.lift(x) * Fraction(x).denominator == Fraction(x).numerator
    assert 1.0 / Exact(3) * 3 == 1


def test_a_generator_is_shared_by_the_element_and_by_nothing_else():
    F = Field(2**61 - 1, Random(0))
    a, b = F.fresh("a"), F.fresh("b")
    assert a.sigmoid() is a.sigmoid()
    assert a.sigmoid() != b.sigmoid()
    assert a.exp() == a.sigmoid() / (1 - a.sigmoid())
    assert b.exp() / (1 + b.exp()) == Field.lift(F, 1) - 1 / (1 + b.exp())


def test_an_element_has_no_order():
    F = Field(7, Random(0))
    with pytest.raises(TypeError, match="has no order"):
        F.lift(1) < F.lift(2)  # noqa: B015


def test_a_dual_number_differentiates_twice_when_nested():
    x = Dual(Dual(Fraction(3), Fraction(1)), Dual(Fraction(1), Fraction(0)))
    assert (x * x * x).tangent.tangent == 18


# --------------------------------------------------------------- what is refuted


def at_argument(row, i, change):
    """The rules of a linear row, with `change` applied to what rule i returns."""

    def rule(k, g, *args, **options):
        value = row.adjoints[k](g, *args, **options)
        return change(value, g, args) if k == i else value

    return each(rule)


MISTAKES = {
    "sigma' scaled by 1 + 1e-5": ("sigmoid", [lambda y, a: y * (1 - y) * (1 + 1e-5)]),
    "sigma' from the input": ("sigmoid", [lambda y, a: a * (1 - a)]),
    "tanh' = 1 - y^3": ("tanh", [lambda y, a: 1 - y * y * y]),
    "product swapped": ("multiply", [lambda y, a, b: a, lambda y, a, b: b]),
    "sign of a difference": ("subtract", [lambda y, a, b: 1, lambda y, a, b: 1]),
    "matvec without transpose": (
        "matvec",
        lambda row: at_argument(row, 1, lambda value, g, args: mg.matvec(args[0], g)),
    ),
    "halves of [x, y] swapped": (
        "concatenate",
        lambda row: each(lambda i, g, *parts, **o: row.adjoints[1 - i](g, *parts, **o)),
    ),
}


def plant(monkeypatch, name, rules):
    row = TABLE[name]
    if isinstance(row, Elementwise):
        monkeypatch.setattr(row, "partials", tuple(rules))
    else:
        original = object.__new__(type(row))
        vars(original).update(vars(row))
        monkeypatch.setattr(row, "adjoints", rules(original))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_rule_is_named(monkeypatch, mistake):
    loss = lstm_loss(n=2, m=2)
    plant(monkeypatch, *MISTAKES[mistake])
    with pytest.raises(ProofFailed) as failed:
        prove(loss)
    assert failed.value.row == MISTAKES[mistake][0]
    assert failed.value.step is not None
    assert "fix" in str(failed.value)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_field_finds_it_without_the_lemmas(monkeypatch, mistake, seed):
    loss = lstm_loss(n=2, m=2)
    plant(monkeypatch, *MISTAKES[mistake])
    monkeypatch.setattr(proof, "lemmas_of", lambda tape: [])
    with pytest.raises(ProofFailed) as failed:
        prove(loss, seed=seed)
    assert failed.value.row == MISTAKES[mistake][0]
    assert failed.value.argument is not None


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_whole_tape_fails_too(monkeypatch, mistake, seed):
    loss = lstm_loss(n=2, m=2)
    plant(monkeypatch, *MISTAKES[mistake])
    monkeypatch.setattr(proof, "lemmas_of", lambda tape: [])
    monkeypatch.setattr(proof, "check_rules", unchecked)
    if mistake == "matvec without transpose":  # `together` stands in for it there
        monkeypatch.setattr(TABLE["matvec"], "together", {})
    with pytest.raises((ProofFailed, TypeError)):  # 2 x 4: it does not even run
        prove(loss, seed=seed)


def test_a_mistake_in_a_sum_of_adjoints_is_named(monkeypatch):
    row, loss = TABLE["matvec"], lstm_loss()
    right = row.together[0]
    monkeypatch.setitem(row.together, 0, lambda uses: right(uses) * 2)
    with pytest.raises(ProofFailed) as failed:
        prove(loss)
    assert (failed.value.row, failed.value.argument) == ("matvec", 0)


def test_a_mistake_in_where_parts_lie_is_named(monkeypatch):
    row, loss = TABLE["concatenate"], lstm_loss()
    monkeypatch.setattr(row, "parts", lambda i, args, options: slice(0, 2))
    with pytest.raises(ProofFailed) as failed:
        prove(loss)
    assert (failed.value.row, failed.value.argument) == ("concatenate", 1)


def test_a_mistake_that_only_one_question_meets_is_found_by_that_question(monkeypatch):
    row, loss = TABLE["matvec"], lstm_loss()
    right = row.together[1]

    def wrong(uses, part=None):
        return right(uses) if part is None else 2 * right(uses, part)

    weights = [leaf for leaf in mg.Tape(loss).leaves if leaf.name.startswith("W")]
    assert prove(loss, weights)
    monkeypatch.setitem(row.together, 1, wrong)
    with pytest.raises(ProofFailed, match="every rule is right"):
        prove(loss, weights)


def accumulation_is_blamed(loss, seed):
    with pytest.raises(ProofFailed, match="every rule is right") as failed:
        prove(loss, seed=seed)
    assert failed.value.row is None
    assert failed.value.found != failed.value.expected
    return mg.Tape(loss).steps[failed.value.step]


@pytest.mark.parametrize("seed", range(5))
def test_assigning_instead_of_adding_is_told_from_a_wrong_rule(monkeypatch, seed):
    def add(self, arg, contribution):
        self.totals[arg.tick] = contribution

    loss = lstm_loss()
    monkeypatch.setattr(engine.Cotangents, "add", add)
    assert accumulation_is_blamed(loss, seed).shape == (3, 2)  # difference * difference


@pytest.mark.parametrize("seed", range(5))
def test_one_early_path_dropped_is_found_and_placed(monkeypatch, seed):
    loss = lstm_loss(T=6)
    early = next(step for step in mg.Tape(loss) if _is_product(step))
    plan = engine._plan

    def without_the_early_path(order, wanted, record):
        steps = plan(order, wanted, record)
        products = [k for k, (node, _, _) in enumerate(steps) if _is_product(node)]
        if len(products) > 1:  # the whole tape, not one rule on its own
            node, operands, edges = steps[products[0]]
            steps[products[0]] = node, operands, edges[1:]
        return steps

    monkeypatch.setattr(engine, "_plan", without_the_early_path)
    assert accumulation_is_blamed(loss, seed) is early.args[0]


def _is_product(step):
    return step.primitive is not None and step.primitive.name == "multiply"


# ---------------------------------------------------------------- what cannot be asked


def released():
    loss = mg.sum(tensor("a", 2) * 2.0)
    mg.Tape(loss).release()
    return loss


def unrecorded():
    with mg.no_grad():
        return mg.sum(tensor("a", 2) * 2.0)


def released_inside():
    h = tensor("a", 2) * 2.0
    mg.Tape(h).release()
    return mg.sum(h * tensor("b", 2))


REFUSALS = {
    "a number": (lambda: prove(3.0), TypeError, "only a Tensor"),
    "a vector": (lambda: prove(tensor("a", 2) * 2.0), ValueError, "one number"),
    "a leaf": (lambda: prove(tensor("a")), ValueError, "nothing to prove"),
    "a released tape": (lambda: prove(released()), ValueError, "was released"),
    "a part released": (lambda: prove(released_inside()), ValueError, "was released"),
    "a name": (lambda: prove(mg.sum(tensor("a", 2)), ["a"]), TypeError, "of a str"),
    "a Module": (
        lambda: prove(mg.sum(tensor("a", 2)), mg.Dense(1, 1)),
        TypeError,
        r"model.parameters\(\)",
    ),
    "no record": (lambda: prove(unrecorded()), ValueError, "under no_grad"),
    "a stranger": (
        lambda: prove(tensor("a") * 2.0, tensor("b")),
        ValueError,
        "not computed from this wrt",
    ),
    "an infinite constant": (
        lambda: prove(mg.sum(mg.where([True, False], tensor("a", 2), -np.inf))),
        ValueError,
        "no finite real number",
    ),
    "a division by zero": (
        lambda: prove(mg.sum(1.0 / (mg.Tensor([1.0]) * 0.0 + mg.Tensor([1.0]) * 0.0))),
        ValueError,
        r"a denominator is\s+zero",
    ),
}


@pytest.mark.parametrize("asked", REFUSALS)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_question_without_an_answer_is_explained(asked):
    ask, kind, fragment = REFUSALS[asked]
    with pytest.raises(kind, match=fragment) as refused:
        ask()
    assert "why" in str(refused.value)
    assert "fix" in str(refused.value)


def test_a_proof_may_be_asked_for_anywhere():
    loss = lstm_loss()
    with mg.no_grad():
        assert isinstance(prove(loss), Certificate)
    with mg.scope("elsewhere"):
        assert prove(loss, seed=1) == prove(loss, seed=1)
