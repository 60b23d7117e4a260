"""THE MISTAKES: break the gradient, and watch the prover find it.

One list of classic ways to get a gradient wrong, each as it is made: its name, what the
student was thinking, the line of the engine that came of it, the model it was tried on,
and whom the prover has to name. The example, the chapter and the tests read this list.

    slopes     calculus misremembered
    adjoints   the way back is not the way there
    walks      every rule is right, and the sum over uses is not
    witnesses  what the prover, finite differences and the complex step say of each

It is a part of `lstm` because the patient is nearly always an LSTM, which the engine
does not know; and a part of the package, so that whoever installed it can plant a
mistake too.

>>> with MISTAKES[0].planted():
...     patient = MISTAKES[0].patient()
...     print(witnesses.blamed(patient))
sigmoid, argument 0
"""

from lstm.mistakes import witnesses
from lstm.mistakes.adjoints import ADJOINTS
from lstm.mistakes.mistake import Blame, Mistake
from lstm.mistakes.slopes import SLOPES
from lstm.mistakes.walks import WALKS

MISTAKES = [*SLOPES, *ADJOINTS, *WALKS]

__all__ = ["MISTAKES", "Blame", "Mistake", "witnesses"]
