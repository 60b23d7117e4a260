"""Words of PyTorch and Keras that are typed here: what to write in their place.

An option that a layer does not have may be one that people know from elsewhere. Such a
word is answered with what it is called here, or where it went: into another layer, into
the call, or nowhere, because it is always so.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from minigrad.feedforward import require_sizes
from minigrad.habits import nearest
from minigrad.messages import explained

SIZES = "n is the size of x_t and m that of y_t, which Keras calls units."
ALWAYS = "every call returns both, y at all steps and the state: y, state = layer(x)."
BATCH_FIRST = "x is always (B, T, n), or (T, n); x.transpose(1, 0, 2) turns (T, B, n)."
MASKS = "masks are sampled first and given to the call: lstm.masks."
START = 'init="glorot", "keras" or "torch" starts all weights.'
CONSTRAINT = "change p.data after each step, for each p in parameters()."
PENALTY = "add it to the loss."
SAME = "there is nothing to choose: leave it away."
BETWEEN = "y, state = layer(x, state)"

CONSTRUCTION = {
    "units": SIZES,
    "input_size": SIZES,
    "hidden_size": SIZES,
    "input_dim": SIZES,
    "input_shape": SIZES,
    "output_dim": SIZES,
    "features": SIZES,
    "num_layers": "a Stack has as many layers as it is given.",
    "bidirectional": "Bidirectional(layer) reads both ways.",
    "batch_first": BATCH_FIRST,
    "time_major": BATCH_FIRST,
    "return_sequences": ALWAYS + ' y of the last step alone: outputs="last".',
    "return_state": ALWAYS,
    "go_backwards": "reverse=True; y stays in the order of x.",
    "stateful": f"hand the state on: {BETWEEN}; state.detach() cuts the gradient.",
    "dropout": MASKS,
    "recurrent_dropout": MASKS,
    "activation": 'activations={"candidate": f, "state": f}.',
    "recurrent_activation": 'activations={"forget": f, "input": f, "output": f}.',
    "nonlinearity": 'activations={"output": mg.relu}, or an IRNNCell.',
    "bias": "a box always has its b; leave it out of what you train, if it shall stay.",
    "use_bias": "a box always has its b; leave it out of what you train.",
    "proj_size": "Recurrent(ProjectedCell(n, m, p)).",
    "reset_after": "GRUCell resets before the matrix, ResetAfterGRUCell after it.",
    "kernel_initializer": START,
    "recurrent_initializer": START,
    "bias_initializer": START,
    "unit_forget_bias": "forget_bias=1.0 or 0.0.",
    "kernel_regularizer": PENALTY,
    "recurrent_regularizer": PENALTY,
    "bias_regularizer": PENALTY,
    "activity_regularizer": PENALTY,
    "kernel_constraint": CONSTRAINT,
    "recurrent_constraint": CONSTRAINT,
    "bias_constraint": CONSTRAINT,
    "zero_output_for_mask": 'outputs="zero".',
    "merge_mode": "Bidirectional(layer, merge=...).",
    "seed": "rng=0, or a Generator.",
    "name": "a part is called after where it is in the model; layer.label = ...",
    "device": "it runs where NumPy runs: leave it away.",
    "trainable": "give the optimizer only what shall change.",
    "unroll": SAME,
    "implementation": SAME,
    "use_cudnn": SAME,
    "backward_layer": "Bidirectional(forth, back).",
    "layer": "Bidirectional(forth, back), TimeDistributed(module).",
}

NO_STATE = "y, state = layer(x)  # a layer keeps no state; hand it on, or leave it out"
FIRST = "layer.start((4,))  # the state to begin with, for a batch of 4"
THERE = (
    "to_torch(layer)  # of lstm.exchange; a gate has its own, as layer.cell.forget.W"
)
KERNEL = "to_keras(layer)  # of lstm.exchange; a gate has its own: layer.cell.forget.W"
LAYER = {  # names that a layer over time has elsewhere: see foreign_names.py
    **dict.fromkeys(("hidden_size", "units", "output_size"), "layer.m"),
    **dict.fromkeys(("input_size", "input_dim"), "layer.n"),
    **dict.fromkeys(("weight_ih_l0", "weight_hh_l0"), THERE),
    **dict.fromkeys(("bias_ih_l0", "bias_hh_l0"), THERE),
    **dict.fromkeys(("kernel", "recurrent_kernel", "bias"), KERNEL),
    "num_layers": "1  # several are in a Stack: len(stack.layers)",
    "bidirectional": "False  # both directions are in a Bidirectional",
    "batch_first": "True  # x is always (B, T, n), or (T, n)",
    **dict.fromkeys(("return_sequences", "return_state"), NO_STATE),
    **dict.fromkeys(("reset_states", "reset_state", "stateful"), NO_STATE),
    **dict.fromkeys(("init_hidden", "initHidden", "zero_state"), FIRST),
    **dict.fromkeys(("get_initial_state", "initialize_carry", "begin_state"), FIRST),
    "flatten_parameters": "  # every gate has arrays of its own",
    "reset_parameters": "LSTM(3, 2, rng=0)  # numbers are drawn when a layer is made",
    "build": "  # the sizes are given when a layer is made",
    "go_backwards": "layer.reverse",
    "letters": "layer.cell.letters",
}

PART = "state.y  # a state is a tuple: go on with one of its parts"
STATE_NAMES = {  # that a state has elsewhere, or that belong to its parts
    **dict.fromkeys(("h", "hx", "hidden", "hidden_state"), "state.y  # the output"),
    **dict.fromkeys(("cell", "cell_state", "cx", "memory"), "state.c"),
    **dict.fromkeys(("shape", "ndim", "size", "dtype", "sum", "mean"), PART),
    **dict.fromkeys(("backward", "reshape", "numpy", "item", "T"), PART),
}

# What `_here` writes in our words, and what makes no difference here.
SAID = {
    *("units", "input_size", "hidden_size", "num_layers", "bidirectional"),
    *("batch_first", "time_major", "return_sequences", "return_state", "go_backwards"),
    *("reset_after", "device", "unroll", "implementation", "use_cudnn"),
}
USUAL = {  # options that are left out where they are as usual
    "bias": True,
    "use_bias": True,
    "trainable": True,
    "stateful": False,
    "unit_forget_bias": True,
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "proj_size": 0,
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "nonlinearity": "tanh",
}

STATE = "the state is the second argument: layer(x, state), a State(y, c)."
CALL = {
    "initial_state": STATE,
    "initial_carry": STATE,
    "hx": STATE,
    "h_0": STATE,
    "hidden": STATE,
    "carry": STATE,
    "states": STATE,
    "state": "a Stack takes a list of them: stack(x, states).",
    "training": "a layer computes the same in training: pass dropout=, or leave it.",
    "deterministic": "pass dropout= in training, and leave it away otherwise.",
    "sequence_length": "lengths=, (B,) integers.",
    "seq_lengths": "lengths=, (B,) integers.",
    "batch_sizes": "lengths=, (B,) integers.",
    "between": "a Stack has gaps between its layers, one layer has none.",
}


def refuse_options(
    asked: str,
    given: Mapping[str, object],
    known: Collection[str],
    table: Mapping[str, str] = CONSTRUCTION,
    sizes: Sequence[object] = (),
    instead: str = "",
) -> None:
    """Raise TypeError if any option was given that this part does not know.

    asked    what was called, "LSTM"
    given    the options that it does not know
    known    the names of those that it knows
    sizes    what else it was called with
    instead  what to write where all of them are words from elsewhere
    """
    if not given:
        return
    words = [*map(repr, sizes), *(f"{k}={_brief(v)}" for k, v in given.items())]
    if len(", ".join(words)) > 50:
        words = [*map(repr, sizes), "..."]
    lines = (_line_of(name, known, table) for name in given)
    elsewhere = instead and all(
        _is_said_here(name, value) for name, value in given.items()
    )
    raise explained(
        TypeError,
        f"{asked}({', '.join(words)})",
        "\n".join(["for this there are other words here:", *lines]),
        f"write {instead}." if elsewhere else f"the options: {', '.join(known)}.",
    )


def _is_said_here(name: str, value: object) -> bool:
    """Return whether `_here` says what this option asks for, or it asks for nothing."""
    plain = value is None or isinstance(value, bool | int | float | str)
    usual = name in USUAL and plain and value in (None, USUAL[name])
    return name in SAID or usual


def _brief(value: object) -> str:
    return repr(value) if isinstance(value, int | float | str | None) else "..."


def _line_of(name: str, known: Collection[str], table: Mapping[str, str]) -> str:
    near = nearest(name, known)
    text = "there is no such option" + (f"; perhaps {near}?" if near else ".")
    return textwrap.fill(
        f"{name}: {table.get(name, text)}",
        width=88,
        initial_indent=" " * 8,
        subsequent_indent=" " * 10,
        break_long_words=False,
    )


def sizes_of(
    kind: str,
    n: int | None,
    m: int | None,
    foreign: Mapping[str, object],
    known: Collection[str],
) -> tuple[int, int]:
    """Return the two sizes; refuse others' options, and sizes that are none."""
    sizes = [each for each in (n, m) if each is not None]
    here = _here(kind, n, m, foreign)
    refuse_options(kind, foreign, known, sizes=sizes, instead=here)
    if m is None or n is None:
        raise explained(
            TypeError,
            f"{kind}({', '.join(map(repr, sizes))})",
            f"there are two sizes, and both are given: {SIZES}",
            f"write {here}; of a cell of your own, LSTM(cell) and nothing else but "
            "reverse and outputs."
            if kind == "LSTM"
            else f"write {here}.",
        )
    require_sizes(kind, n=n, m=m)
    return int(n), int(m)


