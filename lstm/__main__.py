"""`python -m lstm`: the demo; `python -m lstm COMMAND`: train, generate, results.

Exit code 0: done; 1: it could not be done, and a sentence says why; 2: the command was
not understood; 130: interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from minigrad import __version__
from minigrad.console import accept_any_text

# A command is a module with DESCRIPTION, add_options(parser) and run(options). Only the
# one that is asked for is imported.
COMMANDS = {
    "train": "lstm.experiments.commands.train",
    "generate": "lstm.experiments.commands.generate",
    "results": "lstm.experiments.commands.results",
}
DEMO = "lstm.experiments.demo"
HELP = """other commands, each with its own --help:
  python -m lstm train TASK         train on a task; `train --list` shows them
  python -m lstm generate           let a trained character model write
  python -m lstm results            what the tasks reach, as a page
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    accept_any_text()
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = words.pop(0) if words[:1] and words[0] in COMMANDS else None
    command = importlib.import_module(COMMANDS[name] if name else DEMO)
    parser = argparse.ArgumentParser(
        prog=f"lstm {name}" if name else "lstm",
        description=command.DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=None if name else HELP,
    )
    if name is None:
        parser.add_argument(
            "--version", action="version", version=f"lstm {__version__}"
        )
        parser.add_argument(
            "command", nargs="?", choices=COMMANDS, help=argparse.SUPPRESS
        )
    command.add_options(parser)
    options = parser.parse_args(words)
    try:
        return int(command.run(options))
    except KeyboardInterrupt:
        print("\nInterrupted; the files written so far are whole.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read our output has seen enough
        sys.stdout = None
        return 1
    except OSError as error:
        print(f"lstm: {_why(error)}", file=sys.stderr)
        return 1
    except MemoryError as error:
        print(
            f"lstm: not enough memory: {error}; choose smaller sizes", file=sys.stderr
        )
        return 1
    except (ValueError, FloatingPointError) as error:
        print(f"lstm: {error}", file=sys.stderr)
        return 1


def _why(error: OSError) -> str:
    if not error.strerror:  # a sentence of our own
        return str(error)
    return f"{error.filename}: {error.strerror}; choose another file or folder"


if __name__ == "__main__":
    sys.exit(main())
