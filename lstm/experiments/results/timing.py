"""The time of an epoch, ours and PyTorch's: alone on the machine, in turn.

A few batches are drawn beforehand. Then each engine learns from all of them, in turn,
several times, and its fastest pass counts: noise only adds. Drawing the examples and
validating are left out, since both have them in common.
"""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import TypeAlias

import numpy as np

from lstm.experiments.results.experiments import Experiment
from lstm.experiments.results.running import Run, one_thread, runs, training
from lstm.experiments.tasks.packages import Missing

Times: TypeAlias = dict[str, str | float]  # who was timed, and seconds by engine

BATCHES = 20  # that are timed, of those in an epoch


def times(
    experiments: tuple[Experiment, ...], torch: bool, rounds: int, quick: bool
) -> dict[str, Times]:
    """Return, for each experiment that is timed, the seconds of an epoch by engine.

    Measured in a new process, since NumPy asks only once how many threads to use.
    """
    one_thread()
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(measured, experiments, torch, rounds, quick).result()


def measured(
    experiments: tuple[Experiment, ...], torch: bool, rounds: int, quick: bool
) -> dict[str, Times]:
    """Measure in this process."""
    found: dict[str, Times] = {}
    for each in experiments:
        if each.timed is None:
            continue
        who = tuple(c for c in each.contestants if c.name == each.timed)
        contestants = list(runs([replace(each, contestants=who)], [0], torch, quick))
        try:
            found[each.key] = {"timed": each.timed, **seconds(contestants, rounds)}
        except Missing:
            continue
    return found


def seconds(contestants: list[Run], rounds: int) -> dict[str, float]:
    """Return each engine's time for an epoch of this run."""
    trainings = {run.engine: training(run) for run in contestants}
    first = next(iter(trainings.values()))
    rng, size = np.random.default_rng(0), first.recipe.batch
    batches = list(itertools.islice(first.task.batches(rng, size), BATCHES))
    in_epoch = sum(1 for _ in first.task.batches(rng, size))
    best = dict.fromkeys(trainings, float("inf"))
    for _ in range(rounds + 1):  # the first warms up, and is never the fastest
        for name, each in trainings.items():
            began = time.perf_counter()
            for batch in batches:
                each.learn(batch)
            best[name] = min(best[name], time.perf_counter() - began)
    return {name: took * in_epoch / len(batches) for name, took in best.items()}
