"""Tasks that show what an LSTM can do, and what it cannot.

Generated ones ask one question each: does it remember a number (`adding`), a bit that
flips (`parity`), a letter until the end (`reber`), symbols in their order (`copy`,
`order`), a count (`anbn`)? Others are data that people measured or wrote. Each module
opens with its idea and where it comes from; `by_hand` has an LSTM that nobody trained.

>>> from lstm.experiments.tasks import TASKS
>>> TASKS["adding"]().baselines()
{'always 1, the mean': {'mse': 0.16666666666666666}}
"""

from collections.abc import Mapping

from lstm.experiments.tasks.adding import Adding
from lstm.experiments.tasks.anbn import AnBn
from lstm.experiments.tasks.copying import Copy
from lstm.experiments.tasks.digits import Digits
from lstm.experiments.tasks.mnist import Mnist
from lstm.experiments.tasks.order import Order
from lstm.experiments.tasks.parity import Parity
from lstm.experiments.tasks.reber import Reber
from lstm.experiments.tasks.sunspots import Sunspots
from lstm.experiments.tasks.task import Batch, Reader, Task
from lstm.experiments.tasks.text import Text
from lstm.experiments.tasks.vowels import Vowels

_ALL: tuple[type[Task], ...] = (
    *(Adding, Copy, Order, Parity, Reber, AnBn),
    *(Sunspots, Text, Digits, Vowels, Mnist),
)
TASKS: Mapping[str, type[Task]] = {task.name: task for task in _ALL}

__all__ = ["TASKS", "Batch", "Reader", "Task", *(task.__name__ for task in _ALL)]
