"""The layers of a Keras model: recurrent ones, dense ones, functions between them.

A layer says by its `get_config()` what it computes, so the layer that is built here has
its activations, its directions, and y at every step or at the last one. A model says
how its layers are connected; one with branches is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lstm.bidirectional import Bidirectional
from lstm.cell import Cell, LSTMCell
from lstm.exchange.fitting import read, refuse
from lstm.exchange.keras_lists import (
    DIRECTIONS,
    INTO,
    KINDS,
    RECURRENT,
    Part,
    names_of,
)
from lstm.exchange.models import FUNCTIONS, dense, new_cell
from lstm.exchange.sources import is_keras, source_name
from lstm.gate import Activation
from lstm.layer import LSTM, Recurrent
from lstm.others import GRUCell, ResetAfterGRUCell, RNNCell
from lstm.variants import linear
from minigrad.messages import explained

ACTIVATIONS = ("Activation", "ReLU", "Softmax")  # layers that are a function
IDLE = ("InputLayer", "Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout")
GATES = {
    "LSTM": ("forget", "input", "output"),
    "GRU": ("reset", "update"),
    "SimpleRNN": (),
}
OTHERS = {
    "LSTM": ("candidate", "state"),
    "GRU": ("candidate",),
    "SimpleRNN": ("output",),
}
MERGES = {"concat": "concat", "sum": "sum", "mul": "mul", "ave": "average", None: None}


def parts_of_layers(asked: str, layers: Sequence[object], is_known: bool) -> list[Part]:
    """Return the parts of Keras layers or models, in order; refuse all others.

    is_known  whether somebody says what the model is: then only what has weights counts
    """
    flat = [each for layer in layers for each in _flat(asked, layer, is_known)]
    parts = [
        (layer, _part_of(asked, layer)) for layer in flat if _word(layer) not in IDLE
    ]
    refuse(
        asked,
        "these layers are none that can be built here:",
        (
            f"{_name(layer)}: {_unknown(layer)}"
            for layer, part in parts
            if part is None and not (is_known and not layer.get_weights())
        ),
        "convert the layers around them: from_keras(model.layers[1:]), from_keras("
        "layer).",
    )
    return [part for _, part in parts if part is not None]


def _flat(asked: str, layer: Any, is_known: bool) -> Iterator[Any]:
    """Yield the layers of a model in the order of its graph, which has no branches."""
    if not hasattr(layer, "layers"):
        yield layer
        return
    if not is_known:
        _require_line(asked, layer)
    for each in layer.layers:
        yield from _flat(asked, each, is_known)


def _require_line(asked: str, model: Any) -> None:
    """Refuse a model whose layers do not read each what the one before makes."""
    classes = {each.__name__ for each in type(model).__mro__}
    names = [layer.name for layer in model.layers]
    problems = []
    if "Functional" in classes and "Sequential" not in classes:
        for below, entry in zip(
            [None, *names], model.get_config()["layers"], strict=False
        ):
            read_from = set(_history(entry["inbound_nodes"]))
            calls = len(entry["inbound_nodes"])
            if read_from - {below} or calls > 1:
                problems.append(f"{entry['name']} reads {' and '.join(read_from)}")
    elif "Sequential" not in classes:
        word = [_word(layer) for layer in model.layers]
        several = (
            sum(each in (*RECURRENT.values(), "Bidirectional") for each in word) > 1
        )
        problems += (
            [f"what {type(model).__name__}.call does with them"] if several else []
        )
    refuse(
        asked,
        "the layers must stand one upon another; here it is otherwise, or not known:",
        problems,
        f"convert the layers by themselves, from_keras(layer); or {INTO}",
    )


def _history(node: Any) -> Iterator[str]:
    """Yield the names of the layers whose results a call of Keras reads."""
    if isinstance(node, Mapping):
        if "keras_history" in node:
            yield str(node["keras_history"][0])
        for each in node.values():
            yield from _history(each)
    elif isinstance(node, list | tuple):
        for each in node:
            yield from _history(each)


def _part_of(asked: str, layer: Any) -> Part | None:
    word, config = _word(layer), layer.get_config()
    if word in ACTIVATIONS:
        name = config.get("activation", word.lower())
        plain = not any(
            config.get(k) for k in ("max_value", "negative_slope", "threshold")
        )
        axis = config.get("axis", -1) == -1
        return (
            Part("function", options={"activation": name}) if plain and axis else None
        )
    if word == "TimeDistributed":
        inner = config["layer"]
        word, config = inner["class_name"], inner["config"]
        if word != "Dense":
            return None
    if word == "RNN":
        cell = config["cell"]
        config = {**cell["config"], **config}
        word = cell["class_name"].removesuffix("Cell")
    kind = word
    if word == "Bidirectional":
        kind = config["layer"]["class_name"]
    if kind not in (*RECURRENT.values(), "Dense"):
        return None
    weights = layer.get_weights()
    refuse(
        asked,
        "a layer has weights once it knows the size of x:",
        [] if weights else [f"{_name(layer)} has none"],
        "build it first: layer.build((None, None, n)), or call the model on some x.",
    )
    named = dict(zip(names_of(kind, len(weights)), weights, strict=True))
    return Part(kind, read(asked, named), config)


def _word(layer: object) -> str:
    """Return which of Keras's classes this is, or the nearest of its parents."""
    known = (*RECURRENT.values(), "Bidirectional", "RNN", "Dense", "TimeDistributed")
    names = [each.__name__ for each in type(layer).__mro__]
    return next((n for n in names if n in (*known, *ACTIVATIONS, *IDLE)), names[0])


