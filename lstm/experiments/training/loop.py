"""The training loop: a loss, its gradient, a step; again, until it is good enough.

    for each epoch:
        for each mini-batch:
            theta <- update(theta, clip(d loss / d theta))
        validate: the best Parameters so far are kept

It ends after `recipe.epochs`, when the task's goal is reached, or when `patience`
epochs brought nothing better ("early stopping"). A run with a folder leaves there, at
the end of every epoch, a checkpoint to continue from, and its history as `log.csv`.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lstm.experiments.recipe import Recipe
from lstm.experiments.tasks import TASKS, Batch, Task
from lstm.experiments.training import checkpoint
from lstm.experiments.training.interruption import Interruption
from minigrad import Adam, Module, Tensor, clip_by_global_norm, grad
from minigrad.compiling import Compiled, NotCompiled
from minigrad.files import remove_parts, write_whole
from minigrad.messages import explained
from minigrad.types import Array

PROGRAMS = 64  # that are kept, for batches of as many shapes
CHECKPOINT, LOG = "checkpoint.npz", "log.csv"
Row = dict[str, float]


@dataclass
class Progress:
    """Where a run is.

    epoch, position  finished epochs, and finished batches of the next one
    updates          finished batches in all
    loss, norm       sums over those batches: of the loss, and of the gradient's norm
    generator        the state of the random generator at the beginning of the epoch
    best, best_epoch  the best validation so far, and after which epoch; None: no yet
    """

    generator: Mapping[str, object]
    epoch: int = 0
    position: int = 0
    updates: int = 0
    loss: float = 0.0
    norm: float = 0.0
    best: float | None = None
    best_epoch: int = 0


class Training:
    """A run: a model on its way to solving a task.

    task, recipe, seed  determine every number that follows
    folder              where log and checkpoints go; None: nowhere
    save_every          updates between checkpoints, beside those after each epoch
    eager               run the model as it is; or else compile its training step
    history             one row an epoch: what the log holds

    >>> from lstm.experiments.tasks import Parity
    >>> run = Training(Parity(updates=5), Recipe(hidden=2, epochs=2), seed=0).run()
    >>> run.progress.updates, run.model.parameters()[0].path
    (10, 'layer.cell.forget.W')
    """

    def __init__(
        self,
        task: Task,
        recipe: Recipe | None = None,
        seed: int = 0,
        folder: Path | None = None,
        save_every: int = 0,
        eager: bool = True,
    ) -> None:
        self.task, self.recipe, self.seed = task, recipe or task.recipe, seed
        self.folder, self.save_every, self.eager = folder, save_every, eager
        self.compiled = Compiled(self.loss_and_gradient, PROGRAMS)
        self.rng = np.random.default_rng(seed)
        self.model, self.optimizer = self.begin()
        self._require_measure()
        self.best = self.weights()
        self.progress = Progress(self.rng.bit_generator.state)
        self.history: list[Row] = []

    def __repr__(self) -> str:
        at = f"{self.progress.epoch} epochs, {self.progress.updates} updates"
        return f"<Training: {self.task}, seed {self.seed}, after {at}>"

    def begin(self) -> tuple[Module, Adam]:
        """Return an untrained model and its optimizer."""
        model = self.task.model(self.recipe, self.rng)
        return model, Adam(model, self.recipe.learning_rate)

    def _require_measure(self) -> None:
        """Refuse patience where no validation can say whether an epoch was better."""
        patience, metric = self.recipe.patience, self.task.metric
        if not patience or metric in self.task.validate(self.model):
            return
        raise explained(
            ValueError,
            f"training {self.task.name!r} with patience={patience}",
            f"this task does not measure its {metric!r} while it trains, so no epoch "
            "is better than another.",
            "leave patience away, and choose the number of epochs: epochs=5.",
        )

    def require_batch(self) -> None:
        """Raise ValueError if an epoch has no batch at all, what is missing if not."""
        if next(self.remaining(), None) is not None:
            return
        raise explained(
            ValueError,
            f"training {self.task.name!r}: {self.task}",
            f"there is not one batch of {self.recipe.batch} examples in an epoch.",
            "choose a smaller batch, or give more data.",
        )

    def run(
        self, on_epoch: Callable[[Row], None] | None = None, bar: bool = True
    ) -> Training:
        """Train to the end; return self. A bar is shown on a terminal, and only there.

        `on_epoch` is called with each line of the log.

        Raises ValueError if there is nothing to learn from;
        KeyboardInterrupt after a Ctrl-C, when the step is finished and saved;
        FloatingPointError when the loss is no longer a number.
        """
        from tqdm import tqdm  # a tenth of a second that `--help` need not wait for

        if self.progress.updates == 0:
            self.require_batch()
        shown = tqdm(
            total=self.recipe.epochs,
            initial=self.progress.epoch,
            desc=f"{self.task.name}, seed {self.seed}",
            unit="epoch",
            disable=None if bar else True,
            leave=False,
        )
        with shown, Interruption() as interruption:
            if self.folder:
                remove_parts(self.folder / CHECKPOINT)
            self.save()
            while not self.finished:
                began = time.perf_counter()
                self.optimizer.learning_rate = self.recipe.rate(self.progress.epoch)
                for batch in self.remaining():
                    self.step(batch)
                    if interruption.asked:
                        self.save()
                        raise KeyboardInterrupt
                    if self.save_every and self.progress.updates % self.save_every == 0:
                        self.save()
                row = self.end_epoch(time.perf_counter() - began)
                self.save()
                shown.update()
                shown.set_postfix_str(self.describe(row))
                if on_epoch:
                    on_epoch(row)
        return self

    def remaining(self) -> Iterator[Batch]:
        """Yield the batches of this epoch that are still to be learned from."""
        self.rng.bit_generator.state = self.progress.generator
        batches = self.task.batches(self.rng, self.recipe.batch)
        return itertools.islice(batches, self.progress.position, None)

    def step(self, batch: Batch) -> None:
        """Learn from one batch."""
        loss, norm = self.learn(batch)
        self.progress.position += 1
        self.progress.updates += 1
        self.progress.loss += loss
        self.progress.norm += norm

    def learn(self, batch: Batch) -> tuple[float, float]:
        """Take one step down the gradient; return the loss, and the gradient's norm."""
        loss, gradients = self._computed(batch)
        value = self.finite(loss.item(), batch)
        gradients, norm = clip_by_global_norm(gradients, self.recipe.clip or math.inf)
        self.optimizer.step(gradients)
        return value, norm

    def loss_and_gradient(self, batch: Batch) -> tuple[Tensor, Any]:
        """Return the loss of a batch, and its gradient."""
        loss = self.task.loss(self.model, batch)
        return loss, grad(loss, self.optimizer.parameters)

    def _computed(self, batch: Batch) -> tuple[Tensor, Any]:
        """Return loss and gradient, by a program if the model compiles."""
        if not self.eager:
            try:
                computed: tuple[Tensor, Any] = self.compiled(batch)
                return computed
            except NotCompiled as refusal:
                first = str(refusal).partition("\n")[0]
                print(f"not compiled, runs as it is: {first}", file=sys.stderr)
                self.eager = True
        loss = self.task.loss(self.model, batch)
        self.finite(loss.item(), batch)  # before the gradient of what is no number
        return loss, grad(loss, self.optimizer.parameters)

    def finite(self, loss: float, batch: Batch) -> float:
        """Return the loss, or raise FloatingPointError if it is no number."""
        if math.isfinite(loss):
            return loss
        gaps = _gaps(batch)
        why = f"after {self.progress.updates} updates it is no longer a number."
        fix = "choose a smaller learning rate, or clip the gradient."
        if gaps:
            counts = (f"{np.sum(~np.isfinite(a))} of {k}" for k, a in gaps.items())
            why = f"entries of the examples are no numbers: {' and '.join(counts)}."
            fix = "leave these examples out, or fill what is missing: np.nan_to_num(x)."
        asked = f"training {self.task.name!r}: the loss is {loss}"
        raise explained(FloatingPointError, asked, gaps, why, fix)

    def end_epoch(self, seconds: float) -> Row:
        """Validate, keep what is best, and add a row to the history."""
        done, batches = self.progress, self.progress.position
        validation = self.task.validate(self.model)
        done.epoch += 1
        row = {
            "epoch": done.epoch,
            "updates": done.updates,
            "learning_rate": self.optimizer.learning_rate,
            "loss": done.loss / batches,
            "norm": done.norm / batches,
            "seconds": round(seconds, 3),
            **{f"validation_{name}": value for name, value in validation.items()},
        }
        value = validation.get(self.task.metric)
        if value is None or self._is_best(value):
            self.best, done.best, done.best_epoch = self.weights(), value, done.epoch
        done.position, done.loss, done.norm = 0, 0.0, 0.0
        done.generator = self.rng.bit_generator.state
        self.history.append(row)
        return row

    def _is_best(self, value: float) -> bool:
        """Whether nothing validated better so far; what is no number never does."""
        best = self.progress.best
        better = best is None or self.task.better(value, best)
        return better and not math.isnan(value)

    @property
    def finished(self) -> bool:
        """Whether there is no epoch left, none needed, or none expected to help."""
        done, patience = self.progress, self.recipe.patience
        waited = patience and done.epoch - done.best_epoch >= patience
        return bool(done.epoch >= self.recipe.epochs or waited or self.reached)

    @property
    def reached(self) -> bool:
        """Whether the best validation is as good as the task asks for."""
        best, goal = self.progress.best, self.task.goal
        if best is None or goal is None:
            return False
        return bool(best == goal or self.task.better(best, goal))

    def describe(self, row: Row) -> str:
        """Say in a few words how the epoch went."""
        shown = {k: v for k, v in row.items() if "loss" in k or "validation" in k}
        return ", ".join(f"{k} {v:.4g}" for k, v in shown.items())

    def use_best(self) -> Training:
        """Go back to the Parameters that validated best; return self."""
        self.model.load_state_dict(self.best)
        return self

    def weights(self) -> dict[str, Array]:
        """Return the numbers of every Parameter, by its path."""
        return self.model.state_dict()

    @property
    def settings(self) -> dict[str, Any]:
        """What determines the run, as plain data."""
        return {
            "task": self.task.name,
            "options": asdict(self.task),
            "recipe": asdict(self.recipe),
            "seed": self.seed,
            "eager": self.eager,
            "facts": self.task.facts(),
        }

    def save(self) -> None:
        """Write a checkpoint and the log, if the run has a folder."""
        if self.folder:
            checkpoint.save(self, self.folder / CHECKPOINT)
            if self.history:
                text = io.StringIO()
                log = csv.DictWriter(text, self.history[0], lineterminator="\n")
                log.writeheader()
                log.writerows(self.history)
                write_whole(self.folder / LOG, text.getvalue().encode())

    @classmethod
    def resume(cls, folder: Path, save_every: int = 0) -> Training:
        """Return the run whose checkpoint is in the folder, where it stopped.

        Raises ValueError with a sentence if there is none, or its data have changed.
        """
        path, needed = folder / CHECKPOINT, ("settings", "progress", "history")
        arrays, facts = checkpoint.read(path, *needed)
        settings = facts["settings"]
        task = TASKS[settings["task"]](**settings["options"])
        if task.facts() != settings["facts"]:
            raise explained(
                ValueError,
                f"resuming the run in {str(folder)!r}",
                f"its data were {settings['facts']}, and are {task.facts()} here.",
                "resume where it began, or begin a new run in another folder.",
            )
        recipe = Recipe(**settings["recipe"])
        seed, eager = settings["seed"], settings["eager"]
        training = cls(task, recipe, seed, folder, save_every, eager)
        training.progress = Progress(**facts["progress"])
        checkpoint.restore(training, arrays, facts)
        return training


def _gaps(batch: Batch) -> dict[str, Array]:
    """Return the arrays of a batch in which there is something that is no number."""
    fields = batch._asdict() if hasattr(batch, "_asdict") else {}
    return {
        name: array
        for name, array in fields.items()
        if getattr(array, "dtype", np.dtype(bool)).kind == "f"
        and not np.all(np.isfinite(array))
    }
