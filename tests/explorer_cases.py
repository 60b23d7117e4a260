"""Computations that tests of `mg.explore` look at, and names that try to do harm."""

from html.parser import HTMLParser

import numpy as np

import minigrad as mg
from lstm import LSTM


def lstm_loss(steps=3):
    """The loss of an LSTM with n = 3, m = 2, watched while it is recorded."""
    X = mg.Tensor(np.random.default_rng(0).normal(size=(steps, 3)), name="X")
    with mg.checked():
        Y, _ = LSTM(n=3, m=2, rng=0)(X)
        loss = mg.squared_error(Y, np.zeros((steps, 2)))
    loss.name = "L"
    return loss


def neuron():
    w, x = mg.Parameter(0.75, name="w"), mg.Tensor(2.0, name="x")
    y = mg.sigmoid(w * x + w)
    y.name = "y"
    return y


def written(output, folder, **options):
    return mg.explore(output, folder / "graph.html", **options).read_text("utf-8")


HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></title><!--",
    "W_<b>",
    "\\N \\ue000 \ue000mi\ue001x\ue002",
    "it's 50 % & more; $style ${script}",
    "σ 🦔 \u202e",
]


def named(name):
    x = mg.Tensor([0.5, -1.0], name=name)
    with mg.scope(name, 1, name):
        y = mg.tanh(x * x)
    y.name = name
    return y.sum()


class Page(HTMLParser):
    """The tables of numbers in a page, by step and by what they show."""

    VOID = ("meta", "link", "input")

    def __init__(self, text):
        super().__init__()
        self.open, self.step, self.way = [], None, None
        self.captions, self.cells = [], []
        self.tables: dict[tuple[int, str], list[list[float]]] = {}
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if "data-position" in given and tag == "article":
            self.step = int(given["data-position"])
        if tag == "section" and "way" in given.get("class", ""):
            self.way = given["class"].split()[-1]
        if tag == "table" and given["class"] == "heat":
            self.cells = []
        if tag == "td" and "title" in given:
            self.cells.append([float(given["title"]), ""])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())
        if tag == "table":
            self.tables.setdefault((self.step, self.way), []).append(self.cells)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_data(self, data):
        if self.open and self.open[-1] == "td" and self.cells:
            self.cells[-1][1] += data


def half(page, k, way):
    """Return the HTML of one half of a step."""
    end = f'id="backward-{k}"' if way == "forward" else "</article>"
    return page.partition(f'id="{way}-{k}"')[2].partition(end)[0]
