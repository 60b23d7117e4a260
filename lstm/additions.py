"""Three additions to the LSTM: normalisation, projection, clipping.

    LayerNormCell   W v_t is normalised in every box, and c_t before its tanh
    ProjectedCell   y_t = W_r (o_t * tanh(c_t)): fewer outputs than cells
    ClippedCell     c_t and y_t are kept within bounds

Like the variants of lstm.variants, each overrides one equation and leaves the others
to its parents. So they combine: `class Mine(LayerNormCell, PeepholeCell): pass`. The
order of parents matters where two change the same equation: the first has the last
word, so that ClippedCell before ProjectedCell clips what was projected.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from lstm.cell import OPTIONS, GateValue, LSTMCell
from lstm.foreign_options import CONSTRUCTION, refuse_options
from lstm.gate import Activation, Gate
from lstm.state import Numbers
from minigrad import Parameter, Tensor, clip, matvec, mean, sqrt
from minigrad.feedforward import Rng, generator, require_sizes
from minigrad.messages import explained


def normalise(z: Numbers) -> Numbers:
    """Return z with mean 0 and variance 1 over its last axis: (z - mean) / sqrt(var).

    Ba, Kiros and Hinton 2016, eq. 3 and 4. As in most libraries, 1e-5 is added to the
    variance lest it be 0.

    >>> normalise(np.array([1.0, 2.0, 3.0])).round(3)
    array([-1.225,  0.   ,  1.225])
    """
    centred = z - mean(z, axis=-1, keepdims=True)
    return centred / sqrt(mean(centred * centred, axis=-1, keepdims=True) + 1e-5)


class NormalisedGate(Gate):
    """A box whose W v is normalised before it is shifted: activation(g * N(W v) + b).

    >>> NormalisedGate("f", n=3, m=2, rng=0).g
    Parameter([1., 1.], name='g_f')
    """

    def __init__(self, letter: str, n: int, m: int, *others: Any, **more: Any) -> None:
        super().__init__(letter, n, m, *others, **more)
        self.g = Parameter(np.ones(m, self.b.dtype), name=f"g_{letter}")

    def z(self, v: Tensor) -> Tensor:
        """Return g * normalise(W v) + b, what the activation is applied to."""
        a = matvec(self.W, v)
        a.name = f"a_{self.letter}"
        return self.g * normalise(a) + self.b


class LayerNormCell(LSTMCell):
    """Layer normalisation: over the m neurons of each box, and over c before its tanh.

        f = sigma(g_f * N(W_f v) + b_f),  y = o * tanh(g * N(c) + b),  N = `normalise`

    Ba, Kiros and Hinton 2016. Each box is normalised as the layer of their eq. 4, and c
    as in their supplementary material. There, W_x x and W_y y are normalised apart, and
    the four gates may be read as one vector; here it is W v, and each gate by itself.
    With m = 1 nothing is left: one number minus its mean is 0.

    >>> sorted(dict(LayerNormCell(n=3, m=2, rng=0).named_parameters()))[:3]
    ['b', 'candidate.W', 'candidate.b']
    """

    box = NormalisedGate

    def __init__(self, *sizes: Any, **options: Any) -> None:
        super().__init__(*sizes, **options)
        self.g = Parameter(np.ones(self.m, self.dtype))
        self.b = Parameter(np.zeros(self.m, self.dtype))

    def y(self, o: GateValue, c: Tensor) -> Tensor:
        """Return the usual output of the normalised cell state."""
        return super().y(o, self.g * normalise(c) + self.b)


PROJECTED = {**CONSTRUCTION, "proj_size": "p, the size of y: ProjectedCell(n, m, p)."}


class ProjectedCell(LSTMCell):
    """Fewer outputs than cells: y = W_r (o * tanh(c)), y in R^p and c in R^m.

    So the boxes read [x, y] in R^(n+p), and every W is m x (n+p): a large memory whose
    recurrent matrices stay small. Sak, Senior and Beaufays 2014; PyTorch's proj_size=p.
    W_r is (p, m) and starts uniform within 1/sqrt(m), as PyTorch's.

    >>> cell = ProjectedCell(n=3, m=4, p=2, rng=0)
    >>> y, c = cell(np.ones(3), cell.start())
    >>> y.shape, c.shape, cell.forget.W.shape
    ((2,), (4,), (4, 5))
    """

    def __init__(
        self,
        n: Any = None,
        m: Any = None,
        p: Any = None,
        rng: Rng = None,
        **options: Any,
    ) -> None:
        known = ("n", "m", "p", *OPTIONS)
        foreign = {name: options[name] for name in options if name not in OPTIONS}
        refuse_options(type(self).__name__, foreign, known, PROJECTED, (n, m))
        require_sizes(type(self).__name__, n=n, m=m, p=p)
        self.p = p
        rng = generator(rng)
        super().__init__(n, m, rng=rng, **options)
        limit = 1 / np.sqrt(m)
        W_r = rng.uniform(-limit, limit, (p, m)).astype(self.dtype)
        self.W_r = Parameter(W_r)

    def sizes(self) -> dict[str, int]:
        """Return the size of each part of the state: y has p."""
        return {**super().sizes(), "y": self.p}

    def y(self, o: GateValue, c: Tensor) -> Tensor:
        """Return the usual output, projected to R^p."""
        h = super().y(o, c)
        h.name = "h"
        return matvec(self.W_r, h)


class ClippedCell(LSTMCell):
    """The cell state and the output are kept within bounds.

        c = clip(f * c_{t-1} + i * c~, -clip_c, clip_c)
        y = clip(o * tanh(c), -clip_y, clip_y)

    clip_c, clip_y  the bounds (TensorFlow's cell_clip and proj_clip); None for none
    clip_z          a bound for what the activations of the boxes are applied to (part
                    of what ONNX calls clip)

    This changes what the model computes, so it is part of the model, also after
    training. It is not gradient clipping (mg.clip_by_global_norm), which leaves the
    model as it is and shortens one step of training. Where a bound is exceeded, no
    gradient flows: a cell state that is clipped does not learn from it.

    >>> cell = ClippedCell(n=3, m=2, clip_c=0.1, rng=0)
    >>> bool(np.all(np.abs(cell(np.ones(3), cell.start()).c.data) <= 0.1))
    True
    """

    def __init__(
        self,
        *sizes: Any,
        clip_c: float | None = None,
        clip_y: float | None = None,
        clip_z: float | None = None,
        **options: Any,
    ) -> None:
        self.clip_c, self.clip_y, self.clip_z = map(_bound, (clip_c, clip_y, clip_z))
        super().__init__(*sizes, **options)
        for name in self.letters:
            box = getattr(self, name)
            box.activation = clipped(box.activation, self.clip_z)

    def c(self, f: GateValue, c_prev: Tensor, i: GateValue, c_tilde: Tensor) -> Tensor:
        """Return the usual cell state, within bounds."""
        return within(super().c(f, c_prev, i, c_tilde), self.clip_c)

    def y(self, o: GateValue, c: Tensor) -> Tensor:
        """Return the usual output, within bounds."""
        return within(super().y(o, c), self.clip_y)


def within(a: Tensor, bound: float | None) -> Tensor:
    """Return a, or clip(a, -bound, bound) if there is a bound."""
    return a if bound is None else clip(a, -bound, bound)


def clipped(activation: Activation, bound: float | None) -> Activation:
    """Return the activation of what is within the bound.

    >>> clipped(np.abs, 2.0)(np.array([1.0, -3.0]))
    array([1., 2.])
    """
    if bound is None:
        return activation

    @functools.wraps(activation)  # its name and symbol, for explanations
    def bounded(z: Tensor) -> Tensor:
        return activation(within(z, bound))

    return bounded


def _bound(bound: float | None) -> float | None:
    if bound is None or (isinstance(bound, int | float) and bound > 0):
        return bound
    raise explained(
        ValueError,
        f"ClippedCell(..., {bound!r})",
        "a bound b keeps numbers within -b and b.",
        "give a positive number, or None for no bound.",
    )
