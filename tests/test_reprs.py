"""Whatever a user holds says what it is, in a terminal and in a notebook."""

import functools
import html
import inspect
import re

import numpy as np
import pytest
from every import every

import lstm
import minigrad as mg
from lstm import masks
from lstm.experiments import tasks
from lstm.experiments.recipe import Recipe
from lstm.experiments.tasks.sunspots import Autoregression, series, windows
from lstm.experiments.training import Training
from minigrad.drawing import VIEWS
from minigrad.mistakes import MISTAKES

SIZES = {lstm.ProjectedCell: (3, 2, 1)}
X = np.ones((4, 3))


def readings():
    """What the engine returns."""
    w, x = mg.Parameter(np.ones(3), "w"), mg.Tensor(np.ones(3), "x")
    with mg.checked():
        loss = mg.sum(mg.tanh(w * x))
    loss.name = "L"
    derivation = mg.derive(loss)
    yield from (w, loss, mg.Tape(loss), derivation, list(derivation), derivation.check)
    yield mg.derive(mg.tanh(mg.Tensor(1.0, "a")), level="scalar")
    yield from (mg.prove(loss), mg.prove_equal(mg.tanh, mg.tanh, (2,)))
    yield from (mg.draw(loss), VIEWS, mg.explore(loss), mg.recording())
    yield from (mg.compile(mg.tanh, x), mg.compile(mg.tanh, x).program)
    yield from (mg.no_grad(), mg.scope("cell", 3), mg.checked(), mg.TABLE)
    yield from (mg.grad(loss, {"w": w}), mg.jvp(mg.tanh, (x,), (x,)))
    for kind in (mg.SGD, mg.Adam, mg.AdamW, mg.RMSprop):
        yield kind([w], learning_rate=0.1)
    try:
        mg.prove_equal(mg.tanh, mg.sin, (2,))
    except mg.NotEqual as failure:
        yield from (failure, vars(failure))


def models():
    """Modules, and what they return."""
    dense = mg.Dense(3, 2, mg.tanh)
    yield from (dense, mg.Sequential(dense), mg.Sequential(dense)(X))
    cells = [each for each in public(lstm) if issubclass(each, lstm.Cell)]
    for cell in (kind(*SIZES.get(kind, (3, 2))) for kind in cells if kind != lstm.Cell):
        layer = lstm.Recurrent(cell)
        yield from (cell, cell.start(), layer, layer.explanation(), layer(X))
        yield from vars(cell).values()
    layer, back = lstm.LSTM(3, 2), lstm.LSTM(3, 2, reverse=True)
    stack = lstm.Stack(layer, mg.Dense(2, 1))
    for composite in (stack, lstm.Bidirectional(layer, back), layer):
        yield from (composite, composite.explanation(), composite(X))
    yield from (lstm.TimeDistributed(dense), list(lstm.truncated(layer, X, 2)))
    yield layer.explanation().formula
    yield masks.variational(layer, x=0.1, rng=0)
    yield masks.zoneout(layer, (4,), y=0.1, rng=0)
    yield masks.zoneout_mean(layer, y=0.1)


def training():
    """What there is to train, and what training leaves."""
    run = Training(tasks.Parity(updates=2), Recipe(hidden=2, epochs=1)).run()
    yield from (run, run.history, run.progress, run.optimizer, run.model, run.recipe)
    yield from (run.task.test(run.model), run.task.baselines(), MISTAKES)
    yield Autoregression(windows(*series()))
    yield from (each() for each in public(tasks) if issubclass(each, tasks.Task))


def public(package):
    """The classes that a package offers."""
    names = getattr(package, "__all__", vars(package))
    found = {name: getattr(package, name) for name in names}
    return [each for each in found.values() if inspect.isclass(each)]


@functools.cache
def things(kind):
    """A list of them, with what lists and tuples hold."""
    found = list(kind())
    for each in found:
        found += each if isinstance(each, (list, tuple)) else []
    return found


@pytest.mark.parametrize("kind", [readings, models, training])
def test_nothing_shows_where_it_lies_in_memory(kind):
    for each in things(kind):
        for written in (repr(each), str(each)):
            assert not re.search(r"<[\w. ]+ object at 0x", written), written


