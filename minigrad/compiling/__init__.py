"""Programs: the tape, its gradient included, rewritten and run fast.

    step = mg.compile(f, x, target)       f is traced once
    step(x, target)                       the program runs

Read in this order: traced (arrays that remember), tracing (one run of f), graph,
simplify (rewrites of single nodes), lines (classes over time), over_time (rewrites of
all steps at once), loops (what must run step by step), source (the Python that runs),
program and compiled (what the user holds).
"""

from minigrad.compiling.compiled import Compiled, compile
from minigrad.compiling.traced import NotCompiled

__all__ = ["Compiled", "NotCompiled", "compile"]
