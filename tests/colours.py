"""How colours look: to eyes of three kinds, in grey, and as contrast.

vision      Machado, Oliveira and Fernandes 2009, severity 1.0: what people see who lack
            one of three cone types
distance    CIE 1976: the Euclidean distance in L*a*b* (D65)
contrast    WCAG 2.2: (brighter + 0.05) / (darker + 0.05) of relative luminances
"""

from __future__ import annotations

import numpy as np

EYES = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear(colour: str) -> np.ndarray:
    """Return #rrggbb as linear light in 0..1."""
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def lab(colour: str, eyes: str = "all cones") -> np.ndarray:
    """Return L*, a*, b* of a colour as such eyes see it."""
    light = np.clip(EYES[eyes] @ linear(colour), 0, 1)
    x, y, z = TO_XYZ @ light / (TO_XYZ @ np.ones(3))
    f = [
        t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116
        for t in (x, y, z)
    ]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(one: str, other: str, eyes: str = "all cones") -> float:
    """Return how far two colours are apart: 2.3 is just noticeable side by side."""
    return float(np.linalg.norm(lab(one, eyes) - lab(other, eyes)))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    low, high = sorted(float((TO_XYZ @ linear(c))[1]) for c in (one, other))
    return (high + 0.05) / (low + 0.05)
