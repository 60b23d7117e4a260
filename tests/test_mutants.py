"""`mutants` as people use it: which slips it plants, and what it says of a test."""

import unittest
from random import Random

import numpy as np
import pytest

import minigrad as mg
from lstm import LSTM, State
from minigrad.mistakes.mutants import mutants
from minigrad.mistakes.rule_slips import Slip
from minigrad.primitive import TABLE
from minigrad.testing import assert_proved

X = np.array([[0.3, -1.2, 0.7], [0.5, 0.4, -0.2]])
STATE = State((2,), (2,))


def wave(x):
    return mg.tanh(x) * mg.sin(x[::-1])


@pytest.fixture(autouse=True)
def the_table():
    """Whatever a test does, every row is afterwards what it was before."""
    before = {name: dict(vars(row)) for name, row in TABLE.items()}
    yield
    assert {name: vars(row) for name, row in TABLE.items()} == before


# ------------------------------------------------------------- weak and strong tests


def test_a_test_of_the_shape_notices_nothing():
    def shape():
        x = mg.Tensor(X)
        assert mg.grad(wave(x).sum(), x).shape == X.shape

    report = mutants(wave, X.shape, test=shape)
    assert not report
    assert report.noticed == ()
    assert {slip.row for slip in report.missed} == {"tanh", "sin", "multiply", "take"}


def test_a_test_of_the_sign_misses_the_size():
    def sign():
        x = mg.Tensor(X)
        assert np.all(mg.grad(mg.tanh(x).sum(), x) > 0)

    report = mutants(mg.tanh, (3,), test=sign)
    assert report.missed == (Slip("tanh", 0, "slope times 1.5"),)
    assert {slip.kind for slip in report.noticed} == {"slope negated", "slope dropped"}


def test_a_test_whose_last_use_adds_nothing_misses_that_it_is_lost():
    def two_layers(W, x):
        return mg.matvec(W, mg.tanh(mg.matvec(W, x)))

    def second_layer_of_zeros():
        W = mg.Tensor(np.eye(3))
        h = mg.matvec(W, X[0])
        g = mg.grad((h + mg.matvec(W, np.zeros(3))).sum(), W)
        np.testing.assert_allclose(g, [X[0]] * 3)

    report = mutants(two_layers, (3, 3), (3,), test=second_layer_of_zeros)
    batched = [slip for slip in report.missed if slip[:2] == ("matvec", 0)]
    assert Slip("matvec", 0, "batched adjoint without one of its uses") in batched
    assert Slip("matvec", 0, "batched adjoint negated") not in batched


def test_a_test_of_a_symmetric_matrix_misses_the_forgotten_transpose():
    def symmetric():
        W, x = X.T @ X, mg.Tensor(X[0])
        np.testing.assert_allclose(mg.grad(mg.matvec(W, x), x, seed=X[1]), W @ X[1])

    report = mutants(mg.matvec, (3, 3), (3,), test=symmetric)
    of_x = [slip.kind for slip in report.missed if slip.argument == 1]
    assert of_x[0] == "adjoint with the other argument transposed"
    assert all(kind.startswith("batched") for kind in of_x[1:])


def test_a_test_of_equal_factors_misses_that_they_are_exchanged():
    def square():
        x = mg.Tensor(X)
        np.testing.assert_allclose(mg.grad((x * x).sum(), x), 2 * X)

    report = mutants(mg.multiply, (3,), (3,), test=square)
    exchanged = "slope exchanged with that of argument 1"
    assert report.missed == (Slip("multiply", 0, exchanged),)


@pytest.mark.parametrize("f", [wave, lambda x: mg.softmax(x @ x.T) @ x])
def test_a_check_against_differences_misses_nothing(f):
    report = mutants(f, X.shape, test=lambda: mg.check_gradients(f, X))
    assert report
    assert len(report) == len(report.noticed) > 10


def test_a_proof_misses_nothing_and_is_the_test_of_whoever_gives_none():
    dense = mg.Dense(3, 2, mg.tanh, rng=0)
    given = mutants(dense, (4, 3), test=lambda: assert_proved(dense, (4, 3)))
    assert given
    assert mutants(dense, (4, 3)) == given


# -------------------------------------------------------------------- what is planted


def test_the_rules_of_parameters_are_broken_too():
    layer = LSTM(2, 2, rng=0)
    rows = {slip.row for slip in mutants(layer, (3, 2), STATE, test=int).missed}
    assert rows >= {"matvec", "add", "sigmoid", "tanh", "multiply", "concatenate"}

    def without_arguments():
        return mg.tanh(layer.cell.forget.W)

    assert len(mutants(without_arguments, test=int)) == 3


def test_only_arguments_on_a_path_to_an_input_are_broken():
    report = mutants(lambda x: mg.tanh(2.0 * x) + mg.sin(X[0]), (3,), test=int)
    assert {slip[:2] for slip in report.missed} == {
        ("multiply", 1),
        ("tanh", 0),
        ("add", 0),
    }


def test_a_branch_that_only_another_point_takes_is_broken_too():
    x = Random(5).gauss(0, 1)
    assert x < 0 == mg.relu(x)  # where relu has the slope 0, times 1.5 or not
    report = mutants(mg.relu, (1,), test=int, seed=5)
    assert Slip("where", 1, "adjoint times 1.5") in report.missed


def test_slips_that_change_nothing_are_listed_and_not_counted():
    report = mutants(lambda x, y: x + y, (3,), (3,), test=int)
    exchanged = Slip("add", 0, "slope exchanged with that of argument 1")
    assert report.equivalent == (exchanged,)
    assert exchanged not in report.missed
    assert len(report) == 6


