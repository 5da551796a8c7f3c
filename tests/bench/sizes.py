"""How large the benchmark is. Full sizes by default; a smoke run takes a small share of everything."""

import os

SCALE = float(os.environ.get("BENCH_SCALE", "1"))


def scaled(full, least=1):
    """A count or a duration in seconds at the scale of this run."""
    return max(least, int(full * SCALE))


def is_full():
    return SCALE >= 1
