"""Lemmas: what a row's partials are as formulas, and that they are the derivatives."""

import cProfile
import math
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from every import every

import minigrad as mg
from minigrad.primitive import TABLE, Elementwise
from minigrad.proving.deciding import OutOfTime, within
from minigrad.proving.failures import LemmaFailed
from minigrad.proving.formulas import symbol, traced
from minigrad.proving.lemmas import prove_row, prove_table

ELEMENTWISE = [row for row in TABLE.values() if isinstance(row, Elementwise)]
ERF = np.vectorize(math.erf)
ROOT = math.sqrt(2 / math.pi)
LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772


def lemma(function, meaning, *partials, domain=""):
    """Prove a row that is not in the table."""
    return prove_row(Elementwise("f", function, meaning, partials, domain=domain))


def refused(*given, **options):
    with pytest.raises(LemmaFailed) as failed:
        lemma(*given, **options)
    return failed.value


def remade(row, **changed):
    """A copy of a row, with something changed, that is not in the table."""
    copy = object.__new__(type(row))
    vars(copy).update(vars(row) | changed)
    return copy


def words(failure):
    return " ".join(str(failure).split())


# -------------------------------------------------------------------------- the table


@every("row", ELEMENTWISE, ids=lambda row: row.name)
def test_every_elementwise_row_is_proved(row):
    proved = prove_row(row)
    assert len(proved.rules) == len(row.partials)
    assert proved.symbolic
    assert proved.read_as == ()


@every("row", ELEMENTWISE, ids=lambda row: row.name)
@pytest.mark.parametrize(
    "change",
    [lambda slope: slope * (1 + 1e-7), lambda slope: slope + 1, lambda slope: -slope],
    ids=["scaled", "shifted", "negated"],
)
def test_a_changed_partial_is_refuted(row, change):
    for i, right in enumerate(row.partials):

        def wrong(*args, right=right):
            return change(right(*args))

        partials = (*row.partials[:i], wrong, *row.partials[i + 1 :])
        with pytest.raises(LemmaFailed) as failed:
            prove_row(remade(row, partials=partials))
        assert (failed.value.row, failed.value.argument) == (row.name, i)
        assert not failed.value.undecided


@every("name, partials", [
    ("tanh", [lambda y, a: 1 - y * y * y]),
    ("sigmoid", [lambda y, a: a * (1 - a)]),
    ("multiply", [lambda y, a, b: a, lambda y, a, b: b]),
    ("subtract", [lambda y, a, b: 1, lambda y, a, b: 1]),
    ("power", [lambda y, a, b: b * a ** (b - 1), lambda y, a, b: y]),
])  # fmt: skip
def test_a_classic_mistake_is_refuted_with_both_formulas(name, partials):
    with pytest.raises(LemmaFailed, match=rf"lemma of {name}, partial") as failed:
        prove_row(remade(TABLE[name], partials=tuple(partials)))
    assert failed.value.found != failed.value.expected
    assert "at a = 0.6875" in words(failed.value)


def test_a_lemma_reads_like_a_line_of_a_calculus_book():
    texts = dict(zip((row.name for row in ELEMENTWISE), prove_table(), strict=True))
    assert str(texts["sigmoid"]) == "y = 1 / (1 + exp(-a)): dy/da = y*(1 - y)"
    assert str(texts["log"]) == "y = log(a): dy/da = 1/a, for a > 0"


def test_the_lemma_of_power_says_where_each_partial_holds():
    by_a, by_b = prove_row(TABLE["power"]).domains
    assert by_a == "a > 0, or b integer and a != 0, or b integer and b > 0"
    assert by_b == "a > 0"


def test_the_whole_table_is_proved_again_in_a_few_milliseconds():
    prove_table()
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        prove_table()
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.02  # 2 ms on an idle machine


def test_importing_minigrad_does_not_import_sympy():
    code = "import sys, minigrad.proving.lemmas; assert 'sympy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# -------------------------------------------------------------------- code that changes


def test_a_helper_that_changes_is_noticed():
    factor = [2]

    def helper(a):
        return factor[0] * a

    row = Elementwise("square", np.square, "a**2", (lambda y, a: helper(a),))
    prove_row(row)
    factor[0] = 5
    with pytest.raises(LemmaFailed, match=r"the rule gives 5\*a"):
        prove_row(row)
    factor[0] = 2
    assert prove_row(row).rules == ("2*a",)


def test_a_function_that_changes_is_noticed():
    row = remade(TABLE["tanh"])
    prove_row(row)
    row.function = lambda a: 2 * np.tanh(a)
    with pytest.raises(LemmaFailed, match=r"computes 2\*tanh\(a\)") as failed:
        prove_row(row)
    assert failed.value.argument is None


