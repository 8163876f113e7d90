# SPDX-License-Identifier: Apache-2.0
"""Public keys of SSH: quick ones that nobody has the private half of, and ssh-keygen's."""

import base64
import os
import struct
import subprocess


def line(kind, *parts):
    blob = b"".join(struct.pack(">I", len(part)) + part for part in (kind.encode(), *parts))
    return f"{kind} {base64.b64encode(blob).decode()}"


def ed25519():
    """Any 32 bytes will do."""
    return line("ssh-ed25519", os.urandom(32))


def generated(directory, kind, bits=None, comment="me@laptop"):
    """The .pub file of a new pair."""
    path = directory / f"id_{kind}_{bits}"
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", comment, "-f", str(path)]
    subprocess.run(command + (["-b", str(bits)] if bits else []), check=True, timeout=60)
    return path.with_suffix(".pub")


def fingerprint(public_file):
    shown = subprocess.run(["ssh-keygen", "-l", "-f", str(public_file)], check=True, capture_output=True, text=True)
    return shown.stdout.split()[1]
