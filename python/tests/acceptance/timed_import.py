"""Prints how many seconds `import signoff` takes.

Without those in which others had the processors (Linux says how many).
"""

import os
import time

STATISTICS = "/proc/self/schedstat"


def now() -> float:
    starved = 0
    if os.path.exists(STATISTICS):  # noqa: PTH110 - pathlib would be imported before it is timed
        with open(STATISTICS) as statistics:  # noqa: PTH123
            starved = int(statistics.read().split()[1])
    return time.perf_counter() - starved / 1e9


began = now()
import signoff  # noqa: E402, F401

print(now() - began)
