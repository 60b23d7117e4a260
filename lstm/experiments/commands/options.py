"""What command lines have in common: numbers, and options made from dataclasses."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def natural(text: str) -> int:
    """Read a whole number, 0 or more."""
    if text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, 0 or more")


def positive(text: str) -> int:
    """Read a whole number, 1 or more."""
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, 1 or more")


def add_fields(parser: argparse._ActionsContainer, settings: DataclassInstance) -> None:
    """Add an option for every field of a dataclass instance, with its value as default.

    What is not given on the command line is missing from the result, so that one can
    tell what was asked for from what is usual.
    """
    for each in fields(settings):
        value = getattr(settings, each.name)
        usual = "" if value in (None, "") else f" (default: {value})"
        kind, choices = each.metadata["kind"], each.metadata["choices"]
        parser.add_argument(
            f"--{each.name.replace('_', '-')}",
            dest=each.name,
            type=kind,
            default=argparse.SUPPRESS,
            choices=choices,
            metavar=None if choices else kind.__name__.upper(),
            help=f"{each.metadata['help']}{usual}",
        )


def given(options: argparse.Namespace, settings: DataclassInstance) -> dict[str, Any]:
    """Return those fields of a dataclass that the command line named."""
    names = {each.name for each in fields(settings)}
    return {name: value for name, value in vars(options).items() if name in names}
