"""Whose code is it? What users wrote is looked into, what is installed is not."""

from __future__ import annotations

import functools
import sys
import sysconfig
from collections.abc import Iterator
from types import CodeType, MemberDescriptorType

_INSTALLED = tuple({*map(sysconfig.get_path, ("stdlib", "purelib", "platlib"))})


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """Yield code, and that of the functions inside."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)


def names_in(code: CodeType) -> Iterator[str]:
    """Yield the names that code looks up, that of functions inside as well."""
    yield from (name for each in codes_in(code) for name in each.co_names)


@functools.cache
def is_users(module: str | None) -> bool:
    """Is this a module of the user, neither ours nor installed? No name is theirs."""
    module = module or ""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top in ("minigrad", "lstm"):
        return False
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return not file.startswith(_INSTALLED)


@functools.cache
def slots_of(kind: type) -> list[str]:
    """Return the names of the `__slots__` of a user's class, those of its own."""
    if not is_users(kind.__module__):
        return []
    slots = vars(kind).items()
    return [name for name, each in slots if isinstance(each, MemberDescriptorType)]
