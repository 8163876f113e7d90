# SPDX-License-Identifier: Apache-2.0
"""The `key=value` form of a decision's log line."""

import re

# A value is bare, or quoted: \" and \\ stand for themselves, \xNN for a byte.
FIELD = re.compile(r'(?:^|\s)([A-Za-z_][A-Za-z0-9_]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)')
ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))")


def parse_fields(text: str) -> dict[str, str]:
    """The fields of one line; a name that is set twice fails the test: logs are searched by it."""
    fields: dict[str, str] = {}
    for name, quoted, bare in FIELD.findall(text):
        assert name not in fields, f"{name} twice in {text!r}"
        fields[name] = _unescape(quoted) if quoted else bare
    return fields


def _unescape(text: str) -> str:
    def plain(match: re.Match[bytes]) -> bytes:
        return bytes.fromhex(match[1].decode()) if match[1] else match[2]

    # Bytes, because a character beyond ASCII is several escapes.
    return ESCAPE.sub(plain, text.encode()).decode(errors="backslashreplace")
