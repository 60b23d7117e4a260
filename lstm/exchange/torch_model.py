"""The parts of a PyTorch model: recurrent ones, dense ones, functions between them.

A state dict names its arrays by the part that they belong to, `head.weight`; which kind
of part that is, its arrays tell. A module tells more: what has no weights, a ReLU, and
the order in which an nn.Sequential calls its parts. What the `forward` of a module of
somebody's own does, neither tells; where that leaves two readings, both are named and
`into` decides.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lstm.exchange.fitting import read, refuse
from lstm.exchange.models import FUNCTIONS, Layer, layers_of
from lstm.exchange.sources import source_name
from lstm.explain.layers_explained import width_in, width_out
from minigrad import Dense, Module
from minigrad.messages import explained
from minigrad.tensor import Array

RECURRENT = ("LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell")
MANY = 6  # parts whose possible orders are tried
LAYERS = ("recurrent", "dense")
IDLE = ("Identity", "Dropout", "Dropout1d")  # they change nothing once trained
WRAPPED = {"DataParallel": "module", "DistributedDataParallel": "module"}
WRAPPED["OptimizedModule"] = "_orig_mod"


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a model.

    name      what its arrays' names begin with: "head.", or ""
    kind      "recurrent", "dense", "function", or "unknown"
    arrays    by their names below
    module    the module itself, where it was given
    order     the nn.Sequential that calls it, where that is known
    """

    name: str
    kind: str
    arrays: Mapping[str, Array]
    module: object = None
    order: str | None = None

    @property
    def depth(self) -> int:
        """Return how many layers one upon another it stands for."""
        names = (name.partition("_l")[2].partition("_")[0] for name in self.arrays)
        return len({name for name in names if name.isdigit()}) or 1

    def __str__(self) -> str:
        return self.name.rstrip(".") or "the weights"


def unwrapped(module: object) -> object:
    """Return what DataParallel, or torch.compile, was given."""
    while (inside := WRAPPED.get(type(module).__name__)) and hasattr(module, inside):
        module = getattr(module, inside)
    return module


def parts_of(
    asked: str, given: Mapping[str, Any], module: object, is_known: bool
) -> list[Part]:
    """Return the parts in order; refuse arrays and modules that are none of these.

    is_known  whether somebody says what the model is: then only what has weights counts
    """
    parts = list(_from_names(given) if module is None else _from_module(given, module))
    parts = [part for part in parts if part.arrays or not is_known]
    known = {part.name + name for part in parts for name in part.arrays}
    layers = [part.name for part in parts if part.name and part.kind in LAYERS]
    refuse(
        asked,
        "there are parts that cannot be built here; a recurrent layer has weight_ih_l0 "
        "and weight_hh_l0, a dense one weight (m, n) and bias (m,):",
        [
            *(
                f"{part}{_named_kind(part.module)}: {_shapes(part)}"
                for part in parts
                if part.kind == "unknown"
            ),
            *(
                f"{name}: {tuple(np.shape(given[name]))}"
                for name in given
                if name not in known
            ),
        ],
        "pick out a part by the beginning of its names: "
        + " or ".join(f"prefix={name!r}" for name in layers)
        + "."
        if layers
        else "convert what there is of LSTM, GRU, RNN and Linear, each by itself; of "
        f"functions there are {', '.join(FUNCTIONS)}.",
    )
    arrays = read(asked, given)
    return [
        replace(part, arrays={name: arrays[part.name + name] for name in part.arrays})
        for part in parts
    ]


def require_one_reading(asked: str, parts: Sequence[Part], module: object) -> None:
    """Refuse parts that could be put together in two ways."""
    whole = (
        "into=Stack(LSTM(n, m), ..., Dense(m, k)), the model as it is meant, decides."
    )
    recurrent = [str(part) for part in parts if part.kind == "recurrent"]
    if len(recurrent) > 1:
        _two(
            asked,
            f"{' and '.join(recurrent)} may read one what the other makes, or each "
            "something else, as an encoder and a decoder do.",
            f"{whole} prefix={recurrent[0] + '.'!r} takes one of them.",
        )
    dense = [part for part in parts if part.kind == "dense"]
    for part in dense:
        if module is None and "bias" not in part.arrays:
            _two(
                asked,
                f"{part.name}weight {part.arrays['weight'].shape} without a bias may "
                "be a dense layer, or the table of an embedding.",
                f"{whole} Or give the module, which knows; or a prefix of other parts.",
            )
    for below, above in itertools.pairwise(parts):
        sure = below.order is not None and below.order == above.order
        if below.kind == above.kind == "dense" and not sure:
            _two(
                asked,
                f"between {below} and {above} there may be a function, such as relu, "
                "or none: "
                + (
                    "a state dict holds weights alone."
                    if module is None
                    else "what forward calls by itself cannot be seen."
                ),
                "into=Sequential(Dense(n, k, mg.relu), Dense(k, m)), the model as it "
                "is meant, decides; so does an nn.Sequential of all, given itself.",
            )


