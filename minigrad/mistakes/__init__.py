"""Break the gradient in every classic way, and watch who finds it.

`MISTAKES` lists the classic ways to get a gradient wrong: of each its name, what the
student was thinking, the line of the engine that came of it, a small model to try it
on, and whom the prover has to name. The example, the chapter, the tests and the
exercises read this list.

    slopes     calculus misremembered
    adjoints   the way back is not the way there
    walks      every rule is right, and the sum over uses is not
    planting   how a mistake gets into the engine, and out of it again
    checkers   what the prover, finite differences and the complex step say of each
    rule_slips what goes wrong in a rule by itself, whatever the row
    mutants    every slip in every rule that a function uses: would your test see it?

The same slips, without stories, are planted in every rule of a function by `mutants`;
and an exercise made from a forward pass (minigrad.exercising.by_tape) tells a student
whose gradient comes of one of them which it was.

>>> with MISTAKES[0].planted():
...     print(checkers.blamed(MISTAKES[0].model()))
sigmoid, argument 0
"""

from minigrad.mistakes import checkers
from minigrad.mistakes.adjoints import ADJOINTS
from minigrad.mistakes.mistake import Blame, Mistake
from minigrad.mistakes.slopes import SLOPES
from minigrad.mistakes.walks import WALKS

MISTAKES = [*SLOPES, *ADJOINTS, *WALKS]

__all__ = ["MISTAKES", "Blame", "Mistake", "checkers"]
