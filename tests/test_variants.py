"""Variants: each computes its published equations, alone and together with others."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from variant_cases import KINDS, OTHERS, Case, disagreements, made

import minigrad as mg
from lstm import (
    LSTM,
    ClippedCell,
    CoupledCell,
    FullGateRecurrenceCell,
    GRUCell,
    IRNNCell,
    LayerNormCell,
    LinearCandidateCell,
    LinearOutputCell,
    LSTMCell,
    NoForgetGateCell,
    NoInputGateCell,
    NoOutputGateCell,
    PeepholeCell,
    ProjectedCell,
    Recurrent,
    ResetAfterGRUCell,
    RNNCell,
)
from lstm.additions import normalise

CELLS = [LSTMCell, *KINDS, *OTHERS]


def small(cell):
    """Return a case with n = m and a single sequence."""
    return Case(made(cell, n=2, m=2, seed=5, bounds=(0.6, 0.3, 2.0)), batch=(), steps=2)


every_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.__name__)

# ------------------------------------------------- the published equations, one by one


@every_cell
def test_outputs_and_every_gradient_are_those_of_the_published_equations(cell):
    case = Case(made(cell))
    assert disagreements(case.ours(), case.truth()) == []


@every_cell
def test_where_n_is_m_and_there_is_no_batch_too(cell):
    case = small(cell)
    assert disagreements(case.ours(), case.truth()) == []


@every_cell
@pytest.mark.parametrize("of", [lambda cell: Case(made(cell)), small])
def test_every_parameter_and_every_part_of_the_state_matters(cell, of):
    _, gradients = of(cell).ours()
    assert [name for name, g in gradients.items() if not np.any(g)] == []


@every_cell
def test_the_gradient_is_proved(cell):
    loss, _ = small(cell).ours()
    certificate = mg.prove(loss, seed=0)  # or it raises ProofFailed
    assert certificate.chance < -40
    assert certificate.cells and not certificate.not_in_floats


@pytest.mark.slow
@every_cell
def test_hessian_vector_products_are_proved(cell):
    loss, _ = small(cell).ours()
    assert mg.prove(loss, seed=0, order=2).chance < -40


@every_cell
def test_a_deeper_network_fits_into_every_box(cell):
    boxes = made(cell).letters
    deeper = made(cell, hidden=dict.fromkeys(boxes, (5, 3)), bounds=(9, 9, 9))
    layer = Recurrent(deeper)
    y, _ = layer(np.random.default_rng(0).standard_normal((4, 3)))
    gradients = mg.grad((y * y).sum(), dict(layer.named_parameters()))
    assert sum("hidden" in path for path in gradients) == 4 * len(boxes)
    assert all(np.any(g) for g in gradients.values())


@every_cell
def test_float32_stays_float32(cell):
    built = made(cell, dtype=np.float32)
    for parameter in built.parameters():
        parameter.data = parameter.data.astype(np.float32)
    y, state = Recurrent(built)(np.ones((5, 3), np.float32))
    assert {part.dtype for part in (y, *state)} == {np.dtype(np.float32)}


@every_cell
def test_a_state_is_detached_part_by_part(cell):
    built = made(cell)
    state = built(mg.Tensor(np.ones(3)), built.start())
    cut = state.detach()
    assert type(cut) is type(state)
    assert all(part.primitive is None for part in cut)
    for ours, same in zip(state, cut, strict=True):
        np.testing.assert_array_equal(ours.data, same.data)


@every_cell
def test_another_state_is_refused(cell):
    built = made(cell)
    with pytest.raises(TypeError, match=r"pass \w+\(y(.|\n)*"):
        built(np.ones(3), tuple(built.start()))
    with pytest.raises(ValueError, match=r"same\s+batch axes"):
        built(np.ones(3), built.start((2,)))


# ---------------------------------------------------------------------- what they share


def test_a_peephole_of_zero_is_a_plain_lstm():
    plain, looking = LSTMCell(3, 2, rng=0), PeepholeCell(3, 2, rng=0)
    x, state = np.ones(3), plain.start()._replace(c=np.array([0.3, -0.7]))
    for ours, theirs in zip(looking(x, state), plain(x, state), strict=True):
        np.testing.assert_array_equal(ours.data, theirs.data)


def test_what_is_coupled_could_as_well_be_the_forget_gate():
    """Greff's f = 1 - i, with W_i = -W_f and b_i = -b_f, is our i = 1 - f."""

    class Greff(LSTMCell):
        letters = {"forget": None}  # noqa: RUF012

        def f(self, v, c_prev):
            return None

        def c(self, f, c_prev, i, c_tilde):
            return (1 - i) * c_prev + i * c_tilde

    ours, theirs = made(CoupledCell), Greff(3, 4)
    theirs.candidate, theirs.output = ours.candidate, ours.output
    theirs.input.W.data, theirs.input.b.data = -ours.forget.W.data, -ours.forget.b.data
    x = np.random.default_rng(0).standard_normal((5, 3))
    np.testing.assert_allclose(
        LSTM(ours)(x)[0].data, LSTM(theirs)(x)[0].data, rtol=0, atol=1e-15
    )


