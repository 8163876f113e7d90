# SPDX-License-Identifier: Apache-2.0
"""Strict parsing, help with examples that run, writing that fails."""

import json
import subprocess

import pytest

from support.ctl_node import (CONFIG, PLAIN_ENVIRONMENT, TOGETHERCTL, VERBS, ctl, ctl_json, write_config)

WRONG = [
    ([], "a verb is missing"),
    (["chek"], 'unknown verb "chek"'),
    ([""], 'unknown verb ""'),
    (["check"], "LOGIN is missing"),
    (["check", ""], "an empty argument"),
    (["explain"], "LOGIN is missing, or --uid UID (see togetherctl explain --help)"),
    (["check", "alice", "--uid", "10001"], "LOGIN and --uid exclude each other"),
    (["check", "--uid", "alice"], 'no uid: "alice"'),
    (["check", "--uid", "-1"], 'no uid: "-1"'),
    (["check", "--uid", "4294967296"], 'no uid: "4294967296"'),
    (["check", "alice", "bob"], 'extra argument "bob"'),
    (["status", "alice"], 'extra argument "alice"'),
    (["check", "alice", "--bogus"], 'unknown option "--bogus"'),
    (["check", "alice", "--bogus=1"], 'unknown option "--bogus"'),
    (["check", "alice", "-x"], 'unknown option "-x"'),
    (["check", "alice", "--act", "ssh.login"], 'unknown option "--act"'),
    (["--action", "ssh.login", "check", "alice"], 'unknown option "--action"'),
    (["status", "--action", "ssh.login"], 'unknown option "--action"'),
    (["roster", "--verbose"], 'unknown option "--verbose"'),
    (["check", "alice", "--action"], "--action needs a value, ACTION"),
    (["check", "alice", "--action="], "--action needs a value, ACTION"),
    (["check", "alice", "--config", ""], "--config needs a value, PATH"),
    (["check", "alice", "--json=yes"], "--json takes no value"),
    (["check", "alice", "--json=true"], "--json takes no value"),
    (["check", "--action=", "ssh.login", "alice"], "--action needs a value, ACTION"),
    (["check", "-1"], 'unknown option "-1"'),
    (["check", "alice", "--", "--json"], 'extra argument "--json"'),
    (["status", "--", "--json"], 'extra argument "--json"'),
    (["--json", "check", "alice", "--json"], "--json is given twice"),
    (["check", "alice", "--json", "--json"], "--json is given twice"),
    (["check", "alice", "--action", "ssh.login", "--action", "ssh.login"], "is given twice"),
    (["check", "alice", "--action", "fly"], 'unknown action "fly"'),
    (["explain", "alice", "--action", "SSH.LOGIN"], 'unknown action "SSH.LOGIN"'),
    (["check", "alice", "--action", "billing.read"], "the role in the organization"),
    (["explain", "alice", "--action", "members.invite"], "the role in the organization"),
    (["check", "a\x1b[2Jb", "c\x1b[2Jd"], r'extra argument "c\x1b[2Jd"'),
    (["check", "alice", b"\x9bbob"], r'extra argument "\x9bbob"'),
    (["check", "alice", "--\u00e4"], 'unknown option "--\u00e4"'),
    (["check", "alice", "a" * 100_000], "extra argument"),
]


@pytest.mark.parametrize(("arguments", "complaint"), WRONG)
def test_wrong_usage_is_named_and_ends_with_2(arguments: list[str], complaint: str) -> None:
    run = ctl(*arguments)
    assert complaint in run.stderr
    assert run.stderr.startswith("togetherctl: ") and run.stderr.count("\n") == 1
    assert (run.returncode, run.stdout) == (2, "")


def test_an_error_says_where_to_read_on() -> None:
    assert "(see togetherctl --help)" in ctl("chek").stderr
    assert "(see togetherctl check --help)" in ctl("check").stderr


def test_options_may_stand_anywhere(roster: None) -> None:
    for arguments in (
        ["--json", "--config", str(CONFIG), "check", "bob"],
        ["check", "--json", f"--config={CONFIG}", "bob"],
        ["check", "bob", "--config", str(CONFIG), "--json", "--action=ssh.login"],
        ["check", "--json", "--", "bob"],
    ):
        run = ctl(*arguments)
        assert run.returncode == 0, run.stderr
        assert json.loads(run.stdout)["login"] == "bob"


def test_a_login_may_look_like_an_option(roster: None) -> None:
    run = ctl("check", "--json", "--", "--help")
    assert (run.returncode, json.loads(run.stdout)["login"]) == (1, "--help")


def test_a_relative_path_of_the_configuration(roster: None) -> None:
    run = subprocess.run([TOGETHERCTL, "check", "bob", "--config", "together.conf"],
                         cwd=CONFIG.parent, env=PLAIN_ENVIRONMENT, capture_output=True)
    assert run.returncode == 0