def test_code_that_cannot_run_on_symbols_is_compared_anew_too():
    factor = [1]
    row = remade(TABLE["sin"], function=lambda a: factor[0] * np.vectorize(math.sin)(a))
    assert not prove_row(row).symbolic
    factor[0] = 2
    with pytest.raises(LemmaFailed, match="its meaning says"):
        prove_row(row)


def test_a_slope_that_is_wrong_in_a_recorded_gradient_only_is_refuted():
    def slope(y, a):
        return 1 - y if isinstance(y, mg.Tensor) else 1 - y * y

    with pytest.raises(LemmaFailed, match="on Tensors, as in a recorded gradient"):
        prove_row(remade(TABLE["tanh"], partials=(slope,)))


def test_a_lemma_holds_under_any_setting():
    with mg.no_grad(), np.errstate(all="raise"):
        assert prove_row(TABLE["softplus"]).rules


# ------------------------------------------------------------------------------ floats


@every(
    "row", [r for r in ELEMENTWISE if len(r.partials) == 1], ids=lambda row: row.name
)
def test_value_slopes_and_derivatives_are_functions_of_floats(row):
    proved, a = prove_row(row), np.array([[0.5, 1.25], [2.0, 3.5]])
    y = proved.value(a)
    np.testing.assert_allclose(y, row.function(a), rtol=1e-14)
    slope = proved.slopes[0](y, a)
    by_sympy = proved.derivatives[0](a)
    np.testing.assert_allclose(*np.broadcast_arrays(slope, by_sympy), rtol=1e-12)
    assert np.broadcast_shapes(slope.shape, a.shape) == a.shape


def test_floats_broadcast():
    proved, column = prove_row(TABLE["multiply"]), np.ones((2, 1))
    assert proved.value(column, np.full(3, 2.0)).tolist() == [[2.0] * 3] * 2
    assert proved.slopes[1](np.ones((2, 3)), column, 1.0).tolist() == [[1.0], [1.0]]


def test_a_function_that_numpy_lacks_has_floats_too():
    proved = lemma(ERF, "erf(a)", lambda y, a: 2 / math.sqrt(math.pi) * np.exp(-a * a))
    a = np.linspace(-2, 2, 5)
    np.testing.assert_allclose(proved.value(a), ERF(a), rtol=1e-15)


# --------------------------------------------------------------------------- constants


def tanh_gelu(y, a):
    u = mg.tanh(ROOT * (a + 0.044715 * a**3))
    inner = ROOT * (1 + 3 * 0.044715 * a * a)
    return 0.5 * (1 + u) + 0.5 * a * (1 - u * u) * inner


CONSTANTS = {
    "a/10": (lambda a: a / 10, "a/10", lambda y, a: 0.1),
    "a/3": (lambda a: a / 3, "a/3", lambda y, a: 1 / 3),
    "0.1": (lambda a: 0.1 * a, "0.1*a", lambda y, a: 1 / 10),
    "float32": (lambda a: a / 10, "a/10", lambda y, a: np.float32(0.1) + 0 * a),
    "2 pi": (lambda a: 2 * math.pi * a, "2*pi*a", lambda y, a: 2 * math.pi),
    "log10": (lambda a: np.log(a) / math.log(10), "log(a)/log(10)",
        lambda y, a: 1 / (a * math.log(10)), "a > 0"),
    "log2": (np.log2, "log(a, 2)", lambda y, a: 1.4426950408889634 / a, "a > 0"),
    "gaussian": (lambda a: np.exp(-a * a / 2) / math.sqrt(2 * math.pi),
        "exp(-a**2/2)/sqrt(2*pi)",
        lambda y, a: -a * 0.3989422804014327 * mg.exp(-a * a / 2)),
    "erf gelu": (lambda a: 0.5 * a * (1 + ERF(a / math.sqrt(2))),
        "a*(1 + erf(a/sqrt(2)))/2",
        lambda y, a: y / a + a * mg.exp(-a * a / 2) / math.sqrt(2 * math.pi)),
    "tanh gelu": (lambda a: 0.5 * a * (1 + np.tanh(ROOT * (a + 0.044715 * a**3))),
        "a*(1 + tanh(sqrt(2/pi)*(a + 0.044715*a**3)))/2", tanh_gelu),
    "selu": (lambda a: LAMBDA * np.where(a > 0, a, ALPHA * (np.exp(a) - 1)),
        f"Piecewise(({LAMBDA}*a, a > 0), ({LAMBDA}*{ALPHA}*(exp(a) - 1), True))",
        lambda y, a: mg.where(a > 0, LAMBDA, y + LAMBDA * ALPHA)),
    "power 1.7": (lambda a: (a * a + 1) ** 1.7, "(a*a+1)**1.7",
        lambda y, a: 3.4 * a * (a * a + 1) ** 0.7),
    "power sqrt 2": (lambda a: a ** math.sqrt(2), "a**sqrt(2)",
        lambda y, a: math.sqrt(2) * a ** (math.sqrt(2) - 1), "a > 0"),
    "power of 16 digits": (lambda a: (a * a + 1) ** 0.7071067811865476,
        "(a*a+1)**0.7071067811865476",
        lambda y, a: 2 * a * 0.7071067811865476 * (a * a + 1) ** -0.2928932188134524),
}  # fmt: skip