def test_an_object_of_every_public_class_was_looked_at():
    found = [*things(readings), *things(models)]
    kinds = {base for each in found for base in type(each).__mro__}
    named_only = {lstm.RecurrentCell, mg.NotShown, mg.ProofFailed}
    named_only |= {mg.NotCompiled}
    assert {*public(mg), *public(lstm)} - kinds - named_only == set()


# ------------------------------------------------------------------------ in one line


def neuron(name="y"):
    w, x = mg.Parameter(0.75, "w"), mg.Tensor(2.0, "x")
    y = mg.sigmoid(w * x)
    y.name = name
    return y


@every("thing, written", [
    (lambda: mg.Tape(neuron()), "<Tape of y: 4 steps>"),
    (lambda: mg.derive(neuron()).equations[1], "<Equation: y = σ(t_2)>"),
    (lambda: mg.derive(neuron(), level="scalar"),
     "<ScalarDerivation of y by 2 numbers>"),
    (lambda: mg.explore(neuron()), "<Page: How y was computed; "),
    (lambda: mg.prove(neuron(), seed=0), "<Certificate: gradient of y by 2 arrays, "),
    (lambda: mg.no_grad(), "no_grad()"),
    (lambda: mg.scope("cell", 3), "scope('cell', 3)"),
    (lambda: lstm.LSTM(3, 2).explanation(), "<Explanation of LSTMCell: 48 numbers>"),
    (lambda: MISTAKES[0], "<Mistake: "),
    (lambda: VIEWS["op"], "<View: what was computed, by which functions?>"),
    (lambda: masks.variational(lstm.LSTM(3, 2), x=0.1, rng=0),
     "Variational(x=(3,), y=(2,))"),
])  # fmt: skip
def test_a_repr_is_one_short_line(thing, written):
    assert repr(thing()).startswith(written)
    assert len(repr(thing())) <= 110


# ------------------------------------------------------------------------ in a notebook


class Printer:
    """What IPython hands to `_repr_pretty_`."""

    def __init__(self):
        self.said = ""

    def text(self, words):
        self.said += words


@every("thing", [
    lambda: mg.Tape(neuron()), lambda: mg.derive(neuron()),
    lambda: mg.derive(neuron(), level="scalar"), lambda: mg.prove(neuron()),
    lambda: mg.prove_equal(mg.tanh, mg.tanh, (2,)),
    lambda: lstm.LSTM(3, 2).explanation(),
    lambda: lstm.Stack(lstm.LSTM(3, 2)).explanation(),
])  # fmt: skip
def test_ipython_shows_in_full_what_print_prints(thing):
    shown, printer = thing(), Printer()
    shown._repr_pretty_(printer, cycle=False)
    assert printer.said == str(shown)


def test_a_tape_is_a_table_in_a_notebook():
    page = mg.Tape(neuron("<b>y</b>"))._repr_html_()
    rows = re.findall("<tr>(.*?)</tr>", page)
    cells = [re.findall("<t[dh][^>]*>(.*?)</t[dh]>", row) for row in rows]
    assert cells == [
        ["step", "name", "primitive", "arguments", "shape", "scope"],
        ["0", "w", "", "", "()", ""],
        ["1", "x", "", "", "()", ""],
        ["2", "t2", "multiply", "w, x", "()", ""],
        ["3", "&lt;b&gt;y&lt;/b&gt;", "sigmoid", "t2", "()", ""],
    ]


def test_an_equation_is_mathematics_in_a_notebook():
    Y, _ = lstm.LSTM(3, 2, rng=0)(np.ones((5, 3)))
    derivation = mg.derive(Y.sum(), level="layer")
    latex = [each._repr_latex_() for each in derivation]
    assert all(re.fullmatch(r"\$\\displaystyle [^$]+\$", each) for each in latex)
    over_time = next(each for each in latex if each.count(r"\bar{c}_{t} ="))
    assert over_time.endswith(r"\qquad t = 1, \ldots, 4$")


def test_a_page_is_shown_in_a_frame_and_harms_nothing_outside_it():
    page = mg.explore(neuron("</iframe><script>"))
    shown = page._repr_html_()
    assert re.fullmatch(
        r'<iframe title="[^"<>]*" srcdoc="[^"<>]*" style="[^"<>]*"></iframe>', shown
    )
    inside = html.unescape(re.search(r'srcdoc="([^"]*)"', shown)[1])
    assert inside.replace('<base href="about:srcdoc">', "") == page.html
