"""The lines of the benchmark, in the order of the table."""

import catch_up
import initial_copy
import memory
import publishing
import standing
import stopping

LINES = [line for topic in (catch_up, initial_copy, publishing, memory, stopping, standing) for line in topic.LINES]
