"""What one line of the benchmark is."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Callable, ContextManager, Optional


@dataclass(frozen=True)
class Goal:
    """A bound on the medians of ours and of the baseline; the baseline is None where there is none."""

    text: str
    is_met: Callable[[float, Optional[float]], bool]


def measured(ours, baseline):
    return ours if baseline is None else ours / baseline


def at_least(bound, unit="x"):
    return Goal(f">= {bound:.3g} {unit}", lambda ours, baseline: measured(ours, baseline) >= bound)


def at_most(bound, unit="x"):
    return Goal(f"<= {bound:.3g} {unit}", lambda ours, baseline: measured(ours, baseline) <= bound)


def at_most_more(bound, unit):
    """For what may take a fixed time longer than the baseline."""
    return Goal(f"<= {bound:.3g} {unit} more", lambda ours, baseline: ours - baseline <= bound)


@dataclass(frozen=True)
class Line:
    """`prepare` makes what both measurements share and takes it down again; each measurement gets it and returns
    one number, both in the same unit."""

    name: str
    goal: Goal
    ours: Callable[[Any], float]
    baseline: Optional[Callable[[Any], float]] = None
    prepare: Callable[[], ContextManager[Any]] = nullcontext
