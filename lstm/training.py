"""The training loop: a loss, its gradient, a step; again.

Each epoch is theta <- update(theta, d loss / d theta), with all examples at once.
"""

from __future__ import annotations

from collections.abc import Callable

from minigrad import Tensor, grad
from minigrad.optimizers import Optimizer


def train(
    loss: Callable[[], Tensor], optimizer: Optimizer, epochs: int, label: str = "train"
) -> list[float]:
    """Minimise `loss()` for a number of epochs; return its value at each.

    A progress bar is shown on a terminal, and only there.

    >>> from minigrad import SGD, Parameter
    >>> w = Parameter(1.0)
    >>> train(lambda: w * w, SGD([w], learning_rate=0.25), epochs=3)
    [1.0, 0.25, 0.0625]
    """
    from tqdm import tqdm  # a tenth of a second that `--help` need not wait for

    history = []
    for _ in tqdm(range(epochs), desc=label, unit="epoch", disable=None, leave=False):
        value = loss()
        optimizer.step(grad(value, optimizer.parameters))
        history.append(value.item())
    return history
