"""The lines of the benchmark, in the order of the table."""

import catch_up
import documents
import initial_copy
import kafka
import memory
import publishing
import reading
import standing
import stopping
import writing

TOPICS = (catch_up, initial_copy, publishing, documents, memory, stopping, standing, writing, reading, kafka)
LINES = [line for topic in TOPICS for line in topic.LINES]
