"""What one line of the benchmark is."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Callable, ContextManager, Optional


@dataclass(frozen=True)
class Goal:
    """A bound on the ratio of ours to the baseline, or on ours where there is no baseline."""

    text: str
    is_met: Callable[[float], bool]


def at_least(bound, unit="x"):
    return Goal(f">= {bound:g} {unit}", lambda measured: measured >= bound)


def at_most(bound, unit="x"):
    return Goal(f"<= {bound:g} {unit}", lambda measured: measured <= bound)


@dataclass(frozen=True)
class Line:
    """`prepare` makes what both measurements share and takes it down again; each measurement gets it and returns
    one number, both in the same unit."""

    name: str
    goal: Goal
    ours: Callable[[Any], float]
    baseline: Optional[Callable[[Any], float]] = None
    prepare: Callable[[], ContextManager[Any]] = nullcontext
