"""Random values as SQL expressions, for each type that a column of the hunt can have."""

import json
import re

TEXTS = ["", " ", "a", "A", "z\u00e4", "\u20ac", "\U0001f600", "quote ' and \" and \\", "tab\tand\nline", "\x01\x1f\x7f",
         "\u2028", "NULL", "null", "{}", "\\N", "\\.", "0", "  padded  ", "e\u0301", "\ufeff"]
NUMBERS = ["0", "-0", "1", "1.0", "1.000", "-7.25", "12345678901234567890.123456789", "1e-20", "NaN", "0.1"]
FLOATS = ["0", "-0", "1", "1e-300", "1.7976931348623157e308", "NaN", "Infinity", "-Infinity", "0.1", "123456.789"]
LONG = "long " * 120  # more than a key of the store holds
WORDS = ["red", "green", "blue", "a b", "x,y", "(z)", "\u00fc"]


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def text_value(rng):
    if rng.random() < 0.03:
        return LONG + rng.choice("abc")
    return rng.choice(TEXTS) if rng.random() < 0.5 else f"{rng.choice(WORDS)}-{rng.randint(1, 60)}"


def json_value(rng, depth=2):
    if depth == 0 or rng.random() < 0.4:
        return rng.choice([None, True, rng.randint(-9, 9), 1.5, text_value(rng), 10 ** 25])
    if rng.random() < 0.5:
        return [json_value(rng, depth - 1) for _ in range(rng.randint(0, 3))]
    return {rng.choice(WORDS): json_value(rng, depth - 1) for _ in range(rng.randint(0, 3))}


def array_of(rng, element):
    return "'{" + ",".join(element(rng) for _ in range(rng.randint(0, 4))) + "}'"


def integer_or_null(rng):
    return rng.choice(["NULL", str(rng.randint(1, 9))])


def range_of(low, high, rng):
    return rng.choice([f"'[{low},{high})'", f"'({low},{high}]'", "'empty'", f"'[{low},)'", f"'(,{high})'"])


def moment(rng):
    return (f"{rng.choice([1970, 1999, 2024, 9999])}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02} "
            f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}.{rng.choice([0, 5, 123456])}+02")


def text_array(rng):
    words = [json.dumps(rng.choice(WORDS + ["NULL", 'q"', "\\"]), ensure_ascii=False) for _ in range(rng.randint(0, 3))]
    return quote("{" + ",".join(words) + "}")


def deep_value(rng):
    parts = [rng.choice(["NULL", text]) for text in (
        quote(rng.choice(NUMBERS)) + "::numeric", MAKERS["jsonb"](rng), text_array(rng),
        f"ROW({rng.randint(1, 9)}, {quote(text_value(rng))})", "(enum_range(NULL::mood))[2]", MAKERS["jsonb"](rng),
        MAKERS["double precision"](rng), quote(moment(rng)))]
    return f"ROW({', '.join(parts)})"


