"""The results as a page: one table for each experiment, made from the file of runs."""

from __future__ import annotations

import os
import platform
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from statistics import mean, median, stdev

from lstm.experiments.results.experiments import Experiment
from lstm.experiments.results.running import Result, Results, Run
from lstm.experiments.results.timing import Times
from lstm.experiments.tasks import TASKS, Task
from lstm.experiments.tasks.packages import Missing

INTRODUCTION = """# Results

What the tasks of `lstm.experiments.tasks` reach, beside PyTorch and baselines: what
simpler means make of the same question. This page was written by
`python -m lstm results`; no number in it was typed. Every run is a line of
`results.json` beside it, and what is there is not run again.

A line "PyTorch" is the same run with PyTorch's arithmetic: the same weights to begin
with, the same batches in the same order, the same clipping and the same Adam, its
second bias held at 0. In float64 both take the same steps to the last digits, which a
test checks; in float32, as here, rounding soon makes them different runs of the same
kind. So compare the spread of several seeds, `mean ± standard deviation`, and not
single numbers.

"Goal" counts the seeds that reached the goal of a task, and gives the updates they
needed: the median, and the range. Seconds are those of one epoch, alone on the machine
and on one thread, the fastest of several passes; see `results.timing`. PyTorch's layer
is fused, in C++; ours is the six equations, compiled (`mg.compile`) as `python -m lstm
train` does it. [Another page](../benchmarks.md) measures that for itself.
"""
QUICK = "**Made with `--quick`: the settings are too small to mean anything.**\n"


def page(
    experiments: Sequence[Experiment],
    todo: Sequence[Run],
    found: Results,
    times: Mapping[str, Times],
    quick: bool = False,
) -> str:
    """Return the whole page."""
    parts = [INTRODUCTION, *([QUICK] if quick else []), machine(todo)]
    for each in experiments:
        mine = [run for run in todo if run.experiment == each.key]
        if not mine:
            continue
        parts += section(each, mine, found, times.get(each.key, {}))
    return "\n".join(parts).rstrip() + "\n"


def machine(todo: Sequence[Run]) -> str:
    """Say where the numbers were made."""
    names = {"NumPy": "numpy", "PyTorch": "torch"}
    versions = [f"{name} {_version(package)}" for name, package in names.items()]
    of_each = Counter((run.experiment, run.contestant, run.engine) for run in todo)
    least, most = min(of_each.values(), default=0), max(of_each.values(), default=0)
    seeds = f"{least} seed{'s' * (least != 1)}"
    if least != most:
        seeds = f"{least} to {most} seeds"
    return _paragraph(
        f"Made with {', '.join([f'Python {platform.python_version()}', *versions])} on "
        f"{os.cpu_count()} cores ({platform.machine()}), from {seeds} each."
    )


def _paragraph(text: str) -> str:
    return (
        textwrap.fill(text, 88, break_long_words=False, break_on_hyphens=False) + "\n"
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def section(
    each: Experiment,
    mine: Sequence[Run],
    found: Results,
    times: Times,
) -> Iterator[str]:
    """Yield the lines of one experiment."""
    yield f"## {each.title}\n"
    missing = [found[r.key]["missing"] for r in mine if "missing" in found[r.key]]
    if missing:
        why = missing[0].partition("  why   ")[2].partition("\n  fix ")[0]
        yield _paragraph(f"Not run here: {' '.join(why.split())}")
        return
    yield _paragraph(each.description)
    task = TASKS[each.task](**mine[0].options)
    facts = task.facts()
    if "sha256" in facts:
        yield _paragraph(
            f"The text has {facts['characters']:,} characters, "
            f"{len(str(facts['alphabet']))} different ones; its SHA-256 begins with "
            f"`{facts['sha256']:.16}`."
        )
    yield from table(each, task, mine, found)
    yield from timing(times)


def table(
    each: Experiment, task: Task, mine: Sequence[Run], found: Results
) -> Iterator[str]:
    """Yield the table: contestants by engine, then baselines."""
    lines, measures = rows(each, task, mine, found)
    yield from lines
    try:
        baselines = task.baselines()
    except Missing:  # a page may be made where the data are not
        baselines = {}
    for name, values in baselines.items():
        cells = [f"{values[each]:.3g}" if each in values else "" for each in measures]
        yield _line(f"*{name}*", "", cells + [""] * (2 * (task.goal is not None)))
    yield ""


def rows(
    each: Experiment, task: Task, mine: Sequence[Run], found: Results
) -> tuple[list[str], list[str]]:
    """Return the head of a table with the rows of its contestants; the measures."""
    ended = [found[run.key] for run in mine if "test" in found[run.key]]
    measures = list(ended[0]["test"]) if ended else []
    goal = ["goal", "updates"] if task.goal is not None else []
    lines = [
        "| who | " + " | ".join(["arithmetic", *measures, *goal]) + " |",
        "| --- | --- |" + " ---: |" * len(measures + goal),
    ]
    for contestant in each.contestants:
        for engine in ("minigrad", "PyTorch"):
            who = (contestant.name, engine)
            keys = [r.key for r in mine if (r.contestant, r.engine) == who]
            if keys:
                group = [found[key] for key in keys if "test" in found[key]]
                lost = len(keys) - len(group)
                engine += f", {lost} of {len(keys)} diverged" if lost else ""
                cells = [
                    spread([one["test"][name] for one in group]) for name in measures
                ]
                cells += reached(group) if goal else []
                lines.append(_line(contestant.name, engine, cells))
    return lines, measures


def _line(who: str, engine: str, cells: Sequence[str]) -> str:
    return f"| {who} | {engine} | " + " | ".join(cells) + " |"


def spread(values: Sequence[float]) -> str:
    """Return `mean ± standard deviation`; nothing for no values.

    >>> spread([0.95, 0.97]), spread([1.0, 1.0]), spread([0.5])
    ('0.960 ± 0.014', '1.000 ± 0.000', '0.500')
    >>> spread([0.0, 0.0]), spread([0.05, 0.07]), spread([12.0])
    ('0.000 ± 0.000', '0.0600 ± 0.0141', '12.0')
    """
    if not values:
        return ""
    largest = max(values)
    digits = 1 if largest > 10 else 4 if 0 < largest < 0.1 else 3
    middle = f"{mean(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ± {stdev(values):.{digits}f}"


def reached(group: Sequence[Result]) -> list[str]:
    """Return how many runs of a group reached the goal, and after how many updates."""
    updates = [one["updates"] for one in group if one["reached"]]
    share = f"{len(updates)} of {len(group)}"
    if not updates:
        return [share, ""]
    return [share, f"{median(updates):,.0f} ({min(updates):,} to {max(updates):,})"]


def timing(times: Times) -> Iterator[str]:
    """Yield a sentence on the time of an epoch."""
    if not times:
        return
    ours = float(times["minigrad"])
    words = f"An epoch of {times['timed']} takes {ours:.2g} s"
    if "PyTorch" in times:
        ratio = ours / float(times["PyTorch"])
        words += f", PyTorch's {times['PyTorch']:.2g} s: a ratio of **{ratio:.2f}**"
    yield _paragraph(f"{words}.")
