"""Asks with PostgREST's client for Python. Prints a line for each question: its name, a tab, the answer as JSON.

Usage: reads.py URL, with the client on PYTHONPATH.
"""

import json
import sys

from postgrest import SyncPostgrestClient
from postgrest.exceptions import APIError

client = SyncPostgrestClient(sys.argv[1])


def things(*columns, **options):
    return client.from_("things").select(*columns, **options)


QUESTIONS = {
    "all": lambda: things("*").order("id"),
    "columns": lambda: things("title:t", "id", "jb->k", "kk:jb->>k").order("id"),
    "eq": lambda: things("id").eq("t", "a,b"),
    "neq": lambda: things("id").neq("n", 3).order("id"),
    "gt": lambda: things("id").gt("n", 2).order("id"),
    "gte_lt": lambda: things("id").gte("n", 2).lt("n", 5).order("id"),
    "lte": lambda: things("id").lte("d", "2026-01-03").order("id"),
    "in": lambda: things("id").in_("n", [1, 2]).order("id"),
    "is_null": lambda: things("id").is_("n", None).order("id"),
    "is_true": lambda: things("id").is_("b", True).order("id"),
    "not": lambda: things("id").not_.in_("n", [1, 2]).order("id"),
    "or": lambda: things("id").or_("n.eq.1,and(n.gt.4,b.is.false),t.like.*te").order("id"),
    "like": lambda: things("id").like("t", "%a%").order("id"),
    "ilike": lambda: things("id").ilike("t", "PL_IN").order("id"),
    "json": lambda: things("id").eq("jb->>k", "v2"),
    "match": lambda: things("id").match({"n": 2, "b": "true"}),
    "order": lambda: things("id", "n").order("n", desc=True, nullsfirst=False).order("id"),
    "limit": lambda: things("id").order("id").limit(2),
    "range": lambda: things("id").order("id").range(1, 3),
    "single": lambda: things("id", "t").eq("id", 2).single(),
    "single_of_none": lambda: things("id").eq("id", 99).single(),
    "single_of_many": lambda: things("id").single(),
    "maybe": lambda: things("id").eq("id", 3).maybe_single(),
    "maybe_none": lambda: things("id").eq("id", 99).maybe_single(),
    "csv": lambda: things("id", "t", "n").order("id").csv(),
    "count": lambda: things("id", count="exact").order("id").limit(2),
    "head": lambda: things("*", count="exact", head=True).gt("id", 2),
    "unknown_column": lambda: things("nothing"),
    "unknown_table": lambda: client.from_("nothing").select("*"),
    "bad_value": lambda: things("id").eq("n", "x"),
    "insert": lambda: client.from_("things").insert({"id": 100}),
    "delete": lambda: client.from_("things").delete().eq("id", 1),
}


def answer(question):
    try:
        got = question.execute()
    except APIError as refused:
        return {"data": None, "error": refused.code, "count": None}
    if got is None:
        return {"data": None, "error": None, "count": None}
    return {"data": got.data, "error": None, "count": getattr(got, "count", None)}


for name, ask in QUESTIONS.items():
    print(f"{name}\t{json.dumps(answer(ask()))}")
