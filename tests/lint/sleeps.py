# SPDX-License-Identifier: Apache-2.0
"""No test sleeps for a fixed time: it waits for an event (tests/support/waiting.py). What may sleep is
a program that takes long, of which a test says so: `exec sleep N`, a script that it hands to a helper, a
comment "sleeps: WHY" on the line or the one before; and the step of a loop that waits for something."""

import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SLEEP = re.compile(r"""\b(?:nano|u)?sleep(?:_for|_until)?\s*\(     # time.sleep(, usleep(, sleep_for(
                     | \bsleep[ ]+[0-9.$]                         # a shell's
                     | \bsleep["'],\s*["'][0-9]                   # as words of a command
                     | \bpoll\((?:nullptr|NULL),\s*0,
                     | \braises\(.*(?:TimeoutExpired|timed\ out)
                     | \bselect\(\[\],\s*\[\],\s*\[\],
                     | \bread\s+(?:-[a-z]+\s+)*-t""", re.VERBOSE)
PROGRAM = re.compile(r"""\bexec[ ](?:-a[ ]'[^']*'[ ])?sleep[ ][0-9]
                       | \b(?:make_helper|make_script|run_script|is_killed_at_the_deadline)\(.*\bsleep[ ][0-9.]
                       | \b(?:while|until)[ ].+;[ ]do[ ]sleep[ ]0\.[0-9]+;[ ]done""", re.VERBOSE)
REASON = re.compile(r"\bsleeps: \w")


def findings(name: str, text: str) -> list[str]:
    lines = text.splitlines()
    return [f"{name}:{number}: waits for a time, not for an event: {line.strip()}"
            for number, line in enumerate(lines, 1)
            if SLEEP.search(PROGRAM.sub("", line))
            and not any(REASON.search(near) for near in lines[max(0, number - 2):number])]


def tracked() -> list[str]:
    """Of tests and scripts, also those not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "tests", "scripts"],
        cwd=CHECKOUT, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split()
            if (CHECKOUT / name).is_file() and CHECKOUT / name != Path(__file__).resolve()]


# What must be found, and what must not: the check checks itself first.
BAD = ("time.sleep(1)", 'with pytest.raises(subprocess.TimeoutExpired):',
       'with pytest.raises(Exception, match="timed out"):', "    sleep 5", "std::this_thread::sleep_for(50ms);", "::usleep(10);",
       "::poll(nullptr, 0, 10);", "select.select([], [], [], 0.5)", "read -r -t 0.1 <> <(:)",
       'run("sleep", "3")', "until true; do sleep 2; done")
GOOD = ("exec sleep 60", "until test -e go; do sleep 0.1; done", 'make_helper("sleep 0.05");',
        "time.sleep(3)  # sleeps: a slow server", "# sleeps: a slow server\ntime.sleep(3)")


def main() -> int:
    every = [f"the check does not see {text!r}" for text in BAD if not findings("x", text)]
    every += [f"the check sees {text!r}" for text in GOOD if findings("x", text)]
    for name in tracked():
        every += findings(name, (CHECKOUT / name).read_text(errors="replace"))
    print("\n".join(every))
    return 1 if every else 0


if __name__ == "__main__":
    sys.exit(main())