@pytest.mark.parametrize(
    ("cell", "fewer"),
    [(NoInputGateCell, 5), (NoForgetGateCell, 5), (NoOutputGateCell, 5)],
)
def test_an_open_gate_records_nothing(cell, fewer):
    """Its box is 4 entries, and its multiplication one: all are gone."""
    x, plain, open_ = np.ones(3), LSTMCell(3, 2, rng=0), cell(3, 2, rng=0)
    recorded = [
        sum(e.primitive is not None for e in mg.Tape(each(x, each.start()).y))
        for each in (plain, open_)
    ]
    assert recorded[0] - recorded[1] == fewer - 1
    assert len(plain.parameters()) - len(open_.parameters()) == 2


def test_a_normalised_layer_has_mean_0_and_variance_1_for_each_example():
    z = mg.Tensor(np.random.default_rng(0).normal(3.0, 50.0, (4, 7)))
    found = normalise(z).data
    np.testing.assert_allclose(found.mean(axis=-1), 0, atol=1e-14)
    np.testing.assert_allclose(found.var(axis=-1), 1, rtol=1e-6)


def test_a_layer_norm_cell_does_not_see_the_scale_of_its_weights():
    case = [LayerNormCell(3, 4, rng=0) for _ in range(2)]
    for name in case[1].letters:
        getattr(case[1], name).W.data *= 100.0
    x = np.random.default_rng(0).standard_normal((5, 3))
    one, other = (LSTM(cell)(x)[0].data for cell in case)
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-4)


def test_a_clipped_state_learns_nothing_where_it_is_clipped():
    cell = made(ClippedCell, bounds=(1.0, 1.0, 9.0))
    x = np.random.default_rng(0).standard_normal((2, 3))
    c_0 = mg.Tensor([9.0, 0.0, -9.0, 0.1])
    start = cell.start()._replace(c=c_0)
    slope = mg.grad(cell(x[0], start).c.sum(), c_0)
    assert (slope[[0, 2]] == 0).all()
    assert (slope[[1, 3]] != 0).all()


@pytest.mark.parametrize("bound", [0, -1.0])
def test_a_bound_is_positive(bound):
    with pytest.raises(ValueError, match="within -b and b"):
        ClippedCell(3, 2, clip_c=bound)


def test_an_irnn_without_input_remembers_what_is_positive():
    y, state = Recurrent(IRNNCell(1, 3, rng=0))(np.zeros((50, 1)))
    assert not y.data.any()
    start = type(state)(np.array([1.0, 0.5, 0.0]))
    y, _ = Recurrent(IRNNCell(1, 3, rng=0))(np.zeros((50, 1)), start)
    np.testing.assert_array_equal(y.data[-1], start.y)


def test_reset_before_and_after_agree_where_the_matrix_is_diagonal():
    before, after = GRUCell(3, 4, rng=0), ResetAfterGRUCell(3, 4, rng=0)
    paths = [{path for path, _ in cell.named_parameters()} for cell in (before, after)]
    assert paths[0] < paths[1]
    diagonal = np.diag([0.3, -0.5, 0.7, 0.9])
    before.candidate.W.data[:, 3:] = diagonal
    after.candidate.W.data = before.candidate.W.data[:, :3].copy()
    after.recurrent.W.data = diagonal
    x = np.random.default_rng(0).standard_normal((5, 3))
    one, other = (Recurrent(cell)(x)[0].data for cell in (before, after))
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-15)


# ------------------------------------------------------------------------- combinations