def _name(layer: object) -> str:
    return str(getattr(layer, "name", type(layer).__name__))


def _unknown(layer: object) -> str:
    word = type(layer).__name__
    if word == "Masking":
        return "a Masking layer; a mask is given to the call here: model(x, mask=mask)"
    return source_name(layer)


def are_layers(source: Any) -> bool:
    """Return whether this is a list of Keras layers."""
    several = isinstance(source, list | tuple) and bool(source)
    return several and all(map(is_keras, source))


def layer_of_part(asked: str, k: int, part: Part) -> Any:
    """Return a layer with room for the arrays of a part, that computes what it does."""
    options = part.options or {}
    if part.kind in ("function", "Dense"):
        function = _function(asked, options.get("activation", "linear"))
        if part.kind == "function":
            return function
        return dense(part.arrays["kernel"].T, None, function)
    if "merge_mode" not in options:
        ways = [options] * (1 + part.both)
    else:
        ways = [options[name]["config"] for name in ("layer", "backward_layer")]
    layers = []
    for second, (direction, way) in enumerate(zip(DIRECTIONS, ways, strict=False)):
        cell = _cell(asked, f"{k}.{direction}", part, way)
        reverse = bool(way.get("go_backwards", second))
        _require_order(asked, k, way, reverse, both=part.both)
        outputs = "zero" if way.get("zero_output_for_mask") else "hold"
        outputs = outputs if way.get("return_sequences", True) else "last"
        make = LSTM if isinstance(cell, LSTMCell) else Recurrent
        layers.append(make(cell, reverse=reverse, outputs=outputs))
    if not part.both:
        return layers[0]
    forth, back = layers
    return Bidirectional(forth, back, MERGES[options.get("merge_mode", "concat")])


def _cell(asked: str, name: str, part: Part, options: Mapping[str, Any]) -> Cell:
    direction = name.partition(".")[2]
    kernel, recurrent = (part.arrays[f"{direction}.{kind}"] for kind in KINDS[:2])
    bias = part.arrays.get(f"{direction}.bias")
    after = options.get("reset_after", None if bias is None else bias.ndim == 2)
    if part.kind == "GRU" and after is None:
        raise explained(
            ValueError,
            asked,
            {f"{name}.kernel": kernel},
            "there are two readings: without a bias, nothing tells a GRUCell, that "
            "resets before its matrix, from a ResetAfterGRUCell, Keras's default.",
            "into=Recurrent(ResetAfterGRUCell(n, m)) or into=Recurrent(GRUCell(n, "
            "m)) decides; the layer itself knows, too.",
        )
    classes = {4: LSTMCell, 3: ResetAfterGRUCell if after else GRUCell, 1: RNNCell}
    words = {
        **dict.fromkeys(GATES[part.kind], options.get("recurrent_activation")),
        **dict.fromkeys(OTHERS[part.kind], options.get("activation")),
    }
    activations = {
        box: _function(asked, word) or linear for box, word in words.items() if word
    }
    label = f"{name}, transposed"
    return new_cell(
        asked, label, kernel.T, recurrent.T, classes, activations=activations
    )


def _function(asked: str, word: str) -> Activation | None:
    """Return the function of that name here."""
    refuse(
        asked,
        "an activation must be one that is known here by its name:",
        [] if word in FUNCTIONS else [str(word)],
        f"known are {', '.join(FUNCTIONS)}; with into=, a model has any function.",
    )
    return FUNCTIONS[word]


def _require_order(
    asked: str, k: int, options: Mapping[str, Any], reverse: bool, both: bool
) -> None:
    """Refuse what Keras returns in the order in which it was made, the end first."""
    refuse(
        asked,
        "y stays at the steps that it belongs to:",
        [f"layer {k} has go_backwards=True and return_sequences=True"]
        if reverse and options.get("return_sequences") and not both
        else [],
        "into=LSTM(n, m, reverse=True) has this y reversed: y[:, ::-1].",
    )
