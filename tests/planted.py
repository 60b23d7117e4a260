"""Planted bugs: a copy of a function whose text is changed in one place."""

import __future__

import inspect
import textwrap


def rewritten(owner, old, new):
    """Return the name of the function that has this text, and a copy with the new.

    owner  the class or module whose own functions are searched
    """
    module = inspect.getmodule(owner)
    sources = {
        name: textwrap.dedent(inspect.getsource(function))
        for name, function in vars(owner).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__
    }
    (name,) = [name for name, source in sources.items() if old in source]
    assert sources[name].count(old) == 1, f"{old!r} is twice in {owner.__name__}.{name}"
    changed = sources[name].replace(old, new)
    changed = changed.replace("super()", f"super({owner.__name__}, self)")
    place = {}
    code = compile(changed, "planted", "exec", __future__.annotations.compiler_flag)
    exec(code, dict(vars(module)), place)
    return name, place[name]