CLASH = [  # two that take away the same gate, or read one that is not there
    {CoupledCell, NoInputGateCell},
    {CoupledCell, NoForgetGateCell},
]


def compatible(parents):
    clipped_first = {ClippedCell, ProjectedCell} <= set(parents)
    return not any(clash <= set(parents) for clash in CLASH) and not (
        clipped_first and parents.index(ClippedCell) > parents.index(ProjectedCell)
    )


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(list(KINDS)), min_size=2, max_size=5, unique=True).filter(
        compatible
    ),
    st.integers(0, 3),
)
def test_variants_combine_in_any_order_of_the_parents(parents, seed):
    mine = type("Mine", tuple(parents), {})
    case = Case(made(mine, seed=seed), batch=(2,), steps=2, seed=seed)
    loss, gradients = case.ours()
    assert abs(loss.item() - case.plain({})) <= 1e-12 * max(1, abs(loss.item()))
    rng = np.random.default_rng(seed)
    along = {k: rng.standard_normal(each.shape) for k, each in case.everything.items()}
    slope = sum((gradients[name] * each).sum() for name, each in along.items())
    size = sum(np.abs(gradients[name] * each).sum() for name, each in along.items())
    assert abs(slope - case.slope(along)) <= 1e-12 * max(1.0, size)


@pytest.mark.parametrize(
    ("without", "gate"),
    [(NoForgetGateCell, "f"), (NoInputGateCell, "i"), (NoOutputGateCell, "o")],
)
def test_gates_read_ones_of_a_gate_that_is_always_open(without, gate):
    class Both(FullGateRecurrenceCell, without):
        pass

    y, state = Recurrent(Both(2, 3, rng=0))(np.ones((3, 2)))
    np.testing.assert_array_equal(getattr(state, gate), np.ones(3))
    mg.prove(y.sum())


def test_a_combination_is_a_class_of_one_line():
    class Mine(PeepholeCell, CoupledCell):
        pass

    cell = Mine(3, 2, rng=0)
    assert list(cell.letters) == ["forget", "candidate", "output"]
    assert [path for path, _ in cell.named_parameters() if path.startswith("p_")] == [
        "p_f",
        "p_o",
    ]
    one = cell(mg.Tensor(np.ones(3), "x"), cell.start())
    assert mg.prove((one.y * one.y).sum(), seed=0)


def test_a_gate_that_would_always_be_closed_is_refused():
    class Closed(CoupledCell, NoForgetGateCell):
        pass

    cell = Closed(3, 2, rng=0)
    with pytest.raises(TypeError, match="nothing would ever come in"):
        cell(np.ones(3), cell.start())


def test_what_a_class_says_itself_comes_before_its_parents():
    class Mine(CoupledCell, LinearOutputCell):
        usual = {"candidate": mg.relu}  # noqa: RUF012

        def i(self, v, c_prev, f):
            return 2 - f

    class Below(PeepholeCell, Mine):
        pass

    assert Mine.i is not CoupledCell.i
    assert Below.i is Mine.i
    built = Below(3, 2, rng=0)
    assert built.candidate.activation is mg.relu
    assert built.squash(7.0) == 7.0


# ----------------------------------------------------------------------------- pictures

CHANGED = {  # parts that are new, and parts of the usual cell that are missing
    PeepholeCell: (0, 0),  # the same boxes, with wires from c
    CoupledCell: (1, 1),  # 1 - f for a box
    NoInputGateCell: (0, 2),  # a box and its multiplication
    NoForgetGateCell: (0, 2),
    NoOutputGateCell: (0, 2),
    LinearCandidateCell: (1, 1),  # another box
    LinearOutputCell: (0, 1),  # tanh
    FullGateRecurrenceCell: (4, 3),  # three boxes, and what is joined for them
    LayerNormCell: (5, 4),  # every box, and c before its tanh
    ProjectedCell: (5, 4),  # every W has another size, and W_r comes
    ClippedCell: (2, 0),  # clip of c, and of y
}


def output(cell):
    return cell(mg.Tensor(np.ones(3), "x"), cell.start()).y


