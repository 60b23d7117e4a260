"""Programs: the tape, its gradient included, rewritten and run fast.

    step = mg.compile(f, x, target)       f is traced once
    step(x, target)                       the program runs

Read in this order:

    traced, tracing, one_run      arrays that remember, and one run of f on them
    graph, simplify               its graph, and rewrites of single nodes
    line, program_lines, over_time  classes over time, and all steps at once
    rolled_loops                  circles: what must run step by step
    reads, algebra, invariants    what need not be done at every step is moved out
    columns, lanes                what is done alike is done side by side
    statements, buffer_places, overwriting, source  lines become Python, on buffers
    program_notation              lines as they are printed
    identities, program_proof     what is proved of each rewrite, and of a whole program
    remembered, users_code, surroundings, second_run  what a function reads besides
    programs, arguments, compiled what the user holds
    interpreter, in_jax, in_onnx  the same lines, run by others: residues, JAX, ONNX
"""

from minigrad.compiling.compiled import Compiled, compile
from minigrad.compiling.in_jax import InJax, to_jax
from minigrad.compiling.in_onnx import to_onnx
from minigrad.compiling.traced import NotCompiled

__all__ = ["Compiled", "InJax", "NotCompiled", "compile", "to_jax", "to_onnx"]
