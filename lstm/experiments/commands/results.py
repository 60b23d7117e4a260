"""`python -m lstm results`: what the tasks reach, in a file of runs and as a page.

    python -m lstm results --jobs 16 --out docs/know

writes `results.json`, after every run, and at the end `results.md`. What is in the file
already is not run again. All runs of five seeds take hours: `--minutes 30` begins none
after that time and writes the page of what there is, and the same command goes on where
it stopped. `--quick` tries everything with tiny settings, to see that it works.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from lstm.experiments.commands.options import natural, positive

DESCRIPTION = (
    "Train on every task, from several seeds, beside PyTorch where it is installed, "
    "and write the results as JSON and as a page."
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say what may be asked for."""
    from lstm.experiments.results.experiments import EXPERIMENTS

    add = parser.add_argument
    add("--out", type=Path, default=Path("out/results"), help="default: out/results")
    add("--jobs", type=positive, default=1, help="processes at a time (default: 1)")
    add("--seeds", type=positive, default=5, help="runs of each (default: 5)")
    add("--seed", type=natural, default=0, help="the first of them (default: 0)")
    add(
        "--minutes",
        type=positive,
        default=None,
        metavar="N",
        help="begin no run after N minutes; the next time it goes on",
    )
    add("--only", action="append", choices=[each.key for each in EXPERIMENTS],
        help="an experiment to run; may be repeated (default: all)")  # fmt: skip
    add("--rounds", type=positive, default=5, help="passes that are timed (default: 5)")
    add("--no-torch", action="store_true", help="leave PyTorch out")
    add("--quick", action="store_true", help="tiny settings: only to see that it works")


def run(options: argparse.Namespace) -> int:
    """Run, write, and return the exit code."""
    from lstm.experiments.results import running
    from lstm.experiments.results.experiments import EXPERIMENTS
    from lstm.experiments.results.report import page
    from lstm.experiments.results.timing import times
    from minigrad.files import write_whole

    say = partial(print, flush=True)
    torch = running.has_torch() and not options.no_torch
    experiments = tuple(
        each for each in EXPERIMENTS if not options.only or each.key in options.only
    )
    seeds = range(options.seed, options.seed + options.seeds)
    todo = list(running.runs(experiments, seeds, torch, options.quick))
    raw = options.out / "results.json"
    found = running.collect(todo, raw, options.jobs, say, options.minutes)
    todo = [each for each in todo if each.key in found]
    say("timing, one after the other")
    took = times(experiments, torch, options.rounds, options.quick)
    text = page(experiments, todo, found, took, options.quick)
    say(f"wrote {raw}")
    say(f"wrote {write_whole(options.out / 'results.md', text.encode())}")
    return 0
