"""The `key=value` form of a decision's log line."""

import re

# A value is bare, or quoted with backslash escapes.
FIELD = re.compile(r'(?:^|\s)([A-Za-z_][A-Za-z0-9_]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)')
ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))")
NAMED = {"n": "\n", "t": "\t", "r": "\r"}


def parse_fields(text: str) -> dict[str, str]:
    """The fields of one line; a name that stands twice fails the test: logs are searched by it."""
    fields: dict[str, str] = {}
    for name, quoted, bare in FIELD.findall(text):
        assert name not in fields, f"{name} twice in {text!r}"
        fields[name] = ESCAPE.sub(_unescape, quoted) if quoted else bare
    return fields


def _unescape(match: re.Match[str]) -> str:
    code, character = match.groups()
    return chr(int(code, 16)) if code else NAMED.get(character, character)
