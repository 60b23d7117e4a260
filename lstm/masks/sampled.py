"""Dropout and zoneout: masks that are sampled first and then given to the layer.

    between      y^(l)_t * d_t enters the layer above, a new d_t at every step
                 (Zaremba et al. 2014); an array for Stack's `between`
    variational  v_t = [x_t * d_x, y_(t-1) * d_y], the same d_x, d_y at every step
                 (Gal and Ghahramani 2016); a layer's `dropout`
    zoneout      c_t = where(d_t, c_(t-1), the cell's c_t), and y_t likewise: entries
                 keep their old value (Krueger et al. 2017); a layer's `dropout`

d is 0 with the probability `rate`, else 1 / (1 - rate), so that its mean is 1 and
nothing is scaled at test. Zoneout's d is true with the probability `rate`; at test the
state is the mean of both, `zoneout_mean`. A rate of 0 changes nothing, to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lstm.masks.hooks import Variational, Zoneout, ZoneoutMean
from lstm.state import axes
from minigrad.feedforward import generator
from minigrad.habits import taught
from minigrad.messages import a_kind, explained
from minigrad.types import Array, Shape

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from lstm.layer import Recurrent
    from lstm.state import CellState

Rng = np.random.Generator | int


@taught
def between(shape: Shape, rate: float, rng: Rng, dtype: DTypeLike = float) -> Array:
    """Return a mask of this shape: 0 at the rate, elsewhere 1 / (1 - rate).

    >>> between((2, 3), rate=0.5, rng=0)
    array([[2., 0., 0.],
           [0., 2., 2.]])
    """
    _require_rate("rate", rate)
    kept = generator(rng).random(shape) >= rate
    number: type = np.dtype(dtype).type  # so that float32 stays float32
    mask: Array = kept.astype(dtype) / number(1 - rate)
    return mask


@taught
def variational(
    layer: Recurrent,
    batch: Shape = (),
    x: float = 0.0,
    y: float = 0.0,
    *,
    rng: Rng,
) -> Variational:
    """Sample masks for a batch: of x at the rate x, of y_{t-1} at the rate y.

    layer  a Recurrent, such as LSTM(n, m); of a Stack or Bidirectional, each of its own
    batch  (B,), or () for a single sequence

    >>> from lstm import LSTM
    >>> layer = LSTM(n=3, m=4, rng=0)
    >>> dropout = variational(layer, batch=(2,), x=0.2, y=0.5, rng=0)
    >>> dropout.y
    array([[2., 2., 2., 2.],
           [2., 0., 2., 0.]])
    >>> y, state = layer(np.ones((2, 7, 3)), dropout=dropout)
    """
    rng, batch = generator(rng), axes(batch)
    start = _start(layer, batch)
    dtype = start.y.dtype  # a start that is learned is a Tensor
    return Variational(
        x=between((*batch, layer.n), x, rng, dtype),
        y=between(np.shape(start.y), y, rng, dtype),
    )


def zoneout(
    layer: Recurrent, shape: Shape, *unnamed: float, rng: Rng, **rates: float
) -> Zoneout:
    """Sample which entries of the state stay, at a rate for each of its fields.

    layer  a Recurrent, such as LSTM(n, m)
    shape  (B, T), or (T,) for a single sequence
    rates  by the names of the state's fields; 0 where not given

    >>> from lstm import LSTM
    >>> layer = LSTM(n=3, m=2, rng=0)
    >>> dropout = zoneout(layer, (4, 7), y=0.05, c=0.5, rng=0)
    >>> dropout.masks.c.shape, dropout.masks.c.mean().round(1)
    ((4, 7, 2), np.float64(0.4))
    >>> y, state = layer(np.ones((4, 7, 3)), dropout=dropout)
    """
    rng, shape = generator(rng), axes(shape)
    start = _start(layer)
    if unnamed:
        raise _unnamed(start, unnamed)
    rates = _by_field(start, rates)
    widths = zip(rates.values(), start, strict=True)
    return Zoneout(
        type(start)(*(rng.random((*shape, *np.shape(w))) < r for r, w in widths))
    )


def zoneout_mean(layer: Recurrent, **rates: float) -> ZoneoutMean:
    """Return what stands for zoneout at test: no masks, the mean of old and new.

    >>> from lstm import LSTM
    >>> layer = LSTM(n=3, m=2, rng=0)
    >>> y, state = layer(np.ones((7, 3)), dropout=zoneout_mean(layer, y=0.05, c=0.5))
    """
    return ZoneoutMean(_by_field(_start(layer), rates))


def _start(layer: object, batch: Shape = ()) -> CellState:
    """Return the state that a layer begins with; refuse what has several, or none."""
    if hasattr(layer, "start"):
        start: CellState = layer.start(batch)
        return start
    raise explained(
        TypeError,
        f"dropout masks for {a_kind(layer)}",
        {"layer": layer},
        "masks belong to one cell and what it carries; this is a layer of layers."
        if hasattr(layer, "causal")
        else "masks belong to a cell and what it carries; this carries nothing.",
        "sample for each recurrent layer in it: a Stack takes a list of masks, a "
        "Bidirectional takes Directions(forward, backward).",
    )


def _unnamed(start: CellState, rates: Sequence[float]) -> TypeError:
    """Say that each part of a state has a rate of its own."""
    each = ", ".join(f"{name}=0.1" for name in start._fields)
    return explained(
        TypeError,
        f"zoneout at the rate {rates[0]!r}",
        "each part of the state has a rate of its own, given by its name.",
        f"write zoneout(layer, shape, {each}, rng=rng).",
    )


def _by_field(start: CellState, rates: dict[str, float]) -> dict[str, float]:
    """Return a rate for each field of a state, in order."""
    unknown = [name for name in rates if name not in start._fields]
    if unknown:
        raise explained(
            ValueError,
            f"zoneout of {unknown[0]!r}",
            f"the state of this layer has {' and '.join(start._fields)}.",
            f"give a rate by that name, {start._fields[-1]}=0.5.",
        )
    for name, rate in rates.items():
        _require_rate(name, rate)
    return {name: float(rates.get(name, 0.0)) for name in start._fields}


def _require_rate(name: str, rate: float) -> None:
    number = isinstance(rate, int | float | np.number) and not isinstance(rate, bool)
    if number and 0 <= rate < 1:
        return
    raise explained(
        ValueError,
        f"dropout at the rate {name}={rate!r}",
        "the rate is the share of entries that are dropped: 0 <= rate < 1.",
        "give a number such as 0.2; to keep 0.8 of the entries is the rate 0.2.",
    )
