# SPDX-License-Identifier: Apache-2.0
"""docs/containers: no container runtime here, so each line is held against what it speaks of."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from support.console_blocks import CHECKOUT

from support.pam_stacks import DEBIAN_SSHD, SLINKY_SSHD

FOLDER = CHECKOUT / "docs" / "containers"
DOCKERFILES = sorted(path.name for path in FOLDER.glob("*.Dockerfile"))
OF_SLURM = ["node.Dockerfile", "slurmctld.Dockerfile"]
GATE = [line for line in (CHECKOUT / "packaging/examples/pam-sshd.example").read_text().splitlines()
        if line.startswith("account")]
VALUES = yaml.safe_load((FOLDER / "values.yaml").read_text())
CONFIG = VALUES["extraObjects"][0]["data"]["together.conf"]


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    text = (FOLDER / dockerfile).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines]


def debian_packages() -> set[str]:
    return set(re.findall(r"^Package: (\S+)", (CHECKOUT / "packaging/debian/control").read_text(), re.M))


def test_there_are_three() -> None:
    assert DOCKERFILES == sorted([*OF_SLURM, "roled.Dockerfile"])


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_it_says_that_it_was_never_built(dockerfile: str) -> None:
    assert "NOT BUILT IN CI" in (FOLDER / dockerfile).read_text().split("\n\n")[0]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_instructions(dockerfile: str) -> None:
    assert {name for name, _ in instructions(dockerfile)} <= {
        "ARG", "FROM", "RUN", "COPY", "WORKDIR", "USER", "VOLUME", "EXPOSE", "ENTRYPOINT", "CMD"}
    stages = []
    for name, rest in instructions(dockerfile):
        if name == "FROM":
            stages.append(rest)
        if copied := re.match(r"--from=(\w+) ", rest):
            assert stages[0].endswith(f" AS {copied[1]}")
    assert len(stages) == 2 and " AS " not in stages[1]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_shell_understands_each_run(dockerfile: str) -> None:
    runs = [rest for name, rest in instructions(dockerfile) if name == "RUN"]
    assert runs
    for command in runs:
        done = subprocess.run(["sh", "-n"], input=command + "\n", text=True, capture_output=True)
        assert (done.returncode, done.stderr) == (0, ""), command


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_packages_and_files_are_there(dockerfile: str) -> None:
    for name, rest in instructions(dockerfile):
        if name == "COPY" and rest.startswith("--from=build"):
            sources = shlex.split(rest)[1:-1]
            packages = {re.fullmatch(r"/packages/([a-z-]+)_\*\.deb", source)[1] for source in sources}
            assert packages <= debian_packages()
            # What they depend on of ours is there, too.
            ours = {"together-access-common", "together-access-tools"} if dockerfile in OF_SLURM else set()
            assert ours < packages
        elif name == "COPY":
            assert all((CHECKOUT / source).exists() for source in shlex.split(rest)[:-1]), rest
        for script in re.findall(r"packaging/[\w./-]+", rest if name == "RUN" else ""):
            assert (CHECKOUT / script).exists(), script


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_it_builds_with_what_the_package_needs(dockerfile: str) -> None:
    installed = next(rest for name, rest in instructions(dockerfile) if "mk-build-deps" in rest)
    assert "packaging/debian/control" in installed
    # Slurm's headers come from the image.
    assert "libslurm-dev | slurm-smd-dev" in (CHECKOUT / "packaging/debian/control").read_text()


def account_lines(stack: str) -> list[str]:
    return [line for line in stack.splitlines() if re.match(r"account|@include *common-account", line)]


@pytest.mark.parametrize("stack", [DEBIAN_SSHD, SLINKY_SSHD], ids=["debian", "adopt"])
def test_the_image_has_the_gates_lines_first(stack: str, tmp_path: Path) -> None:
    run = next(rest for name, rest in instructions("node.Dockerfile") if name == "RUN" and "pam.d/sshd" in rest)
    sshd, lines = tmp_path / "sshd", tmp_path / "pam-sshd"
    sshd.write_text(stack)
    lines.write_text((CHECKOUT / "packaging/examples/pam-sshd.example").read_text())
    command = run.replace("/etc/pam.d/sshd", str(sshd)).replace("/tmp/pam-sshd", str(lines))
    subprocess.run(["sh", "-ec", command], check=True)
    assert account_lines(sshd.read_text()) == GATE + account_lines(stack)
    assert [line for line in sshd.read_text().splitlines() if line not in GATE] == stack.splitlines()


def test_the_image_has_them_first_in_su_and_spares_system_accounts(tmp_path: Path) -> None:
    run = next(rest for name, rest in instructions("node.Dockerfile") if name == "RUN" and "pam.d/su" in rest)
    su, lines = tmp_path / "su", tmp_path / "pam-sshd"
    stack = "# account requisite pam_time.so\nauth sufficient pam_rootok.so\n" + DEBIAN_SSHD
    su.write_text(stack)
    lines.write_text((CHECKOUT / "packaging/examples/pam-sshd.example").read_text())
    command = run.replace("/tmp/", f"{tmp_path}/").replace("/etc/pam.d/su", str(su))
    subprocess.run(["sh", "-ec", command], check=True)
    ours = [GATE[0].replace("uid = 0", "uid < 1000"), GATE[1]]
    assert account_lines(su.read_text()) == ours + account_lines(stack)


def test_the_entrypoint_of_slurmd_puts_adopt_behind_them() -> None:
    """What Slinky's sed makes of our image's file: one line right before the include."""
    image = DEBIAN_SSHD.replace("account    required     pam_nologin.so",
                                "\n".join(GATE) + "\naccount    required     pam_nologin.so")
    started = image.replace("@include common-account",
                            "account    required     pam_slurm_adopt.so\n@include common-account")
    lines = account_lines(started)
    assert lines[:2] == GATE
    assert lines[-2].endswith("pam_slurm_adopt.so") and lines[-1] == "@include common-account"


def test_the_lines_are_those_of_togetherctl() -> None:
    source = (CHECKOUT / "togetherctl/pam/pam_stack.cpp").read_text()
    assert f'"{GATE[0]}"' in source
    assert GATE[1] == re.search(r'gate_control = "(.*)";', source)[1] + "pam_together.so"


def containers() -> list[dict]:
    ctld, login, slurmd = (VALUES["controller"]["slurmctld"], VALUES["loginsets"]["slinky"]["login"],
                           VALUES["nodesets"]["slinky"]["slurmd"])
    return [ctld, login, slurmd, *VALUES["controller"]["podSpec"]["initContainers"]]


def volumes() -> list[list[dict]]:
    pods = [VALUES["controller"], VALUES["loginsets"]["slinky"], VALUES["nodesets"]["slinky"]]
    return [pod["podSpec"]["volumes"] for pod in pods]


def test_every_container_mounts_the_configuration_as_a_folder() -> None:
    for container in containers():
        mount = next(mount for mount in container["volumeMounts"] if mount["mountPath"] == "/etc/together")
        assert mount["name"] == "together" and "subPath" not in mount


def test_the_projected_files() -> None:
    for of_pod in volumes():
        projected = next(volume["projected"] for volume in of_pod if volume["name"] == "together")
        token = next(source["secret"] for source in projected["sources"] if "secret" in source)
        # Nobody else reads the token, nobody else writes anything.
        assert token["items"][0]["mode"] & 0o037 == 0
        assert projected["defaultMode"] & 0o022 == 0


def test_the_roster_is_no_emptydir_where_users_log_in() -> None:
    for of_pod, has_users in zip(volumes(), [False, True, True]):
        assert not (has_users and any("emptyDir" in volume for volume in of_pod))
    assert "\ndirectory = /var/cache/together/roster\n" in CONFIG
    assert {"name": "together-roster", "mountPath": "/var/cache/together"} in \
        VALUES["controller"]["slurmctld"]["volumeMounts"]


def test_programs_and_lines_are_ours() -> None:
    refresher = VALUES["controller"]["podSpec"]["initContainers"][0]
    assert refresher["command"] == ["/usr/libexec/together/together-refresh", "--watch"]
    assert VALUES["configFiles"]["plugstack.conf"] == \
        (CHECKOUT / "packaging/examples/plugstack.conf.example").read_text().splitlines()[-1] + "\n"
    assert VALUES["controller"]["extraConfMap"] == {"JobSubmitPlugins": "together"}
    supervisor = (FOLDER / "together-refresh.supervisor").read_text()
    assert f"\ncommand={' '.join(refresher['command'])}\n" in supervisor


def test_images_are_those_of_the_dockerfiles() -> None:
    built = set(re.findall(r"-t (\S+)", "".join((FOLDER / name).read_text() for name in OF_SLURM)))
    used = {image if isinstance(image := container["image"], str) else f"{image['repository']}:{image['tag']}"
            for container in containers()}
    assert used == built


def test_togetherctl_takes_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "together.conf"
    (tmp_path / "token").write_text("tgn_1\n")
    (tmp_path / "token").chmod(0o400)
    config.write_text(CONFIG.replace("[roster]", f"token_file = {tmp_path / 'token'}\n[roster]"))
    done = subprocess.run([CHECKOUT / "build/release/togetherctl/togetherctl", "config", "--config", config],
                          capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "gate.mode = observe" in done.stdout