def _here(kind: str, n: object, m: object, foreign: Mapping[str, object]) -> str:
    """Return how that is written here: Stack(LSTM(3, 2), LSTM(2, 2))."""
    n = foreign.get("input_size", n)
    m = foreign.get("units", foreign.get("hidden_size", m))
    if m is None and n is not None and "input_size" not in foreign:
        n, m = None, n  # one size alone is Keras's units
    n, m = "n" if n is None else n, "m" if m is None else m
    if foreign.get("reset_after"):
        kind = "ResetAfterGRUCell"
    options = ", reverse=True" if foreign.get("go_backwards") else ""
    if foreign.get("return_sequences") is False:
        options += ', outputs="last"'
    both, layers = foreign.get("bidirectional"), foreign.get("num_layers", 1)
    above = (2 * m if isinstance(m, int) else "2m") if both else m
    reads = [n, *[above] * (layers - 1 if isinstance(layers, int) else 0)]
    each = [f"{kind}({size}, {m}{options})" for size in reads[:3]]
    each = [f"Bidirectional({one})" for one in each] if both else each
    more = ", ..." if len(reads) > 3 else ""
    return f"Stack({', '.join(each)}{more})" if len(reads) > 1 else each[0]


def known_direction(reverse: object) -> bool:
    """Return whether to read from the end; refuse what is no yes or no."""
    if isinstance(reverse, bool | np.bool_):
        return bool(reverse)
    raise explained(
        TypeError,
        f"a layer with reverse={reverse!r}",
        "reverse is True or False: does the layer read from the end?",
        "layers upon another, PyTorch's num_layers, are a Stack(LSTM(n, m), "
        "LSTM(m, m)); options are given by name.",
    )
