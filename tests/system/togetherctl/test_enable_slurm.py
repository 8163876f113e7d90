# SPDX-License-Identifier: Apache-2.0
"""enable slurm: slurm.conf and plugstack.conf."""

import shutil
from pathlib import Path

import pytest

from support.ctl_node import BUILD, PAM_MODULE, SECURITY, ctl, ctl_json


@pytest.fixture
def slurm(tmp_path: Path, roster: None) -> Path:
    """slurm.conf of a cluster whose plug-ins are all there."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    for name in ("job_submit_together.so", "spank_together.so"):
        shutil.copy(BUILD / "spank_together" / name, plugins)
        (plugins / name).chmod(0o644)
    conf = tmp_path / "slurm.conf"
    conf.write_text(f"ClusterName=c\nJobSubmitPlugins=lua\nPluginDir=/nowhere:{plugins}\n")
    (tmp_path / "plugstack.conf").write_text("include /etc/slurm/plugstack.conf.d/*.conf\n")
    return conf


def texts(conf: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in conf.parent.iterdir() if path.is_file()}


def test_both_files_there_and_back(slurm: Path) -> None:
    before = texts(slurm)
    run = ctl("enable", "slurm", "--file", str(slurm))
    assert run.returncode == 0, run.stderr
    assert "slurmctld takes its plug-ins up when it is restarted" in run.stdout
    enabled = texts(slurm)
    assert "\nJobSubmitPlugins=together,lua\n" in enabled["slurm.conf"]
    lines = enabled["plugstack.conf"].splitlines()
    assert lines[1] == "required spank_together.so" and lines[3].startswith("include ")
    assert enabled["slurm.conf.before-together"] == before["slurm.conf"]
    assert ctl("enable", "slurm", "--file", str(slurm)).returncode == 0
    assert texts(slurm) == enabled
    assert ctl("disable", "slurm", "--file", str(slurm)).returncode == 0
    assert texts(slurm) == before


def test_several_keys_in_one_line(slurm: Path) -> None:
    text = slurm.read_text().replace("\n", "  ").rstrip() + " # one line\n"
    slurm.write_text(text)
    run = ctl("enable", "slurm", "--file", str(slurm))
    assert run.returncode == 0, run.stderr
    assert text.replace("=lua", "=together,lua") in slurm.read_text()
    assert ctl("disable", "slurm", "--file", str(slurm)).returncode == 0
    assert slurm.read_text() == text


def test_a_second_enable_keeps_what_it_does_not_name(slurm: Path) -> None:
    config = "/etc/together/together.conf"
    assert ctl("enable", "slurm", "--file", str(slurm), "--config", config).returncode == 0
    enabled = texts(slurm)
    assert f"required spank_together.so config={config}\n" in enabled["plugstack.conf"]
    assert ctl("enable", "slurm", "--file", str(slurm)).returncode == 0
    assert texts(slurm) == enabled


def test_a_name_without_a_folder(slurm: Path) -> None:
    run = ctl("enable", "slurm", "--file", "slurm.conf", folder=slurm.parent)
    assert run.returncode == 0, run.stderr
    assert "slurmctld takes its plug-ins up when it is restarted" in run.stdout
    assert "=together,lua" in slurm.read_text()


def test_a_dry_run_shows_both(slurm: Path) -> None:
    before = texts(slurm)
    run = ctl("enable", "slurm", "--file", str(slurm), "--dry-run")
    assert run.returncode == 0 and texts(slurm) == before
    assert "-JobSubmitPlugins=lua" in run.stdout and "+required spank_together.so" in run.stdout
    assert "erin" in run.stdout


@pytest.mark.parametrize("gone", ["slurm.conf", "plugstack.conf"])
def test_whichever_file_is_there(gone: str, slurm: Path) -> None:
    text = slurm.read_text()
    (slurm.parent / gone).unlink()
    if gone == "slurm.conf":  # then PluginDir is not known either
        assert "no plug-in is installed" in ctl("enable", "slurm", "--file", str(slurm)).stderr
        return
    run = ctl("enable", "slurm", "--file", str(slurm))
    assert run.returncode == 0 and f"there is no {slurm.parent}/plugstack.conf" in run.stdout
    assert slurm.read_text() != text


def test_plugstack_elsewhere(slurm: Path) -> None:
    other = slurm.parent / "other.conf"
    (slurm.parent / "plugstack.conf").rename(other)
    slurm.write_text(slurm.read_text() + f"PlugStackConfig = {other}  # ours\n")
    assert ctl("enable", "slurm", "--file", str(slurm)).returncode == 0
    assert "required spank_together.so" in other.read_text()


@pytest.mark.parametrize(("plugin", "file"), [("job_submit_together.so", "slurm.conf"),
                                              ("spank_together.so", "plugstack.conf")])
def test_a_file_whose_plugin_is_missing_stays(plugin: str, file: str, slurm: Path) -> None:
    before = texts(slurm)
    (slurm.parent / "plugins" / plugin).unlink()
    run = ctl("enable", "slurm", "--file", str(slurm))
    assert run.returncode == 0 and f"{plugin} is not installed here" in run.stdout
    after = texts(slurm)
    assert after[file] == before[file]
    assert [name for name in before if after[name] != before[name]] != []


def test_without_any_plugin(slurm: Path) -> None:
    before = texts(slurm)
    for path in (slurm.parent / "plugins").iterdir():
        path.unlink()
    run = ctl("enable", "slurm", "--file", str(slurm))
    assert run.returncode == 2 and "no plug-in is installed" in run.stderr
    assert texts(slurm) == before


def test_a_plugin_that_not_everybody_can_read(slurm: Path) -> None:
    before = texts(slurm)
    (slurm.parent / "plugins" / "spank_together.so").chmod(0o600)
    run = ctl("enable", "slurm", "--file", str(slurm))
    assert run.returncode == 2 and "cannot be read by everybody" in run.stderr
    assert texts(slurm) == before


@pytest.mark.parametrize(("other", "why"), [
    (SECURITY / "pam_permit.so", "is no part of together-access"), (PAM_MODULE, "is no plug-in for Slurm")])
def test_a_plugin_that_is_none(other: Path, why: str, slurm: Path) -> None:
    """Slurm would load it, find no hook in it, and let every job pass."""
    before = texts(slurm)
    shutil.copy(other, slurm.parent / "plugins" / "spank_together.so")
    run = ctl("enable", "slurm", "--file", str(slurm))
    assert run.returncode == 2 and why in run.stderr
    assert texts(slurm) == before


@pytest.mark.parametrize("own_list", ["", "JobSubmitPlugins=lua\n"])
@pytest.mark.parametrize("depth", [1, 2])
def test_a_list_in_an_included_file_is_named(depth: int, own_list: str, slurm: Path) -> None:
    """Whichever of the two Slurm takes: with ours in the other one, nobody is asked, or a site's own
    plug-ins are gone."""
    slurm.write_text(slurm.read_text().replace("JobSubmitPlugins=lua\n", own_list) + "Include 1.conf\r\n")
    (slurm.parent / f"{depth}.conf").write_text("JobSubmitPlugins=lua\nInclude 1.conf\n")
    if depth == 2:
        (slurm.parent / "1.conf").write_text("include 2.conf\n")
    before = texts(slurm)
    run = ctl("enable", "slurm", "--file", str(slurm))
    assert run.returncode == 2 and f"JobSubmitPlugins is set in {slurm.parent}/{depth}.conf" in run.stderr
    assert texts(slurm) == before


def test_a_plugstack_that_an_included_file_names(slurm: Path) -> None:
    (slurm.parent / "more.conf").write_text("PlugStackConfig=other.conf\n")
    slurm.write_text(slurm.read_text() + "include more.conf\n")
    (slurm.parent / "other.conf").write_text("")
    before = texts(slurm)
    run = ctl("enable", "slurm", "--file", str(slurm))
    assert run.returncode == 0, run.stderr
    assert "required spank_together.so" in texts(slurm)["other.conf"]
    assert texts(slurm)["plugstack.conf"] == before["plugstack.conf"]


def test_what_was_written_by_hand_stays(slurm: Path) -> None:
    slurm.write_text(slurm.read_text().replace("=lua", "=lua,together"))
    (slurm.parent / "plugstack.conf").write_text("required spank_together.so\n")
    before = texts(slurm)
    run = ctl("enable", "slurm", "--file", str(slurm))
    assert run.returncode == 0 and run.stdout.count("written by hand") == 2
    assert texts(slurm) == before
    run = ctl("disable", "slurm", "--file", str(slurm))
    assert run.returncode == 1 and run.stderr.count("written by hand") == 2
    assert texts(slurm) == before


@pytest.mark.parametrize(("line", "why"), [
    ("optional spank_together.so", '"optional" never refuses a job'),
    ("required spank_together.so confg=/x", "wrong argument: confg=/x"),
    ("required /nowhere/spank_together.so", "/nowhere/spank_together.so: No such file"),
    ("required {folder}/spank_together.so", "is no part of together-access"),
    ("required spank_together.so config=/x", "another configuration"),
])
@pytest.mark.parametrize("enabled", [False, True])
def test_a_line_of_spank_by_hand_that_does_not_hold(
    enabled: bool, line: str, why: str, slurm: Path
) -> None:
    if enabled:
        assert ctl("enable", "slurm", "--file", str(slurm)).returncode == 0
    (slurm.parent / "spank_together.so").write_text("#!/bin/true\n")
    plugstack = slurm.parent / "plugstack.conf"
    plugstack.write_text(plugstack.read_text() + line.format(folder=slurm.parent) + "\n")
    before = texts(slurm)
    options = ["--config", "/etc/together/together.conf"] if "config=/x" in line else []
    run = ctl("enable", "slurm", "--file", str(slurm), *options)
    number = len(before["plugstack.conf"].splitlines())
    assert run.returncode == 2
    assert f"{plugstack}:{number}: " in run.stderr and why in run.stderr
    assert texts(slurm) == before


def test_what_was_written_by_hand_into_an_included_file_is_named(slurm: Path) -> None:
    folder = slurm.parent / "plugstack.conf.d"
    folder.mkdir()
    steps, submit = folder / "together.conf", slurm.parent / "submit.conf"
    steps.write_text("required spank_together.so\n")
    submit.write_text("JobSubmitPlugins=together\n")
    (slurm.parent / "plugstack.conf").write_text("include plugstack.conf.d/*.conf\n")
    slurm.write_text("ClusterName=c\nInclude submit.conf\n")
    run = ctl("disable", "slurm", "--file", str(slurm))
    assert run.returncode == 1, run.stdout
    for file in (steps, submit):
        assert f"{file}: what was written by hand is in force" in run.stderr
    steps.write_text("# required spank_together.so\n")
    submit.write_text("JobSubmitPlugins=lua\n")
    assert ctl("disable", "slurm", "--file", str(slurm)).returncode == 0


def test_our_line_stays_beside_one_by_hand(slurm: Path) -> None:
    assert ctl("enable", "slurm", "--file", str(slurm)).returncode == 0
    plugstack = slurm.parent / "plugstack.conf"
    plugstack.write_text(plugstack.read_text() + "required spank_together.so\n")
    before = plugstack.read_text()
    run = ctl("enable", "slurm", "--file", str(slurm))
    assert run.returncode == 0 and "stays; take it out" in run.stdout
    assert plugstack.read_text() == before


def test_the_json(slurm: Path) -> None:
    document = ctl_json("enable", "slurm", "--file", str(slurm))
    assert document["changed"] and [file["changes"] for file in document["files"]] == [True, True]


def test_where_there_is_no_slurm(tmp_path: Path, roster: None) -> None:
    run = ctl("enable", "slurm", "--file", str(tmp_path / "slurm.conf"))
    assert run.returncode == 2 and "is there; --file names a slurm.conf elsewhere" in run.stderr