@every("name", CONSTANTS)
def test_floats_in_code_are_read_as_the_numbers_that_are_meant(name):
    function, meaning, partial, *domain = CONSTANTS[name]
    proved = lemma(function, meaning, partial, domain="".join(domain))
    assert proved.symbolic == (name != "erf gelu")
    assert proved.read_as


@every("name", CONSTANTS)
def test_a_constant_that_is_off_by_1e_7_is_not_excused(name):
    function, meaning, partial, *domain = CONSTANTS[name]
    failure = refused(
        function,
        meaning,
        lambda y, a: partial(y, a) * (1 + 1e-7),
        domain="".join(domain),
    )
    assert not failure.undecided


def test_what_was_read_is_said():
    proved = lemma(*CONSTANTS["gaussian"])
    assert "0.3989422804014327 as sqrt(2)/(2*sqrt(pi))" in proved.read_as
    assert "reading" in str(proved)


# ------------------------------------------------------------------------------- kinks

KINKS = {
    "abs": (np.abs, "Abs(a)", lambda y, a: a / y),
    "abs by sign": (np.abs, "Abs(a)", lambda y, a: np.sign(a)),
    "abs by root": (lambda a: np.sqrt(a * a), "sqrt(a**2)", lambda y, a: y / a),
    "relu": (lambda a: np.maximum(a, 0), "Max(a, 0)", lambda y, a: y / a),
    "relu by where": (lambda a: np.where(a > 0, a, 0),
        "Piecewise((a, a > 0), (0, True))", lambda y, a: mg.where(y > 0, 1.0, 0.0)),
    "relu by sign": (lambda a: np.maximum(a, 0), "a*Heaviside(a)",
        lambda y, a: (1 + np.sign(a)) / 2),
    "leaky relu": (lambda a: np.where(a > 0, a, 0.01 * a), "Max(a, a/100)",
        lambda y, a: 0.505 + 0.495 * np.sign(a)),
    "clip": (lambda a: np.clip(a, -1, 1), "Min(Max(a, -1), 1)",
        lambda y, a: (1 - np.sign(a * a - 1)) / 2),
    "softsign": (lambda a: a / (1 + np.abs(a)), "a/(1 + Abs(a))",
        lambda y, a: 1 / (1 + abs(a)) ** 2),
    "elu": (lambda a: np.where(a > 0, a, np.exp(a) - 1),
        "Piecewise((a, a > 0), (exp(a) - 1, True))",
        lambda y, a: mg.where(y > 0, 1.0, y + 1)),
    "cube root": (np.cbrt, "sign(a)*Abs(a)**(1/3)", lambda y, a: 1 / (3 * y * y)),
}  # fmt: skip


@every("name", KINKS)
def test_a_kink_splits_the_domain_and_is_excluded(name):
    proved = lemma(*KINKS[name])
    assert proved.symbolic
    assert "!=" in proved.domains[0]


@every("name", KINKS)
def test_a_wrong_slope_on_one_side_of_a_kink_is_refuted(name):
    function, meaning, partial = KINKS[name]
    failure = refused(function, meaning, lambda y, a: partial(y, a) + (1 - np.sign(a)))
    assert not failure.undecided


def test_the_larger_of_two_arguments_has_two_regions():
    proved = lemma(
        np.maximum,
        "Max(a, b)",
        lambda y, a, b: mg.where(a > b, 1.0, 0.0),
        lambda y, a, b: mg.where(b > a, 1.0, 0.0),
    )
    assert proved.domains == ("a != b", "a != b")


def test_an_excluded_kink_is_not_excluded_twice():
    function, meaning, partial = KINKS["abs by sign"]
    assert lemma(function, meaning, partial, domain="a != 0").domains == ("a != 0",)
    assert lemma(function, meaning, lambda y, a: 1, domain="a > 0").domains == (
        "a > 0",
    )