def in_order(
    asked: str, pairs: list[tuple[Part, list[Layer]]], sorted_by_name: bool
) -> list[tuple[Part, list[Layer]]]:
    """Return the parts in an order in which each reads what the one before makes."""
    orders = [
        order
        for order in itertools.permutations(pairs[:MANY])
        if all(
            width_out(one[-1]) == width_in(other[0])
            for (_, one), (_, other) in itertools.pairwise(order)
        )
    ]
    if (
        len(pairs) > MANY
        or not orders
        or (orders[0] == tuple(pairs) and not sorted_by_name)
    ):
        return pairs
    choices = [" and ".join(str(part) for part, _ in order) for order in orders[:2]]
    refuse(
        asked,
        "there are two readings, for names say no order, and by their sizes the parts "
        "could stand in several:",
        choices if len(orders) > 1 else [],
        "into=, the model as it is meant, decides; so does the module itself.",
    )
    return list(orders[0])


def matched(
    asked: str, parts: Sequence[Part], into: Module
) -> list[tuple[Part, list[Layer]]]:
    """Return each part with the layers of an existing model that it goes to."""
    layers: list[Layer] = [e for e in layers_of(into) if isinstance(e, Module)]
    if len(parts) == 1 and not any(isinstance(each, Dense) for each in layers):
        return [(parts[0], layers)]  # what is unlike, names tell
    pairs, rest = [], layers
    for part in parts:
        found, rest = rest[: part.depth], rest[part.depth :]
        if "weight_ih" in part.arrays:  # of an nn.LSTMCell
            found = [getattr(each, "cell", each) for each in found]
        pairs.append((part, found))
    alike = all(
        len(found) == part.depth
        and all(isinstance(each, Dense) == (part.kind == "dense") for each in found)
        for part, found in pairs
    )
    refuse(
        asked,
        "the model must have the same layers in the same order:",
        []
        if alike and not rest
        else [
            "here: " + ", ".join(type(each).__name__ for each in layers),
            "given: " + ", ".join(f"{part} ({part.kind})" for part in parts),
        ],
        "build a model of these parts; or prefix='lstm.' picks out one of them.",
    )
    return pairs


def _two(asked: str, why: str, fix: str) -> None:
    raise explained(ValueError, asked, f"there are two readings: {why}", fix)


def _from_names(given: Mapping[str, Any]) -> Iterator[Part]:
    groups: dict[str, dict[str, Any]] = {}
    for path, array in given.items():
        parent, dot, name = path.rpartition(".")
        groups.setdefault(parent + dot, {})[name] = array
    for name, arrays in groups.items():
        yield Part(name, _kind_of_arrays(arrays), arrays)


def _kind_of_arrays(arrays: Mapping[str, Array]) -> str:
    if any(name.startswith("weight_ih") for name in arrays):
        return "recurrent"
    dense = set(arrays) in ({"weight"}, {"weight", "bias"})
    return "dense" if dense and np.ndim(arrays["weight"]) == 2 else "unknown"


def _from_module(
    given: Mapping[str, Any],
    module: Any,
    path: str = "",
    order: str | None = None,
) -> Iterator[Part]:
    name = _class_name(module)
    named_children = getattr(module, "named_children", None)
    children = list(named_children()) if callable(named_children) else []
    arrays = {
        below.removeprefix(path): array
        for below, array in given.items()
        if below.startswith(path)
    }
    if name in IDLE:
        return
    if name in RECURRENT or name == "Linear":
        kind = "recurrent" if name in RECURRENT else "dense"
        yield Part(path, kind, arrays, module, order)
    elif name and name.lower() in FUNCTIONS:
        plain = getattr(module, "dim", -1) == -1 and getattr(module, "beta", 1) == 1
        yield Part(path, "function" if plain else "unknown", {}, module, order)
    elif not children:
        yield Part(path, "unknown", arrays, module, order)
    for child, below in children:
        inside = path if name == "Sequential" else None
        yield from _from_module(given, below, f"{path}{child}.", inside)


def _class_name(module: object) -> str:
    """Return which of PyTorch's own classes this is, "" if none."""
    if hasattr(module, "original_name"):  # of TorchScript
        return str(module.original_name)
    own = (c for c in type(module).__mro__ if c.__module__.startswith("torch.nn"))
    name = next((c.__name__ for c in own), "")
    return "" if name == "Module" else name


def _named_kind(module: object) -> str:
    return "" if module is None else f" ({source_name(module)})"


def _shapes(part: Part) -> str:
    shapes = (f"{k} {tuple(np.shape(each))}" for k, each in part.arrays.items())
    return ", ".join(shapes) or "no weights"
