# SPDX-License-Identifier: Apache-2.0
"""What parsers of JSON take although RFC 8259 does not; nodes and together-roled do not."""

LENIENCIES = {
    "comment": lambda text: text[:-1] + b"/*x*/}",
    "line comment": lambda text: text + b"//x\n",
    "leading zero": lambda text: text[:-1] + b',"x":01}',
    "plus": lambda text: text[:-1] + b',"x":+1}',
    "no fraction": lambda text: text[:-1] + b',"x":1.}',
    "no whole part": lambda text: text[:-1] + b',"x":.5}',
    "mere minus": lambda text: text[:-1] + b',"x":-}',
    "hexadecimal": lambda text: text[:-1] + b',"x":0x1}',
    "not a number": lambda text: text[:-1] + b',"x":NaN}',
    "tab in a string": lambda text: text[:-1] + b',"x":"\t"}',
    "newline in a string": lambda text: text[:-1] + b',"x":"\n"}',
    "single quotes": lambda text: text[:-1] + b",'x':1}",
    "name without quotes": lambda text: text[:-1] + b",x:1}",
    "comma at the end": lambda text: text[:-1] + b",}",
    "two values": lambda text: text + text,
    "behind the end": lambda text: text + b"x",
    "behind a NUL": lambda text: text + b"\0x",
    "a key twice": lambda text: text[:-1] + b',"x":1,"x":2}',
    "no end": lambda text: text[:-1],
    "not UTF-8": lambda text: text[:-1] + b',"x":"\xff"}',
    "overlong UTF-8": lambda text: text[:-1] + b',"x":"\xc0\xaf"}',
    "surrogate in UTF-8": lambda text: text[:-1] + b',"x":"\xed\xa0\x80"}',
    "deep nesting": lambda text: text[:-1] + b',"x":' + b"[" * 100 + b"]" * 100 + b"}",
}
