"""Tasks that show what an LSTM can do, and what it cannot.

Generated ones ask one question each: does it remember a number (`adding`), a bit that
flips (`parity`), a letter until the end (`reber`)? Each module opens with its idea and
where it comes from.

>>> from lstm.tasks import TASKS
>>> TASKS["adding"]().rulers()
{'always 1, the mean': {'mse': 0.16666666666666666}}
"""

from collections.abc import Mapping

from lstm.tasks.adding import Adding
from lstm.tasks.parity import Parity
from lstm.tasks.reber import Reber
from lstm.tasks.sunspots import Sunspots
from lstm.tasks.task import Batch, Reader, Task

TASKS: Mapping[str, type[Task]] = {
    task.name: task for task in (Adding, Parity, Reber, Sunspots)
}

__all__ = ["TASKS", "Adding", "Batch", "Parity", "Reader", "Reber", "Sunspots", "Task"]