@pytest.mark.parametrize("cell", CHANGED, ids=lambda cell: cell.__name__)
def test_the_changed_equation_is_what_a_difference_shows(cell):
    cells = made(cell, bounds=(1.0, 1.0, None)), LSTMCell(3, 4, rng=0)
    outputs = [output(each) for each in cells]
    drawn = mg.draw(outputs, view="difference").dot
    (said,) = re.findall(r"parts that differ: ([^<]*)", drawn)
    assert CHANGED[cell] == tuple(
        int((re.findall(rf"(\d+) only in the {which}", said) or [0])[0])
        for which in ("first", "second")
    )


@every_cell
def test_every_cell_is_drawn_with_all_its_boxes(cell):
    built = made(cell)
    drawn = mg.draw(output(built), view="gate").dot
    for letter in built.letters.values():
        assert f"W_{letter} (" in drawn  # in a tooltip, with its shape


# -------------------------------------------------------------------- PyTorch's numbers


def leaves_of(torch, case):
    """Return everything a case has as leaves of PyTorch."""
    return {
        name: torch.tensor(value, requires_grad=True)
        for name, value in case.everything.items()
    }


def answer(torch, case, leaves, y, *state):
    """Return PyTorch's loss, and its gradient with respect to everything."""
    weights = map(torch.tensor, case.weights)
    loss = sum((w * each).sum() for w, each in zip(weights, (y, *state), strict=True))
    gradients = torch.autograd.grad(loss, list(leaves.values()))
    return loss.item(), {
        name: g.numpy() for name, g in zip(leaves, gradients, strict=True)
    }


def halves(torch, leaves, names, n):
    """Return PyTorch's weight_ih, weight_hh, bias_ih and bias_hh."""
    W = torch.cat([leaves[f"{name}.W"] for name in names])
    b = torch.cat([leaves[f"{name}.b"] for name in names])
    return [W[:, :n], W[:, n:], b, torch.zeros_like(b)]


SIZES = {"n > m": (5, 3), "n < m": (3, 4), "n = m": (3, 3)}
sizes = pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)


@pytest.mark.compare
@sizes
def test_a_projected_lstm_is_that_of_torch(torch, size):
    case = Case(made(ProjectedCell, *size), steps=5)
    p = leaves_of(torch, case)
    flat = halves(torch, p, ("input", "forget", "candidate", "output"), size[0])
    start = (p["y_0"][None], p["c_0"][None])
    y, last_y, last_c = torch.lstm(
        p["x"], start, [*flat, p["W_r"]], True, 1, 0.0, False, False, True
    )
    theirs = answer(torch, case, p, y, last_y[0], last_c[0])
    assert disagreements(case.ours(), theirs) == []


@pytest.mark.compare
@sizes
def test_a_gru_that_resets_after_the_matrix_is_that_of_torch(torch, size):
    case, n = Case(made(ResetAfterGRUCell, *size), steps=5), size[0]
    p = leaves_of(torch, case)
    gates = torch.cat([p["reset.W"], p["update.W"]])
    b = torch.cat([p["reset.b"], p["update.b"]])
    flat = [
        torch.cat([gates[:, :n], p["candidate.W"]]),
        torch.cat([gates[:, n:], p["recurrent.W"]]),
        torch.cat([b, p["candidate.b"]]),
        torch.cat([torch.zeros_like(b), p["recurrent.b"]]),
    ]
    y, last = torch.gru(p["x"], p["y_0"][None], flat, True, 1, 0.0, False, False, True)
    assert disagreements(case.ours(), answer(torch, case, p, y, last[0])) == []


@pytest.mark.compare
@sizes
@pytest.mark.parametrize(("cell", "name"), [(RNNCell, "tanh"), (IRNNCell, "relu")])
def test_a_simple_rnn_is_that_of_torch(torch, size, cell, name):
    case = Case(made(cell, *size), steps=5)
    p = leaves_of(torch, case)
    flat = halves(torch, p, ("output",), size[0])
    run = getattr(torch, f"rnn_{name}")
    y, last = run(p["x"], p["y_0"][None], flat, True, 1, 0.0, False, False, True)
    assert disagreements(case.ours(), answer(torch, case, p, y, last[0])) == []


@pytest.mark.compare
def test_normalising_is_torchs_layer_norm(torch):
    z = np.random.default_rng(0).normal(2.0, 3.0, (4, 7))
    theirs = torch.nn.functional.layer_norm(torch.tensor(z), (7,)).numpy()
    np.testing.assert_allclose(normalise(z), theirs, rtol=0, atol=1e-14)
