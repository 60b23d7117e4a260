"""What a function reads besides its arguments: where that changed, a new trace."""

import argparse
import array
import collections
import contextvars
import operator
import os
import sys
import types
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import pytest
from compile_cases import V, assert_same, normal

import minigrad as mg


class Model(mg.Module):
    """A model of which everything may change between two calls."""

    power = 2

    def __init__(self):
        self.w, self.scale = mg.Parameter([1.0, 2.0], "w"), 1.0
        self.rates, self.named = [1.0, 2.0], {"shift": np.zeros(2)}
        self.mask = np.array([True, False])

    def forward(self, x):
        y = mg.where(self.mask, self.w * x, x) * self.scale * self.rates[0]
        return FACTOR * (y + self.named["shift"] * 2) ** self.power


FACTOR = 1.0


CHANGES = {
    "a number": lambda m: setattr(m, "scale", 3.0),
    "a Parameter's numbers": lambda m: setattr(m.w, "data", [5.0, 6.0]),
    "a Parameter": lambda m: setattr(m, "w", mg.Parameter([5.0, 6.0], "w")),
    "a list": lambda m: m.rates.__setitem__(0, 4.0),
    "another list": lambda m: setattr(m, "rates", [4.0]),
    "an array in a dict": lambda m: m.named.update(shift=np.ones(2)),
    "entries of an array": lambda m: m.named["shift"].__setitem__(1, 7.0),
    "a mask": lambda m: m.mask.__setitem__(0, False),
    "a class": lambda m: setattr(Model, "power", 3),
    "an object that hides its class": lambda m: setattr(m, "power", 1),
    "a global": lambda m: globals().update(FACTOR=2.0),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("how", ["a module", "a method", "a closure", "an argument"])
def test_a_function_that_finds_other_things_around_is_traced_again(
    name, how, monkeypatch
):
    monkeypatch.setattr(Model, "power", 2)
    monkeypatch.setitem(globals(), "FACTOR", 1.0)
    model, x = Model(), mg.Tensor([0.5, -1.5])
    f = {
        "a module": model,
        "a method": model.forward,
        "a closure": lambda x: mg.value_and_grad(lambda z: model(z).sum())(x),
        "an argument": partial(lambda model, x: model.forward(x), model),
    }[how]
    step = mg.compile(f, x)
    assert_same(step(x), f(x))
    assert len(step.programs) == 1
    CHANGES[name](model)
    assert_same(step(x), f(x))


def test_what_a_function_counts_and_caches_is_no_reason_to_trace_again():
    known, calls, words = {}, [], {"calls": 0}

    def f(x):
        calls.append(x.shape)
        words["calls"] += 1
        known.setdefault(x.shape, np.arange(3.0))
        return x * known[x.shape]

    step = mg.compile(f)
    for _ in range(3):
        x = normal(3)
        assert_same(step(x), x * np.arange(3.0))
    assert len(step.programs) == 1 and len(calls) == 2


def test_what_is_kept_of_a_traced_run_is_refused_and_taken_back():
    class Running:
        def __init__(self):
            self.state, self.log = np.zeros(2), []

        def forward(self, x):
            self.state = np.tanh(x + self.state)
            self.log.append(self.state)
            return self.state

    running = Running()
    with pytest.raises(mg.NotCompiled, match=r"keeps \.(state|log)(.|\n)*pass in"):
        mg.compile(running.forward, np.ones(2))
    assert running.state.tolist() == [0.0, 0.0] and running.log == []


def test_a_function_of_no_module_is_a_users():
    words = {"scale": np.full(3, 2.0)}
    f = eval("lambda x: x * scale", words)
    step, x = mg.compile(f), normal(3)
    assert_same(step(x), f(x))
    words["scale"] = np.full(3, 3.0)
    assert_same(step(x), f(x))


def test_what_a_function_sets_to_an_equal_value_is_still_compared(monkeypatch):
    def scaled(x):
        global SCALE
        SCALE = float(str(SCALE))  # another object, and the same number
        return SCALE * x

    monkeypatch.setitem(globals(), "SCALE", 1000.5)
    step = mg.compile(scaled, np.ones(2))
    globals()["SCALE"] = 2.0
    np.testing.assert_array_equal(step(np.ones(2)), [2.0, 2.0])


def test_a_tensor_from_outside_is_read_anew_when_it_holds_another_array():
    w = mg.Tensor([1.0, 2.0], name="w")
    step = mg.compile(lambda x: (x * w, mg.grad((x * w).sum(), w)), np.ones(2))
    w.data = np.array([5.0, 6.0])
    assert [*step(np.ones(2))[0].data] == [5.0, 6.0]
    w.data[:] = 7.0
    assert [*step(np.ones(2))[0].data] == [7.0, 7.0]


class Thing:
    """An object with attributes."""


def test_what_is_near_is_looked_at_and_too_much_is_refused():
    near = Thing()
    near.settings, near.things = Thing(), []
    near.settings.rate = 2.0
    step = mg.compile(lambda x: x * near.settings.rate, normal(2))
    near.settings.rate = 3.0
    assert_same(step(np.ones(2)), np.full(2, 3.0))
    near.things = [[Thing()] for _ in range(1200)]
    with pytest.raises(mg.NotCompiled, match="2,000 lists and objects"):
        mg.compile(lambda x: x * near.settings.rate, normal(2))


class Slotted:
    __slots__ = ("k",)


@dataclass(slots=True)
class Setting:
    k: float = 2.0


class Settings(mg.Module):
    def __init__(self):
        self.inner = types.SimpleNamespace(k=2.0)


class Rates(list):
    """A list with an attribute."""


def scale():
    """Hold an attribute, as a function may."""


def attribute_of(holder):
    holder.k = 2.0
    return lambda x: x * holder.k, lambda: setattr(holder, "k", 3.0)


def attribute_inside(outer):
    return lambda x: x * outer.inner.k, lambda: setattr(outer.inner, "k", 3.0)


def entry_of(holder, key=0):
    return lambda x: x * holder[key], lambda: operator.setitem(holder, key, 3)


def in_the_environment(read):
    os.environ["SCALE"] = "2.0"
    return lambda x: x * float(read()), lambda: os.environ.update(SCALE="3.0")


def of_a_set():
    rates = {2.0}
    return lambda x: x * max(rates), lambda: rates.add(3.0)


def of_a_module_inside_another():
    project = types.ModuleType("project")
    project.settings = types.ModuleType("project.settings")
    project.settings.k = 2.0
    return lambda x: x * project.settings.k, lambda: setattr(project.settings, "k", 3.0)


def of_an_import_inside():
    sys.modules["its_settings"] = types.ModuleType("its_settings")
    sys.modules["its_settings"].k = 2.0

    def f(x):
        import its_settings

        return x * its_settings.k

    return f, lambda: setattr(sys.modules["its_settings"], "k", 3.0)


def of_a_cached_function():
    rates = [2.0]
    rate = lru_cache(lambda: rates[0])

    def change():
        rates[0] = 3.0
        rate.cache_clear()

    return lambda x: x * rate(), change


VARIABLE = contextvars.ContextVar("VARIABLE", default=2.0)


RATES = {"k": 2.0}


HOLDERS = {
    "a SimpleNamespace": lambda: attribute_of(types.SimpleNamespace()),
    "a Namespace": lambda: attribute_of(argparse.Namespace()),
    "slots": lambda: attribute_of(Slotted()),
    "slots of a dataclass": lambda: attribute_of(Setting()),
    "a list that is more": lambda: attribute_of(Rates()),
    "a function": lambda: attribute_of(scale),
    "one inside another": lambda: attribute_inside(
        argparse.Namespace(inner=types.SimpleNamespace(k=2.0))
    ),
    "one inside a Module": lambda: attribute_inside(Settings()),
    "a deque": lambda: entry_of(collections.deque([2.0])),
    "a bytearray": lambda: entry_of(bytearray([2])),
    "an array of Python's": lambda: entry_of(array.array("d", [2.0])),
    "a UserDict": lambda: entry_of(collections.UserDict(k=2.0), "k"),
    "a ChainMap": lambda: entry_of(collections.ChainMap({"k": 2.0}), "k"),
    "a view of a dict": lambda: (
        lambda x, rates=types.MappingProxyType(RATES): x * rates["k"],
        lambda: RATES.update(k=3.0),
    ),
    "a set": of_a_set,
    "a ContextVar": lambda: (lambda x: x * VARIABLE.get(), lambda: VARIABLE.set(3.0)),
    "os.environ": lambda: in_the_environment(lambda: os.environ["SCALE"]),
    "os.getenv": lambda: in_the_environment(lambda: os.getenv("SCALE")),
    "a module inside another": of_a_module_inside_another,
    "a module imported inside": of_an_import_inside,
    "a function with a cache": of_a_cached_function,
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_whatever_holds_a_number_is_compared(holder, monkeypatch):
    monkeypatch.setenv("SCALE", "2.0")
    f, change = HOLDERS[holder]()
    step = mg.compile(f, np.ones(2))
    for _ in range(2):
        assert_same(step(np.ones(2)), np.full(2, 2.0))
    assert len(step.programs) == 1
    change()
    assert_same(step(np.ones(2)), np.full(2, 3.0))


@pytest.mark.parametrize(
    "keep", [collections.deque(), Slotted(), types.SimpleNamespace()]
)
def test_what_is_kept_anywhere_is_taken_back(keep):
    def f(x):
        if isinstance(keep, collections.deque):
            keep.append(x)
        else:
            keep.k = x
        return x

    with pytest.raises(mg.NotCompiled, match="keeps keep"):
        mg.compile(f, np.ones(2))
    assert not (keep if isinstance(keep, collections.deque) else getattr(keep, "k", ()))


def test_what_a_library_keeps_books_of_is_no_reason_to_trace_again():
    import logging

    log = logging.getLogger("of a compiled function")

    def f(x):
        log.debug("called")
        return x * 2.0

    step = mg.compile(f, np.ones(2))
    logging.getLogger("another").setLevel("INFO")
    step(np.ones(2))
    assert len(step.programs) == 1


def test_the_refusal_of_what_is_kept_names_the_line_that_keeps_it():
    holder = types.SimpleNamespace(log=[])

    def sets(x):
        y = x * 2.0
        holder.state = y
        return y

    def appends(x):
        y = x * 2.0
        holder.log.append(y)
        return y

    def calls_backward(x):
        y = (V * x).sum()
        y.backward()
        return y

    for f in (sets, appends, calls_backward):
        line = f.__code__.co_firstlineno + 2
        with pytest.raises(mg.NotCompiled, match=rf"surroundings\.py:{line}\n"):
            mg.compile(f, normal(4))