# ---------------------------------------------------------------------------- functions

FUNCTIONS = {
    "arctan": (np.arctan, "atan(a)", lambda y, a: 1 / (1 + a * a)),
    "arcsin": (np.arcsin, "asin(a)", lambda y, a: 1 / mg.cos(y), "abs(a) < 1"),
    "sinh": (np.sinh, "sinh(a)", lambda y, a: mg.sqrt(1 + y * y)),
    "cosh": (np.cosh, "cosh(a)", lambda y, a: np.sign(a) * mg.sqrt(y * y - 1)),
    "asinh": (np.arcsinh, "log(a + sqrt(a**2 + 1))", lambda y, a: (1 + a * a) ** -0.5),
    "acosh": (np.arccosh, "acosh(a)", lambda y, a: 1 / mg.sqrt(a * a - 1), "a > 1"),
    "atanh": (np.arctanh, "log((1+a)/(1-a))/2", lambda y, a: 1 / (1 - a * a), "-1<a<1"),
    "tan": (np.tan, "tan(a)", lambda y, a: 1 + y * y),
    "log1p": (np.log1p, "log(1 + a)", lambda y, a: mg.exp(-y), "a > -1"),
    "expm1": (np.expm1, "exp(a) - 1", lambda y, a: y + 1),
    "silu": (lambda a: a / (1 + np.exp(-a)), "a/(1 + exp(-a))",
        lambda y, a: mg.sigmoid(a) + y * (1 - mg.sigmoid(a))),
    "mish": (lambda a: a * np.tanh(np.log(1 + np.exp(a))), "a*tanh(log(1 + exp(a)))",
        lambda y, a: y / a + a * (1 - (y / a) ** 2) * mg.sigmoid(a)),
    "logit": (lambda a: np.log(a) - np.log(1 - a), "log(a/(1 - a))",
        lambda y, a: 1 / (a * (1 - a)), "0 < a < 1"),
    "log cosh": (lambda a: np.log(np.cosh(a)), "log(cosh(a))", lambda y, a: mg.tanh(a)),
}  # fmt: skip


@every("name", FUNCTIONS)
def test_a_right_rule_is_proved(name):
    function, meaning, partial, *domain = FUNCTIONS[name]
    assert lemma(function, meaning, partial, domain="".join(domain)).symbolic


def test_a_power_of_which_both_parts_move_is_proved():
    by = lambda y, a, b: b * y / a, lambda y, a, b: y * mg.log(a)
    assert lemma(np.power, "a**b", *by, domain="a > 0").rules == ("b*y/a", "y*log(a)")


# ------------------------------------------------------------------ wrong, or not shown


@pytest.mark.parametrize(("function", "meaning", "partial"), [
    (np.tanh, "tanh(a)", lambda y, a: (1 - y * y) ** 1.1),
    (lambda a: np.log(1 + np.exp(a)), "log(1 + exp(a))",
     lambda y, a: mg.sigmoid(a * 1.1)),
], ids=["tanh", "softplus"])  # fmt: skip
def test_floats_refute_before_sympy_thinks(function, meaning, partial):
    start = time.perf_counter()
    failure = refused(function, meaning, partial)
    assert "at a = 0.6875 that is" in words(failure)
    assert not failure.undecided
    assert time.perf_counter() - start < 2


def test_what_sympy_cannot_decide_is_not_shown_and_not_called_wrong():
    def slowly(y, a):
        z = 1.0 + 0 * a
        for _ in range(25):
            z = (z + a / z) / 2
        return 0.5 / z

    failure = refused(np.sqrt, "sqrt(a)", slowly, domain="a > 0")
    assert not refused(
        np.sqrt, "sqrt(a)", lambda y, a: slowly(y, 2 * a), domain="a > 0"
    ).undecided
    assert failure.undecided
    assert "not shown" in str(failure)
    assert "wrong" not in str(failure)
    assert "too large for SymPy" in words(failure)


def test_a_computation_is_stopped_in_time_and_in_any_thread():
    def endless():
        while True:
            abs(max(map(int, "12")))
            (lambda: None)()

    stopped = []

    def run():
        with pytest.raises(OutOfTime):
            within(0.05, endless)
        stopped.append(sys.getprofile() is None)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(5)
    assert stopped == [True]


def test_a_profiler_goes_on_after_a_proof():
    profiler = cProfile.Profile()
    profiler.runcall(lambda: (within(1.0, max, 2, 3), textwrap.dedent("")))
    assert [each for each in profiler.getstats() if "dedent" in str(each.code)]


