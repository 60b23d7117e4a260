"""Training: a loss, its gradient, a step; again. And what a long run needs besides.

theta <- update(theta, d loss / d theta)          the whole idea
loop          mini-batches, validation, early stopping
recipe        the numbers that one chooses: size, epochs, learning rate, ...
schedules     the learning rate as a function of the epoch
checkpoint    a run on disk, from which it continues as if nothing had happened
log           one line an epoch, as CSV
interruption  Ctrl-C ends after the step, not within it
"""

from lstm.training.loop import Training
from lstm.training.recipe import Recipe

__all__ = ["Recipe", "Training"]
