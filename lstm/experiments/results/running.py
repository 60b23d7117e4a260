"""Every run in a process of its own, on one thread; what came out, as JSON.

The results are written after each run, whole, so that a long evening that is cut short
can be continued: a run that is in the file, with the same settings, is not run again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, fields, replace
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias, TypedDict

from lstm.experiments.results.experiments import Experiment
from lstm.experiments.tasks import TASKS, Task
from lstm.experiments.tasks.packages import Missing
from lstm.experiments.training import Recipe, Training
from minigrad.files import write_whole

QUICK = {"epochs": 1, "updates": 2, "count": 16, "share": 0.05, "T": 20}


@dataclass(frozen=True)
class Run:
    """One run, as plain data: who, by whose arithmetic, from which seed."""

    experiment: str
    contestant: str
    engine: str
    seed: int
    task: str
    options: Mapping[str, object]
    recipe: Mapping[str, Any]

    @property
    def key(self) -> str:
        """What names the run in the file."""
        return f"{self.experiment} | {self.contestant} | {self.engine} | {self.seed}"


class Result(TypedDict, total=False):
    """What came out of a run, as plain data: one of three.

    missing, diverged  why there is nothing else, in a sentence
    test               its measures; then what `Training.progress` says at the end
    run                which run it was
    """

    run: dict[str, object]
    missing: str
    diverged: str
    test: dict[str, float]
    epochs: int
    updates: int
    reached: bool
    seconds: float
    loss: float


Results: TypeAlias = dict[str, Result]  # by the key of the run


def runs(
    experiments: Sequence[Experiment],
    seeds: Iterable[int],
    torch: bool,
    quick: bool = False,
) -> Iterator[Run]:
    """Yield every run: each contestant, by each engine, from each seed."""
    seeds = list(seeds)
    for each in experiments:
        kind = TASKS[each.task]
        options = _shrunk(each.options, kind) if quick else each.options
        for contestant in each.contestants:
            changed = {**contestant.recipe, **({"epochs": 1} if quick else {})}
            recipe = asdict(replace(kind.recipe, **changed))
            for engine in ("minigrad", "PyTorch")[: 1 + (torch and contestant.torch)]:
                for seed in seeds:
                    yield Run(each.key, contestant.name, engine, seed, each.task,
                              dict(options), recipe)  # fmt: skip


def _shrunk(options: Mapping[str, object], kind: type[Task]) -> dict[str, object]:
    known = {field.name for field in fields(kind)}
    return {**options, **{k: v for k, v in QUICK.items() if k in known}}


def training(run: Run) -> Training:
    """Return the run, not yet begun, compiled as `python -m lstm train` does it."""
    task = TASKS[run.task](**run.options)
    return engine(run.engine)(task, Recipe(**run.recipe), run.seed, eager=False)


def engine(name: str) -> type[Training]:
    """Return what makes the steps."""
    if name == "minigrad":
        return Training
    from lstm.experiments.results import twin

    twin.torch.set_num_threads(1)
    return twin.TorchTraining


def result(run: Run) -> Result:
    """Run, measure, and return what came out, as plain data.

    A run that cannot be done says what is missing; one whose loss is no longer a
    number, or whose gradient, says that it diverged.
    """
    try:
        done = training(run).run(bar=False).use_best()
    except Missing as error:
        return {"missing": str(error)}
    except (FloatingPointError, ValueError) as error:
        return {"diverged": str(error)}
    return {
        "test": done.task.test(done.model),
        "epochs": done.progress.epoch,
        "updates": done.progress.updates,
        "reached": done.reached,
        "seconds": median(row["seconds"] for row in done.history),
        "loss": done.history[-1]["loss"],
    }


def has_torch() -> bool:
    """Whether PyTorch is installed."""
    return find_spec("torch") is not None


def collect(
    todo: Sequence[Run],
    path: Path,
    jobs: int,
    report: Callable[[str], None],
    minutes: float | None = None,
) -> Results:
    """Do all runs that are not in the file yet; return everything in it.

    All experiments from the first seed, then from the second, and so on, so that the
    file is worth something at any time. After `minutes`, no run is begun.
    """
    known, began = read(path), time.monotonic()
    left = [run for run in todo if known.get(run.key, {}).get("run") != plain(run)]
    left.sort(key=lambda run: run.seed)
    report(f"{len(todo)} runs, {len(left)} of them to do, {jobs} at a time")
    one_thread()
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        waiting = {pool.submit(result, run): run for run in left}
        try:
            for number, future in enumerate(as_completed(waiting), 1):
                if future.cancelled():
                    continue
                late = minutes and time.monotonic() - began > 60 * minutes
                if late and (stopped := sum(each.cancel() for each in waiting)):
                    report(f"{stopped} runs are left for another time")
                run = waiting[future]
                known[run.key] = {"run": plain(run), **future.result()}
                write_whole(path, written(known))
                report(f"{number}/{len(left)}  {run.key}: {brief(known[run.key])}")
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return known


def plain(run: Run) -> dict[str, object]:
    """Return a run as it comes back from a file."""
    fields: dict[str, object] = json.loads(json.dumps(asdict(run)))
    return fields


def written(found: Results) -> bytes:
    """Return the results as JSON, a line for each run: differences are easy to read."""
    lines = (f"{json.dumps(key)}: {json.dumps(each)}" for key, each in found.items())
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def read(path: Path) -> Results:
    """Return the results in a file; none, if there is no file."""
    found: Results = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def seconds(found: Results, task: str) -> float | None:
    """Return how long a task is trained with its own settings: the median of runs."""
    kind = TASKS[task]
    own = {**asdict(kind.recipe), **asdict(kind())}.items()
    took = [
        each["seconds"] * each["epochs"]
        for each in found.values()
        if "seconds" in each
        and each["run"]["engine"] == "minigrad"
        and each["run"]["task"] == task
        and own >= {**each["run"]["recipe"], **each["run"]["options"]}.items()  # type: ignore[dict-item]
    ]
    return median(took) if took else None


def brief(found: Result) -> str:
    """Say in a line what came out."""
    for word in ("missing", "diverged"):
        if word in found:
            return f"{word}: {found[word].splitlines()[0]}"
    return ", ".join(f"{name} {value:.4g}" for name, value in found["test"].items())


def one_thread() -> None:
    """Let NumPy and PyTorch use one thread in every process that begins from now on."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
