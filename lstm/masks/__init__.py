"""Masks: which steps are real, and what is dropped; all of them are given.

A layer over time draws no random numbers. So running it again gives the same numbers,
gradient checks check one function, and a proof speaks about what ran.

    padding   which steps are real: masks, lengths, and the last real step
    hooks     what is done around the cell at each step: the state is frozen, entries of
              x_t and y_{t-1} are dropped, entries of the state keep their old value
    sampled   dropout and zoneout: drawing the masks for such a hook
"""

from lstm.masks.hooks import (
    Dropout,
    Frozen,
    StepHook,
    Variational,
    Zoneout,
    ZoneoutMean,
    chosen,
    step_hooks,
)
from lstm.masks.padding import (
    Lengths,
    Mask,
    checked_lengths,
    last,
    padding_mask,
    require_steps,
    zero_padded,
)
from lstm.masks.sampled import between, variational, zoneout, zoneout_mean

__all__ = [
    "Dropout",
    "Frozen",
    "Lengths",
    "Mask",
    "StepHook",
    "Variational",
    "Zoneout",
    "ZoneoutMean",
    "between",
    "checked_lengths",
    "chosen",
    "last",
    "padding_mask",
    "require_steps",
    "step_hooks",
    "variational",
    "zero_padded",
    "zoneout",
    "zoneout_mean",
]
