"""Truncated backpropagation through time: read k steps, learn, cut, read on.

    y_1 ... y_k, state_k = layer(x_1 ... x_k)              the first piece
    y_(k+1) ... y_2k, state_2k = layer(x_(k+1) ... x_2k, state_k.detach())       ...

The numbers are those of the whole sequence: `detach` keeps them. It forgets how they
were made, so each piece has a tape of its own, that begins with the leaves y_k and c_k,
and nothing flows back past them: the gradient misses whatever reaches further back than
its piece. In return the memory needed is that of k steps, however long the sequence
(Williams and Peng 1990; Sutskever 2013, section 2.8.6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from lstm.masks import Lengths, Mask, padding_mask, require_steps
from lstm.sequences import counting_since, sequence
from lstm.stack import LayerDropout, LayerState
from lstm.state import Numbers, detached
from minigrad import Module, Tensor
from minigrad.habits import taught
from minigrad.messages import explained
from minigrad.types import Array


class Piece(NamedTuple):
    """What a layer made of some of the steps.

    steps  which: a slice, so that target[..., steps, :] belongs to y
    y      the output at these steps
    state  the state after them, not yet cut
    """

    steps: slice
    y: Numbers
    state: LayerState


@taught
def truncated(
    layer: Module,
    x: Numbers,
    k: int,
    state: LayerState = None,
    mask: Mask | None = None,
    lengths: Lengths | None = None,
    dropout: LayerDropout = None,
    between: Sequence[Array | None] | None = None,
) -> Iterator[Piece]:
    """Run a layer over k steps at a time, the state cut between; yield each Piece.

    layer          LSTM, Recurrent, or a Stack of these; none that reads from the end
    x              (B, T, n) or (T, n)
    k              steps in a piece; the last has what is left
    state, mask, lengths, dropout, between      as the layer has them, for all T steps

    Keep no Piece longer than its turn: what it holds is the memory that truncation
    saves.

    >>> from lstm import LSTM
    >>> from minigrad import grad
    >>> layer = LSTM(n=3, m=2, rng=0)
    >>> for piece in truncated(layer, np.ones((7, 3)), k=3):
    ...     gradient = grad((piece.y**2).sum(), layer.parameters())  # and a step
    ...     print(piece.steps, piece.y.shape)
    slice(0, 3, None) (3, 2)
    slice(3, 6, None) (3, 2)
    slice(6, 7, None) (1, 2)
    """
    _require_causal(layer)
    x = sequence(x)
    _require_length(k)
    require_steps(x)
    mask = padding_mask(x, mask, lengths)
    given = {"dropout": dropout, "between": between}
    masks = {name: value for name, value in given.items() if value is not None}
    return _pieces(layer, x, k, state, mask, masks)


def _pieces(
    layer: Module,
    x: Numbers,
    k: int,
    state: LayerState,
    mask: Array | None,
    dropout: Mapping[str, object],
) -> Iterator[Piece]:
    for start in range(0, x.shape[-2], k):
        steps = slice(start, min(start + k, x.shape[-2]))
        real = None if mask is None else mask[..., steps]
        masks = {name: _during(steps, value) for name, value in dropout.items()}
        with counting_since(start):
            y, state = layer(x[..., steps, :], state, mask=real, **masks)
        yield Piece(steps, y, state)
        del y  # not to hold this piece's tape while the next is recorded
        state = _named_after(steps.stop, detached(state))


def _during(steps: slice, masks: Any) -> object:
    """Return the part of dropout masks that belongs to these steps."""
    if masks is None:
        return None
    if isinstance(masks, list | tuple):
        return [_during(steps, each) for each in masks]
    if hasattr(masks, "for_steps"):
        return masks.for_steps(steps)
    return masks[..., steps, :] if np.ndim(masks) > 1 else masks  # refused by the layer


def _named_after(step: int, state: Any) -> Any:
    """Name the leaves of a cut state after the last step that they have seen: y_20."""
    if hasattr(state, "_fields"):
        for field, part in zip(state._fields, state, strict=True):
            if isinstance(part, Tensor):
                part.name = f"{field}_{step}"
    elif state is not None:
        for each in state:
            _named_after(step, each)
    return state


def _require_causal(layer: Module) -> None:
    if getattr(layer, "causal", False):
        return
    over_time = hasattr(layer, "causal")
    raise explained(
        ValueError if over_time else TypeError,
        f"truncated({type(layer).__name__}, ...)",
        {"layer": layer},
        "a layer that reads from the end needs the whole sequence, so its state "
        "cannot be handed from one piece to the next."
        if over_time
        else "it is no layer over time: layer(x, state) returns y and the state "
        "that the next piece begins with.",
        "use layers with reverse=False; or cut the data into pieces and run the "
        "layer on each by itself."
        if over_time
        else "of a cell, Recurrent(cell) is the layer; in the place of Sequential, "
        "Stack(LSTM(n, m), Dense(m, k)) has a state.",
    )


def _require_length(k: object) -> None:
    if isinstance(k, int | np.integer) and not isinstance(k, bool) and k > 0:
        return
    raise explained(
        ValueError,
        f"truncated(layer, x, k={k!r})",
        "k is the number of steps that a gradient may flow back: 1, 2, 3, ...",
        "give a positive integer, such as k=20.",
    )