def test_version() -> None:
    run = ctl("--version")
    assert run.returncode == 0
    assert run.stdout.startswith("togetherctl 0.")


def test_the_help_lists_every_verb() -> None:
    run = ctl("--help")
    assert run.returncode == 0 and run.stderr == ""
    listed = run.stdout.split("Verbs:\n")[1].split("\n\n")[0].splitlines()
    assert [line.split()[0] for line in listed] == [verb.split()[0] for verb in VERBS]


def example_of(help_text: str) -> list[str]:
    words = help_text.split("Example:\n  ")[1].splitlines()[0].split()
    assert words[0] == "togetherctl"
    return words[1:]


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb(verb: str) -> None:
    run = ctl(*verb.split(), "--help")
    assert run.returncode == 0 and run.stderr == ""
    assert run.stdout.startswith(f"Usage: togetherctl {verb}")
    for part in ("--config PATH", "--json", "Exit status:\n  0", "wrong usage"):
        assert part in run.stdout
    assert all(len(line) <= 100 for line in run.stdout.splitlines())
    assert ctl("--help", *verb.split()).stdout == ctl(*verb.split(), "-h").stdout == run.stdout


# The example of api-check names an authority of somebody's own; doctor finds what is wrong here; decisions
# follows them for ever.
@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in ("api-check", "doctor", "decisions")])
def test_the_example_of_a_verb_works(verb: str, roster: None) -> None:
    example = example_of(ctl(*verb.split(), "--help").stdout)
    assert example[: len(verb.split())] == verb.split()
    run = ctl(*example)
    assert run.returncode == 0, run.stderr
    assert run.stdout != ""


def test_the_example_of_the_command_works(roster: None) -> None:
    assert ctl(*example_of(ctl("--help").stdout)).returncode == 0


@pytest.mark.parametrize("verb", ["check", "explain", "status", "roster", "config"])
def test_a_wrong_configuration_is_one_json_document(verb: str) -> None:
    write_config(gate__mode="perhaps")
    arguments = [verb, "alice"] if verb in ("check", "explain") else [verb]
    run = ctl(*arguments, "--json")
    document = json.loads(run.stdout)
    if verb in ("check", "explain"):
        assert document["reason"] == "configuration"
        assert f"{CONFIG}:7: mode: must be enforce or observe" in document["detail"]
    else:
        assert f"{CONFIG}:7: mode: must be enforce or observe" in document["error"]["message"]
        assert run.returncode == 2


@pytest.mark.parametrize("login", ["a b", "../token", "x" * 5000, "10001", "a\nb", "a\x1b[2Jb",
                                   b"\xff\xfe", "\u00e4", "root\n"])
def test_any_login_is_denied_and_written_in_peace(login: str | bytes, roster: None) -> None:
    run = ctl("check", login)
    assert run.returncode == 1
    assert not any(ord(c) < 0x20 and c != "\n" for c in run.stdout)
    assert run.stdout.count("\n") == 2
    assert ctl_json("explain", login)["reason"] == "not_a_collaborator"


@pytest.mark.parametrize("arguments", [["permissions"], ["check", "root"], ["--help"],
                                       ["status", "--json"]])
def test_an_answer_that_cannot_be_written_is_none(arguments: list[str], roster: None) -> None:
    with open("/dev/full", "w") as full:
        run = subprocess.run([TOGETHERCTL, *arguments], stdout=full, stderr=subprocess.PIPE,
                             env=PLAIN_ENVIRONMENT, text=True)
    assert run.returncode == 2
    assert "cannot write to stdout: No space left on device" in run.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams(closed: str, roster: None) -> None:
    run = subprocess.run(["sh", "-c", f'"$0" check bob {closed}', str(TOGETHERCTL)],
                         env=PLAIN_ENVIRONMENT, capture_output=True, text=True)
    assert run.returncode == (2 if ">&-" in closed.replace("2>&-", "") else 0)


def test_no_arguments_at_all() -> None:
    script = "import os, sys; os.execve(sys.argv[1], ['togetherctl'], {})"
    run = subprocess.run(["/usr/bin/python3", "-c", script, str(TOGETHERCTL)], capture_output=True)
    assert run.returncode == 2


DECISION = {"login", "uid", "action", "verdict", "would", "reason", "row", "role", "role_text",
            "project", "mode", "evidence", "age_seconds", "age_uncertain", "revision",
            "could_not_ask", "refresh_problem", "detail", "admitted_until", "message"}
EXPLANATION = DECISION | {"pam_answer", "log_line", "took_us", "roster", "no_account"}


def test_the_names_of_json_fields_are_stable_whatever_the_answer(roster: None) -> None:
    for login in ("root", "alice", "carol", "mallory"):
        assert set(ctl_json("check", login)) == DECISION
        assert set(ctl_json("explain", login)) == EXPLANATION
    CONFIG.unlink()
    assert set(ctl_json("check", "alice")) == DECISION
    assert set(ctl_json("explain", "alice")) == EXPLANATION
