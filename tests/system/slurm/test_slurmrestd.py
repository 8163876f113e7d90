# SPDX-License-Identifier: Apache-2.0
"""A job that comes through slurmrestd passes the same check. It is started by the user himself, for
one request on its standard input, and speaks to slurmctld as him."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support.slurm.slurm_user import User
from support.slurm.world import World

RESTD = "/usr/sbin/slurmrestd"

pytestmark = pytest.mark.skipif(not Path(RESTD).exists(), reason="slurmrestd is not installed")


def newest_api(user: User) -> tuple[int, list[str]]:
    """The number of its newest version, and the options that load no more than it needs: accounting's
    plug-ins want a slurmdbd."""
    listed = user.run(RESTD, "-s", "list")
    plugins = listed.stdout + listed.stderr
    by_parser = "slurmctld" in plugins  # since 23.11 one plug-in serves every version of the parser
    if by_parser:
        parsers = user.run(RESTD, "-d", "list")
        plugins = parsers.stdout + parsers.stderr
    versions = [int(number) for number in re.findall(r"v0\.0\.(\d+)", plugins)]
    assert versions, plugins
    newest = f"v0.0.{max(versions)}"
    return max(versions), ["-s", "slurmctld", "-d", newest] if by_parser else ["-s", f"openapi/{newest}"]


def submit(user: User, script: str) -> dict[str, Any]:
    version, options = newest_api(user)
    environment: Any = ["PATH=/usr/bin:/bin"] if version >= 39 else {"PATH": "/usr/bin:/bin"}
    job = {"name": "rest", "environment": environment, "current_working_directory": str(user.home),
           "standard_output": f"{user.home}/rest"}
    body = json.dumps({"script": f"#!/bin/sh\n{script}\n", "job": job})
    request = (f"POST /slurm/v0.0.{version}/job/submit HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
               f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: Close\r\n\r\n{body}")
    # The pipe must be the user's: by its owner slurmrestd knows who asks.
    result = user.run("sh", "-c", 'cat | "$@"', "sh", RESTD, "-a", "rest_auth/local", *options,
                      stdin=request)
    assert "\r\n\r\n" in result.stdout or "\n\n" in result.stdout, result
    assert "{" in result.stdout, result
    answer: dict[str, Any] = json.loads(result.stdout[result.stdout.index("{"):result.stdout.rindex("}") + 1])
    return answer


def test_a_job_over_the_rest_api_is_a_submission(world: World, alice: User, mallory: User) -> None:
    answer = submit(alice, "echo ran")
    assert not answer["errors"], answer
    world.cluster.wait_for(answer["job_id"], "COMPLETED")
    assert (alice.home / "rest").read_text() == "ran\n"
    (alice.home / "rest").unlink()

    refused = submit(mallory, "echo ran")
    assert refused["errors"] and not refused.get("job_id"), refused
    assert world.answers_of(world.controller, uid="20004", verdict="deny")
    assert world.cluster.jobs() == []
