"""Reads the literals that helm/understudy writes into an admission policy back into data.

    value  := JSON text, number, true or false | "[" values "]" | [place] "{" members "}"
    member := (name | JSON text) ":" value

An object's place has to be where it stands, as the API server demands: `env` of `Object.spec.initContainers` is
`Object.spec.initContainers.env`, and so is each object in a list of that name.
"""

import json
import re


class NotALiteral(Exception):
    """The text cannot be read."""


class Reader:
    def __init__(self, text, start=0):
        self.text, self.at = text, start

    def match(self, pattern):
        found = re.compile(r"\s*" + pattern).match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def take(self, pattern):
        found = self.match(pattern)
        if not found:
            raise NotALiteral(f"expected {pattern} at: {self.text[self.at:self.at + 60]}")
        return found[0].strip()

    def value(self, place):
        if self.match(r"\["):
            return self.sequence(r"\]", lambda: self.value(place))
        found = self.match(r"([A-Za-z][A-Za-z.]*)?\{")
        if found:
            if found[1] and found[1] != place:
                raise NotALiteral(f"{found[1]} stands where {place} belongs")
            return dict(self.sequence(r"\}", lambda: self.member(place)))
        self.take("")
        try:
            data, self.at = json.JSONDecoder().raw_decode(self.text, self.at)
        except json.JSONDecodeError as error:
            raise NotALiteral(str(error)) from error
        return data

    def member(self, place):
        name = self.take(r'("[^"]*"|[A-Za-z]+)').strip('"')
        self.take(":")
        return name, self.value(f"{place}.{name}")

    def sequence(self, end, item):
        items = []
        while not self.match(end):
            if items:
                self.take(",")
            items.append(item())
        return items


def added(expression, path):
    """What an expression adds to the list at `path`, such as /spec/volumes."""
    place = "Object" + re.sub(r"/\d+", "", path).replace("/", ".")
    start = re.escape(f'JSONPatch{{op: "add", path: "{path}/-", value:')
    return [Reader(expression, found.end()).value(place) for found in re.finditer(start, expression)]