def test_a_row_of_ones_own_is_broken():
    blend = mg.elementwise(
        "blend of this test",
        lambda a, b, c: a * b + (1 - a) * c,
        "a * b + (1 - a) * c",
        (lambda y, a, b, c: b - c, lambda y, a, b, c: a, lambda y, a, b, c: 1 - a),
    )
    try:
        report = mutants(blend, (3,), (3,), (3,), test=int)
        assert {slip.argument for slip in report.missed} == {0, 1, 2}
        assert len(report.missed) == 3 * 3 + 2
        assert mutants(
            blend, (3,), (3,), (3,), test=lambda: mg.check_gradients(blend, *X.T)
        )
    finally:
        del TABLE[blend.primitive.name]


def test_joined_arguments_are_broken_also_where_the_walk_goes_around_the_adjoint():
    def f(W, x):
        return mg.matvec(W, mg.concatenate([x, np.ones(3)]))

    def of_x_alone():
        W, x = np.hstack([X, 2 * X]), mg.Tensor(X[0])
        np.testing.assert_allclose(mg.grad(f(W, x), x, seed=np.ones(2)), X.sum(axis=0))

    report = mutants(f, (2, 6), (3,), test=of_x_alone)
    noticed = [slip.kind for slip in report.noticed if slip.row == "concatenate"]
    assert len(noticed) == 4
    assert not report.equivalent


# ----------------------------------------------------------------- how a test answers


def test_a_test_that_fails_without_a_slip_is_refused():
    def fails():
        raise KeyError("weights")

    with pytest.raises(ValueError, match="before any slip: it raised KeyError") as info:
        mutants(mg.tanh, (3,), test=fails)
    assert isinstance(info.value.__cause__, KeyError)
    assert {"why", "fix"} <= set(str(info.value).split())


def test_a_test_that_skips_is_refused():
    with pytest.raises(ValueError, match="it raised Skipped: no GPU"):
        mutants(mg.tanh, (3,), test=lambda: pytest.skip("no GPU"))


def test_a_test_that_returns_a_truth_value_is_refused():
    with pytest.raises(TypeError, match="write `assert` before it"):
        mutants(mg.tanh, (3,), test=lambda: np.allclose(0, 1))


def test_a_function_without_a_gradient_is_refused():
    for f in (lambda x: mg.tanh(x.data), lambda x: mg.tanh(x.detach())):
        with pytest.raises(ValueError, match="no row leads from an argument"):
            mutants(f, (3,), test=int)


@pytest.mark.parametrize(("outcome", "notices"), [
    (lambda: pytest.fail("wrong"), True),
    (lambda: 1 / 0, True),
    (lambda: pytest.skip("later"), False),
    (lambda: unittest.TestCase().skipTest("later"), False),
])  # fmt: skip
def test_every_exception_notices_but_a_skip(outcome, notices):
    right = TABLE["tanh"].partials

    def test():
        if TABLE["tanh"].partials is not right:
            outcome()

    assert len(mutants(mg.tanh, (3,), test=test).noticed) == (3 if notices else 0)


def test_a_test_may_train_the_model_that_is_broken():
    dense = mg.Dense(3, 2, mg.tanh, rng=0)

    def training():
        dense(X).sum().backward()
        mg.SGD(dense.parameters(), learning_rate=0.1).step()
        assert np.all(np.isfinite(dense.W.data))

    report = mutants(dense, (3,), test=training)
    assert not report.noticed
    assert {slip.row for slip in report.equivalent} == {"add"}


def test_control_c_passes_through_and_the_row_is_mended():
    right = TABLE["tanh"].partials

    def interrupted():
        if TABLE["tanh"].partials is not right:
            assert TABLE["tanh"].rules is TABLE["tanh"].partials
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mutants(mg.tanh, (3,), test=interrupted)
    assert TABLE["tanh"].partials is TABLE["tanh"].rules is right


def test_what_a_broken_rule_returns_may_be_refused_by_the_engine():
    """An adjoint that cannot be scaled: the walk stops, and any test notices."""
    row = mg.linear(
        "twice of this test", lambda a: 2 * a, (lambda g, a: [*(2 * g)],), jointly=True
    )
    try:

        def walks():
            x = mg.Tensor(X[0])
            mg.grad(row(x).sum(), x)

        report = mutants(row, (3,), test=walks)
        assert Slip(row.primitive.name, 0, "adjoint negated") in report.noticed
    finally:
        del TABLE[row.primitive.name]


# ----------------------------------------------------------------------- what it says


def test_the_report_is_a_table_in_words():
    def f(x, y):
        return mg.tanh(x + y)

    def sign():
        x = mg.Tensor(X)
        assert np.all(mg.grad(f(x, x).sum(), x) > 0)

    assert str(mutants(f, (3,), (3,), test=sign)).splitlines() == [
        "your test notices 4 of 9 mistakes; it would not see 5:",
        "  add, argument 0: slope times 1.5",
        "  add, argument 0: slope dropped",
        "  add, argument 1: slope times 1.5",
        "  add, argument 1: slope dropped",
        "  tanh, argument 0: slope times 1.5",
        "not counted, since they change nothing here:",
        "  add, argument 0: slope exchanged with that of argument 1",
    ]


def test_the_report_of_a_strong_test_is_one_line():
    assert str(mutants(mg.tanh, (3,))) == "your test notices 3 of 3 mistakes"
