"""What layers over time say of themselves: sizes, formulas, parts by their paths."""

import re

import numpy as np
import pytest
from test_lstm_layer_words import X

import lstm
import minigrad as mg
from lstm import (
    LSTM,
    Bidirectional,
    GRUCell,
    IRNNCell,
    LSTMCell,
    PeepholeCell,
    ProjectedCell,
    Recurrent,
    RNNCell,
    Stack,
    TimeDistributed,
)
from lstm.explain.layers_explained import count
from lstm.foreign_options import CONSTRUCTION

STACK = Stack(
    Bidirectional(LSTM(3, 4)),
    Stack(LSTM(8, 2, hidden={"forget": (6,)}), Recurrent(GRUCell(2, 2))),
    TimeDistributed(mg.Dense(2, 5)),
    Recurrent(ProjectedCell(5, 4, 2), reverse=True),
    mg.Dense(2, 1),
)


COMPOSITES = {
    "stack": STACK,
    "sum of directions": Bidirectional(LSTM(1, 4), merge="sum"),
    "other cells": Stack(Recurrent(PeepholeCell(3, 2)), Recurrent(IRNNCell(2, 7))),
    "one step at a time": TimeDistributed(mg.Dense(2, 1)),
}


every_composite = pytest.mark.parametrize("layer", COMPOSITES.values(), ids=COMPOSITES)


@every_composite
def test_the_formulas_count_the_parameters(layer):
    explanation = layer.explanation()
    assert explanation.total == sum(p.size for p in layer.parameters())
    counted = 0
    for part in explanation.parts:
        text = count(part.layer)
        *_, formula, told = text.split(",")[0].split(" = ")
        formula = re.sub(r"(\d)\(", r"\1 * (", formula.replace("^", "**"))
        assert eval(formula) == int(told)
        counted += int(text.split()[-1])
    assert counted == explanation.total


@every_composite
def test_the_explanation_says_the_sizes_that_are_seen(layer, capsys):
    layer.explain()
    text = capsys.readouterr().out
    assert max(map(len, text.split("\n"))) <= 88
    n, m = map(int, re.search(r"reads R\^(\d+), says R\^(\d+)\.", text).groups())
    y = layer(np.ones((3, n)))
    assert (y[0] if isinstance(y, tuple) else y).shape == (3, m)


def test_the_explanation_names_parts_by_their_paths_and_says_what_they_carry():
    text = " ".join(str(STACK.explanation()).split())
    for words in (
        "layers.0.forth LSTMCell, x_1 first 3 4 y, c in R^4 128",
        "layers.0.back LSTMCell, x_T first 3 4 y, c in R^4 128",
        "layers.1.layers.0 LSTMCell, x_1 first 8 2 y, c in R^2 146",
        "layers.1.layers.1 GRUCell, x_1 first 2 2 y in R^2 30",
        "layers.2 Dense, at every step 2 5 nothing 15",
        "layers.3 ProjectedCell, x_T first 5 2 y in R^2; c in R^4",
        "layers.0.forth: 4(nm + m^2 + m) = 4(3*4 + 4^2 + 4) = 128",
        "merge='concat': forth has seen x_1, ..., x_t",
        "y_t of one is x_t of the next",
    ):
        assert words in text


def test_advice_that_is_code_can_be_followed():
    advice = " ".join(CONSTRUCTION.values())
    options = re.findall(r"activations=(\{.*?\})", advice)
    for each in options:
        chosen = eval(each, {"mg": mg, "f": mg.tanh})
        cell = RNNCell if set(chosen) == {"output"} else LSTMCell
        y, _ = Recurrent(cell(3, 2, activations=chosen))(X)
        assert y.shape == (4, 5, 2)
    assert len(options) == 3
    for name in re.findall(r"\b(?:[A-Z]\w*)?(?:Cell|Recurrent|Stack)\b", advice):
        assert hasattr(lstm, name), name
