"""The lines of the benchmark, in the order of the table."""

LINES = []