# ------------------------------------------------------------- rows that cannot be read


def test_a_function_that_does_not_mean_what_it_says_is_refuted():
    with pytest.raises(LemmaFailed, match="its meaning says a - b"):
        prove_row(remade(TABLE["add"], meaning="a - b"))


def test_code_that_cannot_run_on_symbols_is_compared_and_said_not_to_be_proved():
    row = remade(TABLE["sin"], function=np.vectorize(math.sin))
    assert not prove_row(row).symbolic
    assert "NOT proved: that the row's function is this y" in str(prove_row(row))
    with pytest.raises(LemmaFailed, match=r"computes -?[\d.]+, and its\s+meaning says"):
        prove_row(remade(row, function=ERF))


def test_a_row_inside_of_a_rule_gives_what_it_means_where_it_cannot_run():
    def slope(y, a):
        density = mg.exp(-a * a / 2) / math.sqrt(2 * math.pi)
        return (1 + erf(a / math.sqrt(2))) / 2 + a * density

    half = (lambda y, a: 2 / math.sqrt(math.pi) * mg.exp(-a * a),)
    erf = mg.elementwise("erf", ERF, "erf(a)", half)
    try:
        assert "erf(sqrt(2)*a/2)" in lemma(*CONSTANTS["erf gelu"][:2], slope).rules[0]
        wrong = refused(*CONSTANTS["erf gelu"][:2], lambda y, a: 2 * slope(y, a))
        assert not wrong.undecided
    finally:
        del TABLE["erf"]


def test_code_is_compared_inside_its_domain_only():
    slope = (lambda y, a: 1 / mg.sqrt(1 - a * a),)
    changed = {"meaning": "asin(a)", "partials": slope, "domain": "abs(a) < 1"}
    row = remade(TABLE["sin"], function=np.vectorize(math.asin), **changed)
    assert not prove_row(row).symbolic
    with pytest.raises(LemmaFailed, match="no point was found"):
        prove_row(remade(row, domain="abs(a) > 100"))


def test_code_that_runs_on_no_array_is_refused():
    with pytest.raises(LemmaFailed, match="on an array of float64 it does not run"):
        prove_row(remade(TABLE["sin"], function=math.sin))


@every("meaning, why", [
    ("-(a", "cannot read its meaning"),
    ("tanh(x)", "x is no argument"),
    ("foo(a)", "knows no function foo"),
    ("a > 0", "no number"),
    ("nan", "cannot read its meaning"),
    ("log(-a**2)", "no point was found"),
])  # fmt: skip
def test_a_meaning_that_is_no_function_of_the_arguments_is_explained(meaning, why):
    with pytest.raises(LemmaFailed, match=why):
        prove_row(remade(TABLE["negative"], meaning=meaning))


@pytest.mark.parametrize("domain", ["banana", "x > 0", "a > 0 and a < 0", "a >"])
def test_a_domain_that_says_nothing_of_the_arguments_is_explained(domain):
    with pytest.raises(LemmaFailed, match=r"its domain .* cannot be read"):
        prove_row(remade(TABLE["tanh"], domain=domain))


@every("partial", [
    lambda y, a: 1 if a > 0 else 0, lambda y, a: math.exp(a), lambda y: y,
    lambda y, a, b: y, lambda y, a: None, lambda y, a: np.inf * a,
], ids=["if", "float", "too few", "too many", "nothing", "infinite"])  # fmt: skip
def test_a_rule_that_does_not_run_on_symbols_is_explained(partial):
    with pytest.raises(LemmaFailed, match="does not run on symbols"):
        prove_row(remade(TABLE["exp"], partials=(partial,)))


def test_a_rule_that_treats_equal_entries_differently_is_refused():
    def slope(y, a):
        return y * np.arange(1, len(a) + 1)

    with pytest.raises(LemmaFailed, match="entries with equal arguments"):
        prove_row(remade(TABLE["exp"], partials=(slope,)))


# ---------------------------------------------------------------------------- formulas


def test_equal_formulas_are_one_object():
    a, b = symbol("a"), symbol("b")
    assert a * b + 1 is a * b + 1
    assert a * b is not b * a
    assert a * 1 is not a * 1.0


def test_formulas_are_not_compared_outside_of_a_run():
    with pytest.raises(TypeError, match="not compared"):
        _ = symbol("a") > 0


def test_code_that_compares_runs_once_for_every_outcome():
    a = np.array([symbol("a")] * 2)
    assert repr(traced(lambda: np.sign(a) * 2)) == (
        "Piecewise(2, StrictGreaterThan(a, 0), -2, StrictLessThan(a, 0), 0, true())"
    )