MAKERS = {
    "smallint": lambda r: str(r.randint(-30000, 30000)),
    "integer": lambda r: str(r.randint(1, 70)),
    "bigint": lambda r: str(r.choice([r.randint(1, 70), 9007199254740993, -2 ** 63 + 1])),
    "numeric": lambda r: quote(r.choice(NUMBERS + [f"{r.randint(0, 9999)}.{r.choice(['5', '50', '125'])}"] * 9)),
    "numeric(12,3)": lambda r: f"{r.randint(-999, 999)}.{r.randint(0, 999)}",
    "numeric(15,3)": lambda r: f"{r.randint(-999, 999)}.{r.randint(0, 999)}",
    "real": lambda r: quote(r.choice(["0", "-0", "1.1", "3e38", "NaN", str(r.randint(1, 60))])),
    "double precision": lambda r: quote(r.choice(FLOATS) if r.random() < 0.4 else str(r.randint(1, 60) / 7)),
    "text": lambda r: quote(text_value(r)),
    "character varying": lambda r: quote(text_value(r)[:30]),
    "character": lambda r: quote(text_value(r)[:5]),
    "boolean": lambda r: r.choice(["true", "false"]),
    "date": lambda r: quote(r.choice(["infinity", f"2024-{r.randint(1, 12)}-{r.randint(1, 28)}", "0044-03-15 BC"])),
    "timestamp with time zone": lambda r: quote(r.choice([moment(r), "-infinity", "0044-03-15 12:00:00 BC"])),
    "timestamp without time zone": lambda r: quote(moment(r)[:-3]),
    "time without time zone": lambda r: quote(f"{r.randint(0, 23)}:{r.randint(0, 59)}:0.{r.randint(0, 9)}"),
    "interval": lambda r: quote(r.choice(["1 day", "24:00:00", f"{r.randint(1, 60)} mon -3 days", "-00:00:01.5"])),
    "jsonb": lambda r: quote(json.dumps(json_value(r), ensure_ascii=r.random() < 0.5).replace("\\u0000", "")),
    "json": lambda r: quote(json.dumps(json_value(r), indent=r.choice([None, 1]))),
    "integer[]": lambda r: r.choice(["'{{1,2},{3,NULL}}'", "'[0:1]={7,8}'", array_of(r, integer_or_null)]),
    "text[]": text_array,
    "int4range": lambda r: range_of(r.randint(1, 9), r.randint(10, 60), r),
    "tstzrange": lambda r: range_of("2024-01-01 00:00:00+00", f"2024-02-{r.randint(1, 28)} 00:00:00+00", r),
    "nummultirange": lambda r: f"'{{[1,{r.randint(2, 9)}),[10.5,{r.randint(11, 60)}.25]}}'",
    "bytea": lambda r: f"'\\x{r.randbytes(r.randint(0, 6)).hex()}'",
    "uuid": lambda r: f"'00000000-0000-4000-8000-{r.randint(1, 70):012}'",
    "inet": lambda r: f"'10.0.0.{r.randint(1, 60)}/{r.choice([8, 24, 32])}'",
    "bit varying": lambda r: f"B'{r.randint(0, 63):b}'",
    "jsonb[]": lambda r: f"ARRAY[{MAKERS['jsonb'](r)}, NULL, {MAKERS['jsonb'](r)}]",
    "timestamp with time zone[]": lambda r: f"ARRAY[{quote(moment(r))}, 'infinity']",
    "double precision[]": lambda r: f"ARRAY[{quote(r.choice(FLOATS))}, NULL, {quote(r.choice(FLOATS))}]",
    "numeric[]": lambda r: f"ARRAY[{quote(r.choice(NUMBERS))}, {quote(r.choice(NUMBERS))}]",
    "boolean[]": lambda r: r.choice(["'{t,f,NULL}'", "'{}'"]),
    "bytea[]": lambda r: f"ARRAY[{MAKERS['bytea'](r)}, '']",
    "box[]": lambda r: f"'{{(1,{r.randint(2, 9)}),(0,0);(3,3),(2,2)}}'",
    "document": lambda r: MAKERS["jsonb"](r),
    "document[]": lambda r: f"ARRAY[{MAKERS['jsonb'](r)}, NULL]",
    "numbers": lambda r: MAKERS["integer[]"](r),
    "deep": deep_value,
    "deep[]": lambda r: f"ARRAY[{deep_value(r)}::deep, NULL, {deep_value(r)}::deep]",
    "checked": lambda r: deep_value(r) + "::deep",
    "moods": lambda r: "'empty'" if r.random() < 0.3 else "moods((enum_range(NULL::mood))[1], (enum_range(NULL::mood))[3])",
    "tsvector": lambda r: quote(f"a:{r.randint(1, 9)} 'b c'"),
    "time with time zone": lambda r: quote(f"{r.randint(0, 23)}:30:00+0{r.randint(0, 9)}"),
    "cidr": lambda r: f"'10.{r.randint(1, 60)}.0.0/16'",
    "name": lambda r: quote(text_value(r)[:20]),
    "oid": lambda r: str(r.choice([0, 7, 4294967295])),
    "pg_lsn": lambda r: f"'0/{r.randint(1, 99):X}'",
    "money": lambda r: quote(f"{r.randint(-99, 9999)}.5"),
    "point": lambda r: f"'({r.randint(1, 9)},0.5)'",
    '"char"': lambda r: quote(r.choice("abc")),
    "hstore": lambda r: quote(r.choice(["", 'a=>NULL, b=>"NULL"', f'"q\\"\\\\"=>"{r.randint(1, 9)}", =>""'])),
    "citext": lambda r: quote(text_value(r)),
    "ltree": lambda r: quote(f"a.b{r.randint(1, 9)}.C"),
    "macaddr": lambda r: quote(f"08:00:2b:01:02:{r.randint(10, 99)}"),
    "uuid[]": lambda r: f"ARRAY[{MAKERS['uuid'](r)}, NULL]::uuid[]",
    "smallint[]": lambda r: array_of(r, lambda r: str(r.randint(-9, 9))),
}
# Those that only Debezium has to do with.
CAPTURED_TYPES = ["hstore", "citext", "ltree", "macaddr", "uuid[]", "smallint[]", "bit(1)", "bit(11)",
                  "timestamp(3) without time zone", "time(3) without time zone"]
MAKERS |= {"varchar": MAKERS["character varying"], "char": MAKERS["character"],
           "timestamptz": MAKERS["timestamp with time zone"]}
COLUMN_TYPES = [name for name in MAKERS if name not in ("numeric(15,3)", *CAPTURED_TYPES)] + [
    "varchar(40)", "mood", "mood[]", "pair", "pair[]", "amount", "numeric(12,3)", "integer", "text"]
KEY_TYPES = ["integer", "bigint", "text", "uuid", "numeric", "double precision", "timestamp with time zone", "date",
             "bytea", "char(6)", "interval", "inet", "mood", "amount", "integer[]", "int4range", "boolean", "varchar(40)"]


def random_value(rng, type_name, may_be_null=True):
    """An expression for `type_name`, as format_type prints it."""
    if may_be_null and rng.random() < 0.15:
        return "NULL"
    if type_name in MAKERS:
        return f"({MAKERS[type_name](rng)})::{type_name}"
    plain = re.sub(r"\(.*?\)", "", type_name)
    if plain == "bit":
        return f"B'{rng.getrandbits(11):011b}'::{type_name}"
    if plain in MAKERS:
        return f"({MAKERS[plain](rng)})::{type_name}"
    if type_name.startswith("mood"):
        label = f"(enum_range(NULL::{type_name.removesuffix('[]')}))[{rng.randint(1, 3)}]"
        return f"ARRAY[{label}, NULL]" if type_name.endswith("[]") else label
    if type_name.startswith("pair"):
        row = f"ROW({rng.randint(1, 9)}, {quote(text_value(rng))})::{type_name.removesuffix('[]')}"
        return f"ARRAY[{row}]" if type_name.endswith("[]") else row
    if type_name.startswith("amount"):
        return f"{rng.randint(0, 70)}.{rng.choice(['5', '50'])}::{type_name}"
    raise ValueError(f"no values for {type_name}")


def large_text(rng, kilobytes):
    """An expression that no compression makes small."""
    return (f"(SELECT string_agg(md5({rng.randint(1, 10 ** 9)}::text || i), '') "
            f"FROM generate_series(1, {kilobytes * 32}) i)")
