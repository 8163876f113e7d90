# SPDX-License-Identifier: Apache-2.0
"""A user of the cluster: runs Slurm's commands with nothing but his own rights."""

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from support.slurm.cluster import Cluster

NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Result:
    status: int
    stdout: str
    stderr: str

    @property
    def job(self) -> int:
        """Of an sbatch that was accepted."""
        found = re.search(r"Submitted batch job (\d+)", self.stdout)
        assert found, self
        return int(found[1])


@dataclass
class User:
    login: str
    uid: int
    cluster: Cluster
    has_plugstack: bool = True
    allocation: int = 0  # a job of his that runs, where a test made one

    def without_plugstack(self) -> "User":
        """With a SLURM_CONF of his own, which loads nothing into srun, salloc and sbatch."""
        return replace(self, has_plugstack=False)

    @property
    def home(self) -> Path:
        return Path("/home") / self.login

    def command(self, *command: str | Path) -> list[str | Path]:
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", *command]

    def environment(self, extra: Mapping[str, str] = NOTHING) -> dict[str, str]:
        conf = self.cluster.conf if self.has_plugstack else self.cluster.bare_conf
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(self.home),
                "USER": self.login, "SHELL": "/bin/sh", "SLURM_CONF": str(conf)} | dict(extra)

    def run(
        self, *command: str | Path, stdin: str = "", timeout: float = 60,
        environment: Mapping[str, str] = NOTHING, cwd: Path | None = None,
    ) -> Result:
        done = subprocess.run(
            self.command(*command), env=self.environment(environment), cwd=cwd or self.home, input=stdin,
            capture_output=True, text=True, timeout=timeout,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *command: str | Path) -> subprocess.Popen[str]:
        """Whoever starts it ends it."""
        return subprocess.Popen(
            self.command(*command), env=self.environment(), cwd=self.home, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )

    def srun(self, *arguments: str) -> Result:
        return self.run("srun", *arguments)

    def sbatch(self, script: str, *options: str, output: str = "job-%A_%a") -> Result:
        """Its output goes to `output` in the home folder; see output_of."""
        return self.run(
            "sbatch", f"--output={self.home}/{output}", *options, stdin=f"#!/bin/sh\n{script}\n")

    def output_of(self, job: int | str, task: int = 0xFFFFFFFE) -> str:
        path = self.home / f"job-{job}_{task}"
        return path.read_text() if path.exists() else ""
