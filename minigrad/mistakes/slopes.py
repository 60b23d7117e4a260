"""Wrong slopes: the partial of an elementwise row is not its derivative.

The rules of calculus as they are misremembered. SymPy differentiates what the row
means, and refuses the partial with both formulas. No number is involved, so it does
not matter how small the error is.
"""

from __future__ import annotations

import minigrad as mg
from minigrad.mistakes import small_models
from minigrad.mistakes.mistake import Mistake, lemma
from minigrad.mistakes.planting import Change, slope
from minigrad.primitive import TABLE

SLOPES = [
    Mistake(
        "σ' forgotten",
        "f = σ(z), so z gets the cotangent of f.",
        slope("sigmoid", 0, lambda y, a: 1.0),
        small_models.lstm,
        lemma("sigmoid"),
    ),
    Mistake(
        "σ' from the input",
        "σ' = σ(1 - σ), with z itself put in for σ.",
        slope("sigmoid", 0, lambda y, a: a * (1.0 - a)),
        small_models.lstm,
        lemma("sigmoid"),
    ),
    Mistake(
        "σ' too large by 10⁻⁵",
        "1.00001 of what it should be: a constant copied with a wrong digit.",
        slope("sigmoid", 0, lambda y, a: y * (1.0 - y) * (1 + 1e-5)),
        small_models.lstm,
        lemma("sigmoid"),
    ),
    Mistake(
        "σ' too large by 10⁻¹⁴",
        "Nobody would do this, and no comparison of floats could tell.",
        slope("sigmoid", 0, lambda y, a: y * (1.0 - y) * (1 + 1e-14)),
        small_models.lstm,
        lemma("sigmoid"),
    ),
    Mistake(
        "tanh' without its square",
        "tanh' = 1 - tanh.",
        slope("tanh", 0, lambda y, a: 1.0 - y),
        small_models.lstm,
        lemma("tanh"),
    ),
    Mistake(
        "tanh' with a cube",
        "tanh' = 1 - tanh³, which near 0 is hardly different.",
        slope("tanh", 0, lambda y, a: 1.0 - y * y * y),
        small_models.lstm,
        lemma("tanh"),
    ),
    Mistake(
        "product rule, factors swapped",
        "Each factor is multiplied by itself and not by the other one.",
        [Change(TABLE["multiply"], "partials", (lambda y, a, b: a, lambda y, a, b: b))],
        small_models.lstm,
        lemma("multiply"),
    ),
    Mistake(
        "sign of a difference dropped",
        "The slope of a - b in b is taken to be 1: up the hill instead of down.",
        slope("subtract", 1, lambda y, a, b: 1),
        small_models.lstm,
        lemma("subtract", 1),
    ),
    Mistake(
        "quotient rule, sign",
        "The slope of a / b in b without its minus.",
        slope("divide", 1, lambda y, a, b: y / b),
        small_models.classifier,
        lemma("divide", 1),
    ),
    Mistake(
        "quotient rule, square",
        "`-a / b` where `-a / b**2` was meant.",
        slope("divide", 1, lambda y, a, b: -a / b),
        small_models.classifier,
        lemma("divide", 1),
    ),
    Mistake(
        "softmax, denominator constant",
        "The sum that normalises is taken for a number, as if no score were in it.",
        slope("divide", 1, lambda y, a, b: 0.0 * b),
        small_models.classifier,
        lemma("divide", 1),
    ),
    Mistake(
        "power rule for an exponential",
        "`a * exp(a - 1)`: exp is no power of a.",
        slope("exp", 0, lambda y, a: a * mg.exp(a - 1.0)),
        small_models.classifier,
        lemma("exp"),
    ),
    Mistake(
        "power rule, exponent kept",
        "`b * a**b` where `b * a**(b - 1)` was meant.",
        slope("power", 0, lambda y, a, b: b * a**b),
        small_models.distance,
        lemma("power"),
    ),
    Mistake(
        "log' upside down",
        "`a` for `1 / a`.",
        slope("log", 0, lambda y, a: a),
        small_models.distance,
        lemma("log"),
    ),
    Mistake(
        "sqrt' upside down",
        "`2 / y` for `1 / (2 * y)`.",
        slope("sqrt", 0, lambda y, a: 2.0 / y),
        small_models.distance,
        lemma("sqrt"),
    ),
    Mistake(
        "cos' without its minus",
        "sin and cos are each other's slopes, or nearly.",
        slope("cos", 0, lambda y, a: mg.sin(a)),
        small_models.distance,
        lemma("cos"),
    ),
]
