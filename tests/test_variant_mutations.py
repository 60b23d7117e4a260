"""Are the variants' tests worth anything? Plant slips in each, and see them noticed.

The comparison is that of test_variants.py: loss and the gradient of everything, against
the published equations in plain NumPy and the complex step.
"""

import functools

import pytest
from planted import rewritten
from variant_cases import Case, disagreements, made

import minigrad as mg
from lstm import (
    ClippedCell,
    CoupledCell,
    FullGateRecurrenceCell,
    Gate,
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
    ResetAfterGRUCell,
    RNNCell,
    additions,
    variants,
)
from lstm.additions import NormalisedGate

pytestmark = pytest.mark.slow

ADD = "f * c_prev + i * c_tilde"
SHAPES = {"n < m": {"n": 3, "m": 4}, "n = m = p": {"n": 2, "m": 2}}

SLIPS = {
    PeepholeCell: {
        "p_f is p_i": (PeepholeCell, "self.p_f * c", "self.p_i * c"),
        "p_i is p_f": (PeepholeCell, "self.p_i * c", "self.p_f * c"),
        "p_o sees c_{t-1}": (LSTMCell, "self.o(v, c)", "self.o(v, c_prev)"),
        "f has no peephole": (PeepholeCell, "also=self.p_f * c_prev", ""),
        "i has no peephole": (PeepholeCell, "also=self.p_i * c_prev", ""),
        "o has no peephole": (PeepholeCell, "also=self.p_o * c", ""),
        "o sees tanh(c)": (PeepholeCell, "self.p_o * c", "self.p_o * self.squash(c)"),
        "no gradient through p_o": (
            PeepholeCell,
            "self.p_o * c",
            "self.p_o * c.detach()",
        ),
        "seen after sigma": (
            Gate,
            "gate = self.activation(z)",
            "gate = self.activation(self.z(v)) if also is None "
            "else self.activation(self.z(v)) + also",
        ),
    },
    CoupledCell: {
        "i = f": (CoupledCell, "return 1 - f", "return f"),
        "the wrong way round": (LSTMCell, ADD, "i * c_prev + f * c_tilde"),
        "i = f - 1": (CoupledCell, "return 1 - f", "return f - 1"),
        "no gradient through i": (CoupledCell, "return 1 - f", "return 1 - f.detach()"),
    },
    NoInputGateCell: {
        "closed": (NoInputGateCell, "return OPEN", "return 0.0"),
        "half open": (NoInputGateCell, "return OPEN", "return 0.5"),
        "coupled": (NoInputGateCell, "return OPEN", "return 1 - f"),
    },
    NoForgetGateCell: {
        "forgets all": (NoForgetGateCell, "return OPEN", "return 0.0"),
        "no gradient along c": (LSTMCell, "f * c_prev", "f * c_prev.detach()"),
        "decays": (NoForgetGateCell, "return OPEN", "return 0.99"),
    },
    NoOutputGateCell: {
        "half open": (NoOutputGateCell, "return OPEN", "return 0.5"),
        "without its tanh": (LSTMCell, "o * self.squash(c)", "o * c"),
    },
    LinearCandidateCell: {
        "still tanh": (LinearCandidateCell, "usual", {"candidate": mg.tanh}),
        "the output instead": (
            LinearCandidateCell,
            "usual",
            {"state": variants.linear},
        ),
        "all boxes": (
            LinearCandidateCell,
            "usual",
            {"candidate": variants.linear, "input": variants.linear},
        ),
    },
    LinearOutputCell: {
        "still tanh": (LinearOutputCell, "usual", {"state": mg.tanh}),
        "the candidate instead": (
            LinearOutputCell,
            "usual",
            {"candidate": variants.linear},
        ),
    },
    FullGateRecurrenceCell: {
        "gates in another order": (FullGateRecurrenceCell, "*gates]", "*gates[::-1]]"),
        "f and i handed on swapped": (
            FullGateRecurrenceCell,
            "for gate in (f, i, o))",
            "for gate in (i, f, o))",
        ),
        "no gradient through gates": (
            FullGateRecurrenceCell,
            "*gates]",
            "*(g.detach() for g in gates)]",
        ),
        "y before x": (
            FullGateRecurrenceCell,
            "[x, y_prev, *gates]",
            "[y_prev, x, *gates]",
        ),
        "gates not handed on": (
            FullGateRecurrenceCell,
            "(y, c, *says)",
            "(y, c, *gates)",
        ),
    },
    LayerNormCell: {
        "over the batch": (
            additions,
            "centred = z - mean(z, axis=-1, keepdims=True)",
            "centred = z - mean(z, axis=0, keepdims=True)",
        ),
        "over everything": (
            additions,
            "centred = z - mean(z, axis=-1, keepdims=True)",
            "centred = z - mean(z)",
        ),
        "variance over the batch": (
            additions,
            "mean(centred * centred, axis=-1",
            "mean(centred * centred, axis=0",
        ),
        "no root": (additions, "centred / sqrt(", "centred / ("),
        "no epsilon": (additions, " + 1e-5", ""),
        "mean taken as a constant": (
            additions,
            "z - mean(z, axis=-1, keepdims=True)",
            "z - mean(z, axis=-1, keepdims=True).detach()",
        ),
        "gain forgotten": (NormalisedGate, "self.g * ", ""),
        "bias inside": (
            NormalisedGate,
            "normalise(a) + self.b",
            "normalise(a + self.b)",
        ),
        "c not normalised": (LayerNormCell, "normalise(c)", "c"),
        "normalised after tanh": (
            LayerNormCell,
            "super().y(o, self.g * normalise(c) + self.b)",
            "o * (self.g * normalise(self.squash(c)) + self.b)",
        ),
        "c handed on normalised": (
            LSTMCell,
            "State(y, c)",
            "State(y, (c - c.mean(axis=-1, keepdims=True)))",
        ),
    },
    ProjectedCell: {
        "projection forgotten": (
            ProjectedCell,
            "matvec(self.W_r, h)",
            "h[..., : self.p]",
        ),
        "projection forgotten in the recurrence": (
            LSTMCell,
            "x, y_prev, c_prev = self.leaves(x, state)",
            "x, y_prev, c_prev = self.leaves(x, state); "
            "y_prev = y_prev * self.W_r.data[0, 0]",
        ),
        "W_r after tanh alone": (
            ProjectedCell,
            "matvec(self.W_r, h)",
            "matvec(self.W_r, self.squash(c))",
        ),
        "no gradient through W_r": (ProjectedCell, "self.W_r,", "self.W_r.detach(),"),
        "projected twice": (
            ProjectedCell,
            "matvec(self.W_r, h)",
            "matvec(self.W_r, matvec(self.W_r.T, matvec(self.W_r, h)))",
        ),
    },
    ClippedCell: {
        "only from above": (additions, "else clip(a, -bound", "else clip(a, None"),
        "c clipped where shown only": (ClippedCell, ", self.clip_c)", ", None)"),
        "y not clipped": (ClippedCell, ", self.clip_y)", ", None)"),
        "z not clipped": (additions, "activation(within(z, bound))", "activation(z)"),
        "clipped after the activation": (
            additions,
            "activation(within(z, bound))",
            "within(activation(z), bound)",
        ),
        "bounds swapped": (ClippedCell, ", self.clip_c)", ", self.clip_y)"),
    },
    GRUCell: {
        "u the wrong way round": (
            GRUCell,
            "u * y_prev + (1 - u) * y_tilde",
            "(1 - u) * y_prev + u * y_tilde",
        ),
        "no reset": (GRUCell, "r * y_prev", "y_prev"),
        "reset on the result": (
            GRUCell,
            "self.candidate(v_r)",
            "r * self.candidate(concatenate([x, y_prev], axis=-1))",
        ),
        "u for r": (
            GRUCell,
            "self.y_tilde(x, y_prev, r)",
            "self.y_tilde(x, y_prev, u)",
        ),
        "order of [x, y]": (GRUCell, "[x, r * y_prev]", "[r * y_prev, x]"),
        "r reads W_u": (GRUCell, "r = self.reset(v)", "r = self.update(v)"),
    },
    ResetAfterGRUCell: {
        "reset before the matrix": (
            ResetAfterGRUCell,
            "r * self.recurrent(y_prev)",
            "self.recurrent(r * y_prev)",
        ),
        "d outside the reset": (
            ResetAfterGRUCell,
            "r * self.recurrent(y_prev)",
            "r * (self.recurrent(y_prev) - self.recurrent.b) + self.recurrent.b",
        ),
        "reset of x too": (
            ResetAfterGRUCell,
            "self.candidate(x, also=r * self.recurrent(y_prev))",
            "tanh(r * (self.candidate.z(x) + self.recurrent(y_prev)))",
        ),
    },
    RNNCell: {
        "order of [x, y]": (RNNCell, "[x, y_prev]", "[y_prev, x]"),
        "no gradient through y": (RNNCell, "[x, y_prev]", "[x, y_prev.detach()]"),
        "sigma": (RNNCell, "usual", {"output": mg.sigmoid}),
    },
    IRNNCell: {
        "tanh": (IRNNCell, "usual", {"output": mg.tanh}),
        "y_{t-1} added": (RNNCell, "y = self.output(v)", "y = self.output(v) + y_prev"),
    },
}
PLANTED = [(cell, slip) for cell, slips in SLIPS.items() for slip in slips]


def case_of(cell, shape):
    return Case(made(cell, **SHAPES[shape]), batch=(2,), steps=3)


@functools.cache
def truth(cell, shape):
    return case_of(cell, shape).truth()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("cell", "slip"), PLANTED, ids=lambda each: getattr(each, "__name__", each)
)
def test_a_slip_in_a_variant_is_noticed(cell, slip, shape, monkeypatch):
    expected = truth(cell, shape)
    owner, old, new = SLIPS[cell][slip]
    planted = (old, new) if isinstance(new, dict) else rewritten(owner, old, new)
    monkeypatch.setattr(owner, *planted)
    try:
        found = case_of(cell, shape).ours()
    except (ValueError, TypeError) as refusal:  # shapes that do not fit are noticed
        assert "why" in str(refusal) and shape != "n = m = p"
        return
    assert disagreements(found, expected)


@pytest.mark.parametrize("cell", SLIPS, ids=lambda cell: cell.__name__)
def test_an_unchanged_variant_is_as_published(cell):
    for shape in SHAPES:
        assert disagreements(case_of(cell, shape).ours(), truth(cell, shape)) == []
