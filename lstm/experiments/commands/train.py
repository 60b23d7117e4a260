"""`python -m lstm train TASK`: train a model on a task, and measure it.

A run leaves in its folder: `checkpoint.npz` to continue from, `log.csv` with a line for
every epoch, and at the end `model.npz` with the best weights and `loss.png`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lstm.experiments.commands.options import add_fields, given, natural
from minigrad.messages import explained

if TYPE_CHECKING:
    from lstm.experiments.tasks import Task
    from lstm.experiments.training import Training
    from lstm.experiments.training.loop import Row

DESCRIPTION = "Train a model on a task, and measure it beside simpler means."
MEASURED = Path(__file__).parents[3] / "docs" / "know" / "results.json"  # a checkout's
ROWS = 20  # lines of progress that a run prints, more or less


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say what may be asked for: each task has a parser with its own options."""
    from lstm.experiments.tasks import TASKS

    parser.add_argument("--list", action="store_true", help="show the tasks")
    names = parser.add_subparsers(dest="task", metavar="TASK", title="tasks")
    for name, kind in TASKS.items():
        about = (sys.modules[kind.__module__].__doc__ or "").strip()
        command = names.add_parser(
            name,
            help=headline(kind),
            description=about,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        _add_run(command, name)
        add_fields(command.add_argument_group("how it is trained"), kind.recipe)
        if fields(kind):
            add_fields(command.add_argument_group("the task's own"), kind())


def _add_run(parser: argparse.ArgumentParser, name: str) -> None:
    add = parser.add_argument
    add("--seed", type=natural, default=argparse.SUPPRESS, metavar="INT",
        help="of everything random (default: 0)")  # fmt: skip
    add("--out", type=Path, default=Path("out") / name,
        help=f"folder for what is written (default: out/{name})")  # fmt: skip
    add("--resume", action="store_true", help="continue the run in that folder")
    add("--force", action="store_true", help="replace the run in that folder")
    add("--eager", action="store_true", help="do not compile the training step")
    add("--save-every", type=natural, default=0, metavar="INT",
        help="updates between checkpoints; 0: only after each epoch")  # fmt: skip


def headline(kind: type[Task]) -> str:
    """Return the first sentence that a task's class says of itself."""
    return (
        (kind.__doc__ or "").strip().partition(".\n")[0].replace("\n", " ").rstrip(".")
    )


def run(options: argparse.Namespace) -> int:
    """Train; return the exit code."""
    if options.list or options.task is None:
        return _list() if options.list else _no_task()
    training = _resumed(options) if options.resume else _new(options)
    task, recipe = training.task, training.recipe
    print(f"{headline(type(task))}.")
    print(f"{task}, seed {training.seed}\n{recipe}")
    try:
        training.run(on_epoch=_tell(recipe.epochs))
    except KeyboardInterrupt:
        words = f"after {training.progress.updates} updates; --resume continues the run"
        print(f"\nInterrupted {words}.", file=sys.stderr)
        return 130
    _report(training, options.out)
    return 0


def _list() -> int:
    from lstm.experiments.results.running import read, seconds
    from lstm.experiments.tasks import TASKS

    found = read(MEASURED)
    for name, kind in TASKS.items():
        took = seconds(found, name)
        about = f"about {max(1, float(f'{took:.1g}')):.0f} s" if took else ""
        print(f"{name:<14} {about:<11} {headline(kind)}.")
    return 0


def _no_task() -> int:
    print("lstm train: which task? `python -m lstm train --list` shows them",
          file=sys.stderr)  # fmt: skip
    return 2


def _new(options: argparse.Namespace) -> Training:
    from lstm.experiments.tasks import TASKS
    from lstm.experiments.training import Training

    kind = TASKS[options.task]
    there = options.out / "checkpoint.npz"
    if there.exists() and not options.force:
        raise explained(
            ValueError,
            f"train {options.task} --out {options.out}",
            "this folder holds a run already.",
            "--resume continues it, --force replaces it, another --out leaves it.",
        )
    task = kind(**given(options, kind()))
    recipe = replace(kind.recipe, **given(options, kind.recipe))
    seed = getattr(options, "seed", 0)
    training = Training(
        task, recipe, seed, options.out, options.save_every, options.eager
    )
    training.require_batch()  # what is missing is missed before anything is written
    options.out.mkdir(parents=True, exist_ok=True)
    # The checkpoint first: without it, nobody resumes a run that has lost its log.
    for name in ("checkpoint.npz", "log.csv", "model.npz", "loss.png"):
        (options.out / name).unlink(missing_ok=True)
    return training


def _resumed(options: argparse.Namespace) -> Training:
    from lstm.experiments.training import Training

    training = Training.resume(options.out, options.save_every)
    settings = training.settings
    known = {**settings["recipe"], **settings["options"], "seed": settings["seed"]}
    asked = {name: value for name, value in vars(options).items() if name in known}
    changed = [name for name, value in asked.items() if value != known[name]]
    recipe = training.recipe
    same = settings["task"] == options.task
    if same and changed == ["epochs"] and recipe.schedule == "constant":
        training.recipe = replace(
            recipe, epochs=asked["epochs"]
        )  # no step depends on it
        return training
    if not same or changed:
        was = ", ".join(f"{name} = {known[name]}" for name in changed)
        raise explained(
            ValueError,
            f"train {options.task} --out {options.out} --resume",
            f"the run in this folder is of {settings['task']!r}"
            + (f", with {was}." if was else "."),
            "a run continues with the settings it began with: leave them out.",
        )
    return training


def _tell(epochs: int) -> Callable[[Row], None]:
    """Return a function that prints some of the rows: about ROWS of them."""
    each = max(1, epochs // ROWS)

    def tell(row: Row) -> None:
        if row["epoch"] % each == 0 or row["epoch"] in (1, epochs):
            from tqdm import tqdm  # its bar steps aside for a line

            words = (f"{k} {v:.4g}" for k, v in row.items() if k != "updates")
            tqdm.write("  ".join(words))

    return tell


def _report(training: Training, folder: Path) -> None:
    """Write what was learned, and say how good it is."""
    from lstm.experiments.plots import loss_plot
    from lstm.experiments.training.trained_model import save_model
    from minigrad.files import write_whole

    task, progress = training.task, training.progress
    print(f"\n{progress.epoch} epochs, {progress.updates} updates;")
    print(f"the weights are those after epoch {progress.best_epoch}")
    training.use_best()
    measured = {"this model": task.test(training.model), **task.baselines()}
    columns = list(measured["this model"])
    print(f"{'on the test set':<38}" + "".join(f"{name:>16}" for name in columns))
    for who, values in measured.items():
        cells = (f"{values[name]:.4g}" if name in values else "" for name in columns)
        print(f"  {who:<36}" + "".join(f"{cell:>16}" for cell in cells))
    print("wrote", folder / "log.csv")
    print("wrote", save_model(training, folder / "model.npz"))
    plot = loss_plot(training.history, f"validation_{task.metric}", progress.best_epoch)
    print("wrote", write_whole(folder / "loss.png", plot))
