"""How fast and how large, as ratios measured side by side in one run.

`make bench` prints one table and writes it to docs/benchmarks.md. Everything runs on
one thread: the environment is set here, before NumPy is first imported.
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

from minigrad.console import accept_any_text  # noqa: E402

accept_any_text()
