"""Training: a loss, its gradient, a step; again. And what a long run needs besides.

theta <- update(theta, d loss / d theta)          the whole idea
loop          mini-batches, validation, early stopping
checkpoint    a run on disk, from which it continues as if nothing had happened
trained_model its best weights, and how to build it again
interruption  Ctrl-C ends after the step, not within it

The numbers that one chooses, size, epochs, learning rate, are a
`lstm.experiments.recipe`: a floor below, since every task knows the recipe it was tried
with.
"""

from lstm.experiments.recipe import Recipe
from lstm.experiments.training.loop import Training

__all__ = ["Recipe", "Training"]
