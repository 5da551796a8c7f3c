"""The columns of a row as the bytes that stand in the document."""

import json

DECODER = json.JSONDecoder()


def columns_of(line):
    """Name -> its value's own text."""
    found, at = {}, 1
    while line[at] != "}":
        name, at = DECODER.raw_decode(line, at)
        begin = at + 1  # behind the colon
        at = begin
        while line[at].isspace():
            at += 1
        _, at = DECODER.raw_decode(line, at)
        while line[at] not in ",}":
            at += 1
        found[name] = line[begin:at]
        at += line[at] == ","
    return found


def without(lines, names):
    """The same rows without some of their columns."""
    if not names:
        return lines
    return ["{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{value}" for name, value in columns_of(line).items()
                           if name not in names) + "}" for line in lines]
