"""Whether a value differs as the manifest's `loss` of its column says, or otherwise."""

import json
import re
from decimal import Decimal, InvalidOperation


def number(text):
    try:
        return Decimal(str(json.loads(text, parse_float=str, parse_int=str)))
    except (InvalidOperation, TypeError, ValueError):
        return None


def same_number(there, here):
    return number(there) is not None and number(there) == number(here)


def same_double(there, here):
    one, other = number(there), number(here)
    return one is not None and other is not None and float(one) == float(other)


def same_digits(there, here):
    return re.sub(r"[^\d-]", "", there) == re.sub(r"[^\d-]", "", here)


def same_amount(there, here):
    return same_double(re.sub(r"[^\d.-]", "", there), here)


def same_bits(there, here):
    return there.strip('"').lstrip("0") == here.strip('"').lstrip("0")


def same_to_milliseconds(there, here):
    def cut(text):
        return re.sub(r"\.(\d{1,3})\d*", lambda found: ("." + found[1]).rstrip("0").rstrip("."), text)
    return cut(there) == cut(here)


def is_null(there, here):
    return here == "null"


def anything(there, here):
    return True


# Part of what is said -> whether two values differ so.
KINDS = [
    ("NaN comes as null", lambda there, here: there == '"NaN"' and here == "null"),
    ("zeros at the end of the fraction are lost, and NaN",
     lambda there, here: same_number(there, here) or here == "null" and number(there).is_finite() is False),
    ("the grouping of digits, digits past the 15th", same_amount),
    ("digits past the 15th", same_double),
    ("money.fraction.digits", anything),
    ("the currency's sign and", same_digits),
    ("microseconds are lost", same_to_milliseconds),
    ("before 1677 and after 2262", lambda there, here: here == "null" or "BC" in there or "9999" in there or "infinity" in there),
    ("24:00:00 comes as 00:00:00", lambda there, here: there.startswith('"24:00')),
    ("the offset is lost", lambda there, here: "+" in there or "-" in there),
    ("dates before the year 1", lambda there, here: "BC" in there),
    ("years, months and days come as hours", lambda there, here: "mon" in there or "day" in there or "year" in there),
    ("zeros in front are lost", same_bits),
    ("changed rows come with null unless", is_null),
    ("values come only if", is_null),
    ("with NULL in it comes as null", lambda there, here: here == "null" and "null" in there),
    ("one with NaN in it comes as null", lambda there, here: here == "null" and "NaN" in there),
    ("only arrays of one dimension", lambda there, here: there.startswith("[[")),
]


def unnamed(loss, there, here):
    """Of an array, and of types that come alike, what is said of the elements is not looked at."""
    if "come alike" in loss or "cannot be told" in loss or "only arrays" in loss and "of its elements" in loss:
        return False
    kinds = [differs for text, differs in KINDS if text in loss]
    return not any(differs(there, here) for differs in kinds)
