"""What each function of NumPy answers, given a Tensor: none is forgotten."""

import functools
import importlib
import pkgutil
from collections import Counter

import numpy as np
import numpy_cases
import pytest
from every import every

import minigrad as mg
from minigrad.composites import MODULES
from minigrad.composites.numpy_answers import KINDS, SPACES, answers
from minigrad.numpy_protocol.foreign_names import NUMPY
from minigrad.numpy_protocol.numpy_calls import NUMPY_FACE

ANSWERS = {name: (kind, text) for name, kind, text in answers()}
SQUARE = np.array([[2.0, 1.0], [1.0, 3.0]])


def function_of(name):
    space, dot, last = name.rpartition(".")
    return getattr(SPACES[space + dot], last)


def of_kind(*kinds):
    return [name for name, (kind, _) in ANSWERS.items() if kind in kinds]


def call(function):
    """Call a function with as many Tensors as it needs."""
    for count in (1, 2, 3, 4):
        try:
            return function(*[mg.Tensor(SQUARE)] * count)
        except TypeError as error:
            if "argument" not in str(error).partition("\n")[0]:
                raise
    raise AssertionError("it takes more than four arguments")


@every("name", of_kind("declines", "writes"))
def test_what_declines_says_so_under_the_name_by_which_it_was_called(name):
    function = function_of(name)
    spelled = name.rpartition(".")[0] + "." if "." in name else ""
    with pytest.raises(TypeError) as raised:
        call(function)
    asked, _, rest = str(raised.value).partition("\n")
    assert asked.startswith(f"np.{spelled}{function.__name__} of a Tensor, at test_")
    assert "\n  why   " in rest and "\n  fix   " in rest


@every("name", of_kind("declines"))
def test_what_declines_is_answered_with_what_to_write_or_with_a_reason(name):
    assert ANSWERS[name][1]


@every("name", [n for n in dir(np.ndarray) if n[0] != "_"])
def test_a_method_of_an_array_is_one_of_a_tensor_or_is_answered_in_words(name):
    t = mg.Tensor(SQUARE)
    if not hasattr(t, name):
        with pytest.raises(AttributeError, match=r"(?s)why.*fix   (write|leave)"):
            getattr(t, name)


def test_every_function_that_is_recorded_has_an_idiom_and_a_sentence(monkeypatch):
    called = set()

    def noted(ours):
        @functools.wraps(ours)
        def function(*args, **options):
            called.add(ours)
            return ours(*args, **options)

        return function

    recorded = dict(NUMPY_FACE)
    for function, ours in recorded.items():
        monkeypatch.setitem(NUMPY_FACE, function, noted(ours))
    for table in pkgutil.iter_modules(numpy_cases.__path__):
        for case in importlib.import_module(f"numpy_cases.{table.name}").CASES:
            case(*map(mg.Tensor, case.args))
    names = of_kind("row", "composite")
    assert not [name for name in names if recorded[function_of(name)] not in called]
    assert not [name for name in names if not ANSWERS[name][1].endswith((".", ":"))]


def test_no_two_files_of_composites_have_a_name_in_common():
    names = Counter(name for module in MODULES for name in module.__all__)
    assert not [name for name, count in names.items() if count > 1]


def test_every_kind_occurs():
    assert {kind for kind, _ in ANSWERS.values()} == set(KINDS)


COMPLEX = (
    "fft", "ifft", "rfft", "ihfft", "fft2", "ifft2", "rfft2", "fftn", "ifftn", "rfftn",
)  # fmt: skip
TRANSFORMS = {
    **{n: lambda t, _, n=n: getattr(np.fft, n)(t).real for n in COMPLEX},
    "irfft": lambda t, other: np.fft.irfft(t + 1j * other),
    "hfft": lambda t, other: np.fft.hfft(t + 1j * other),
    "irfft2": lambda t, _: np.fft.irfft2(t),
    "irfftn": lambda t, _: np.fft.irfftn(t),
    "sort_complex": lambda t, _: np.sort_complex(t).real,
    "pinv": lambda t, _: np.linalg.pinv(t),
    "lstsq": lambda t, _: np.linalg.lstsq(t.T, t[0])[0],
    "eigvalsh": lambda t, _: np.linalg.eigvalsh(t @ t.T),
    "eigvals": lambda t, _: np.sort(np.linalg.eigvals(t @ t.T)),
    "svdvals": lambda t, _: np.linalg.svd(t)[1],
    "qr": lambda t, _: abs(np.linalg.qr(t.T).R),
    "roots": lambda t, _: np.roots(t[0])[0],
}


@every("name", TRANSFORMS)
def test_what_is_to_be_written_in_its_place_has_its_value_and_its_slope(name):
    numbers = np.array([[1.0, -6.0, 5.0], [4.0, 5.0, 7.0]])
    t, other = mg.Tensor(numbers), np.full((2, 3), 0.5)
    u, _, vt = np.linalg.svd(numbers, full_matrices=False)
    known = {"np": np, "t": t, "other": other, "matrix": t.T, "row": t[0]}
    known |= {
        "square": t @ t.T,
        "u": u,
        "vt": vt,
        "p": t[0],
        "x": np.roots(t[0].data)[0],
    }
    known |= {"v": np.linalg.eigh(numbers @ numbers.T)[1]}
    y = eval(NUMPY[name].partition("  # ")[0], known)
    right = TRANSFORMS[name]
    np.testing.assert_allclose(y.data, right(numbers, other), atol=1e-12)
    weights, way = np.cos(np.arange(y.size)).reshape(y.shape), np.sin(numbers)
    slope = (mg.grad((y * weights).sum(), t) * way).sum()
    ahead, behind = (right(numbers + h * way, other) for h in (1e-6, -1e-6))
    np.testing.assert_allclose(
        slope, ((ahead - behind) / 2e-6 * weights).sum(), rtol=1e-6, atol=1e-8
    )
