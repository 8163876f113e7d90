# SPDX-License-Identifier: Apache-2.0
"""The manuals against the programs: nothing is missing in them, nothing is in them only."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.programs import (CHECKOUT, MANUALS, TOGETHER_AUTHORIZER, TOGETHER_REFRESH, TOGETHER_ROLED, TOGETHER, TOGETHERCTL, common_options, manual,
                      options_in, options_of_manual, output, settings, subsections, verbs,
                      write_config)

PAGES = sorted(path.name for path in MANUALS.iterdir())


PEOPLES = {"togetherctl.8": TOGETHERCTL, "together.1": TOGETHER}


@pytest.mark.parametrize(("page", "program"), PEOPLES.items())
def test_there_is_a_section_for_each_verb_in_its_order(page: str, program: Path) -> None:
    assert list(subsections(manual(page))) == verbs(program)


@pytest.mark.parametrize(("page", "program"), PEOPLES.items())
def test_common_options(page: str, program: Path) -> None:
    intro = manual(page).split(".Sh VERBS")[0]
    assert options_of_manual(intro) - {"wait"} == common_options(program)


@pytest.mark.parametrize("verb", verbs())
def test_options_and_statuses_of_a_verb(verb: str) -> None:
    usage = output(TOGETHERCTL, verb, "--help")
    section = subsections(manual("togetherctl.8"))[verb]
    assert options_of_manual(section) == options_in(usage) - common_options()
    statuses = re.findall(r"^  (\d+)  ", usage.split("Exit status:\n")[1], re.MULTILINE)
    told = section.split("Exit status:")[1]
    assert re.findall(r"(?:^|[ \n])(\d+), ", told) == statuses
    operand = re.match(rf"Usage: togetherctl {verb}((?: (?:[A-Z|a-z]+|\[[A-Z]+\]))*)", usage)
    assert operand and f".Ss {verb}{operand[1]}\n" in manual("togetherctl.8")


@pytest.mark.parametrize("verb", verbs(TOGETHER))
def test_options_and_operand_of_a_verb_of_together(verb: str) -> None:
    usage = output(TOGETHER, *verb.split(), "--help")
    section = subsections(manual("together.1"))[verb]
    assert options_of_manual(section) == options_in(usage.split("\nExit status:")[0].split("\nOptions:")[1]) - \
        common_options(TOGETHER)
    operand = re.match(rf"Usage: together {verb}((?: (?:[A-Z]+|\[[A-Z]+\]))?)(?= \[--|$)", usage)
    assert operand and f".Ss {verb}{operand[1]}\n" in manual("together.1")
    assert f"\nExample:\n  together {verb}" in usage


def test_exit_statuses_of_together() -> None:
    told = manual("together.1").split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
    for verb in verbs(TOGETHER):
        known = output(TOGETHER, *verb.split(), "--help").split("Exit status:\n")[1]
        assert re.findall(r"^\.It (\d)$", told, re.MULTILINE) == re.findall(r"^  (\d)  ", known, re.MULTILINE)


def test_its_page_sends_to_verbs_of_together() -> None:
    text = manual("together.1").split(".Sh VERBS")[1].replace("\\-", "-")
    assert set(re.findall(r"\btogether ([a-z-]+)", text)) <= {verb.split()[0] for verb in verbs(TOGETHER)}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_sends_to_verbs_that_there_are(page: str) -> None:
    named = set(re.findall(r"\btogetherctl ([a-z-]+)", manual(page)))
    assert named <= set(verbs())


def test_the_checks_of_doctor() -> None:
    section = subsections(manual("togetherctl.8"))["doctor"]
    told = {name.strip() for item in re.findall(r"^\.It Cm (.*)$", section, re.MULTILINE)
            for name in item.split(",")}
    source = "".join(path.read_text() for path in [
        *(CHECKOUT / "togetherctl" / "doctor").glob("*.cpp"), CHECKOUT / "togetherctl" / "commands" / "doctor.cpp"])
    known = set(re.findall(r'(?:(?:ok|tell|warn|fail|cannot_tell)\(\s*|\b(?:check|asks|on_failure) = )"([a-z_]+)"', source))
    known |= {f"{plugin}_{part}" for plugin in ("job_submit", "spank")
              for part in re.findall(r'kind \+ "_([a-z]+)"', source)}
    asked = (CHECKOUT / "together_refresh" / "probe" / "access_finding.cpp").read_text()
    names = re.search(r"check_names = \{([^}]*)\}", asked)
    assert names
    known |= set(re.findall(r'"([a-z]+)"', names[1]))
    assert told == known


@pytest.mark.parametrize(("page", "program"), [("together-refresh.8", TOGETHER_REFRESH),
                                               ("together-roled.8", TOGETHER_ROLED),
                                               ("together-authorizer.8", TOGETHER_AUTHORIZER)])
def test_options_of_a_program(page: str, program: Path) -> None:
    told = options_of_manual(manual(page)) | ({"help"} if program == TOGETHER_ROLED else set())
    known = options_in(output(program, "--help")) | {"help"}
    assert told == known


def test_exit_statuses_of_together_refresh() -> None:
    told = re.findall(r"^\.It (\d+)$", manual("together-refresh.8"), re.MULTILINE)
    known = re.findall(r"\b(\d+) ", output(TOGETHER_REFRESH, "--help").split("Exit status:")[1])
    assert told == known


def test_keys_of_together_roled() -> None:
    source = (CHECKOUT / "role_server" / "cli" / "main.cpp").read_text()
    in_file = set(re.findall(r'\{"([a-z-]+)",[^{}]*, true\}', source))
    section = manual("together-roled.8").split(".Sh CONFIGURATION")[1]
    for name in in_file:
        assert re.search(rf"\b{name.replace('-', '_')}\b", section), name


def test_arguments_of_pam_together() -> None:
    source = (CHECKOUT / "pam_together" / "module_arguments.cpp").read_text()
    known = {name.rstrip("=") for name in re.findall(r'name == "([a-z=]+)"', source)}
    section = manual("pam_together.8").split(".Sh ARGUMENTS")[1].split("\n.Sh ")[0]
    assert set(re.findall(r"^\.It Cm (\w+)", section, re.MULTILINE)) == known


def test_answers_of_pam_together() -> None:
    source = (CHECKOUT / "pam_together" / "pam_together.cpp").read_text()
    section = manual("pam_together.8").split(".Sh ANSWERS TO PAM")[1].split("\n.Sh ")[0]
    known = re.findall(r"\bPAM_(?:SUCCESS|IGNORE|PERM_DENIED|AUTHINFO_UNAVAIL)\b", source)
    assert set(re.findall(r"^\.It Dv (\w+)", section, re.MULTILINE)) == set(known)


def test_functions_and_answers_of_nss_together() -> None:
    source = (CHECKOUT / "nss_together" / "nss_together.map").read_text()
    entry_points = {name.removesuffix("_r").removesuffix("_dyn") for name in re.findall(r"_nss_together_(\w+);", source)}
    text = manual("nss_together.8")
    # glibc makes getgrouplist(3) of the entry point initgroups.
    assert set(re.findall(r"\bFn (\w+)", text)) == entry_points | {"getgrouplist"}
    code = "".join(path.read_text() for path in (CHECKOUT / "nss_together").glob("*.[ch]*"))
    known = set(re.findall(r"\bNSS_STATUS_[A-Z]+\b", code))
    assert set(re.findall(r"^\.It Dv (\w+)", text, re.MULTILINE)) == known
    assert set(re.findall(r'ACCOUNTS_FILE "(.*)"', code)) <= set(re.findall(r"^\.It Pa (.*)$", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_installed_and_in_a_package(page: str) -> None:
    installed = (CHECKOUT / "packaging" / "CMakeLists.txt").read_text()
    assert re.search(rf"^ *together_install_man\(\w+ [^)]*\b{re.escape(page)}(?= |\))", installed, re.MULTILINE)
    spec = (CHECKOUT / "packaging" / "rpm" / "together-access.spec").read_text()
    assert f"%{{_mandir}}/man{page[-1]}/{page}*\n" in spec


def keys_of_manual() -> dict[str, str]:
    """section.key and its text."""
    keys = {}
    for section, text in re.findall(r"^\.Sh SECTION \[(\w+)\]\n(.*?)(?=^\.Sh )", manual("together.conf.5"),
                                    re.MULTILINE | re.DOTALL):
        parts = re.split(r"^\.It Cm (\w+)\n", text, flags=re.MULTILINE)
        keys |= {f"{section}.{key}": about for key, about in zip(parts[1::2], parts[2::2])}
    return keys


def test_keys_of_the_configuration_in_the_programs_order(tmp_path: Path) -> None:
    assert list(keys_of_manual()) == list(settings(write_config(tmp_path / "together.conf")))


def test_defaults_of_the_configuration(tmp_path: Path) -> None:
    in_force = settings(write_config(tmp_path / "together.conf"))
    for key, about in keys_of_manual().items():
        if ".\nRequired." in about or "\nRequired." in about:
            assert key in ("api.base_url", "api.project")
        elif default := re.search(r"Default:\n\.Ql (.*)\n", about):
            assert default[1] == in_force[key], key
        else:
            assert re.search(r"Default: (none|the system's store|as installed)\.", about), key
            assert in_force[key] == "" or key == "roster.refresh_program"


def test_keys_of_a_volume_and_their_defaults(tmp_path: Path) -> None:
    config = write_config(tmp_path / "together.conf", "[api]\nbase_url = file:///nowhere/roster.json\n"
                          'project = proj_1\n[volume "data"]\npath = /data\n')
    in_force = {name.split(".")[2]: value for name, value in settings(config).items()
                if name.startswith("volume.data.")}
    section = manual("together.conf.5").split(".Sh SECTION [volume ")[1].split("\n.Sh ")[0]
    assert re.findall(r"^\.It Cm (\w+)$", section, re.MULTILINE) == list(in_force)
    assert re.findall(r"Default:\n\.Ql (\w+)\n", section) == list(in_force.values())[1:]
    template = (CHECKOUT / "packaging" / "config" / "together.conf").read_text()
    assert re.findall(r"^# (\w+) = ", template, re.MULTILINE) == list(in_force)


def test_bounds_of_durations(tmp_path: Path) -> None:
    for key, about in keys_of_manual().items():
        if bounds := re.search(r"From (\w+) to (\w+)\.", about):
            section, name = key.split(".")
            wrong = write_config(tmp_path / "wrong.conf",
                                 "[api]\nbase_url = file:///nowhere/roster.json\nproject = proj_1\n"
                                 f"[{section}]\n{name} = 3650d\n")
            run = subprocess.run([TOGETHERCTL, "config", "--config", wrong], capture_output=True, text=True)
            assert f"must be from {bounds[1]} to {bounds[2]}" in run.stderr


def test_the_template_has_each_key_with_its_default(tmp_path: Path) -> None:
    template = (CHECKOUT / "packaging" / "config" / "together.conf").read_text()
    required = {"base_url": "file:///nowhere/roster.json", "project": "proj_1"}
    given = re.sub(r"^#(\w+) =(.*)$",
                   lambda line: f"{line[1]} = {required.get(line[1], line[2].strip())}",
                   template, flags=re.MULTILINE)
    # An empty value is not a setting of a path.
    given = re.sub(r"^(node_name|ca_file|proxy|tls_cert|tls_key|client_ca|map_file|textfile|on_removal_limit) = \n", "", given, flags=re.MULTILINE)
    given = given.replace("/usr/libexec/together/together-refresh", "/usr/bin/true")
    everything = settings(write_config(tmp_path / "template.conf", given))
    defaults = settings(write_config(tmp_path / "together.conf"))
    everything.pop("roster.refresh_program"), defaults.pop("roster.refresh_program")
    assert everything == defaults
    named = re.findall(r"^#?(\w+) =", template, re.MULTILINE)
    assert named == [key.split(".")[1] for key in settings(tmp_path / "together.conf")]


@pytest.mark.parametrize("page", PAGES)
def test_references_lead_to_pages_of_ours_or_of_the_system(page: str) -> None:
    of_the_system = {"slurmctld.8", "sshd_config.5", "pam.d.5", "sudoers.5", "nsswitch.conf.5",
                     "sysusers.d.5", "sshd.8"}
    for name, section in re.findall(r"\.Xr (\S+) (\d)", manual(page)):
        assert f"{name}.{section}" in of_the_system | set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_mandoc_has_no_warning(page: str) -> None:
    if not shutil.which("mandoc"):
        pytest.skip("no mandoc")
    run = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", MANUALS / page],
                         capture_output=True, text=True)
    assert run.stdout == ""


@pytest.mark.parametrize("page", PAGES)
def test_no_word_is_taken_for_a_macro(page: str) -> None:
    """`.It In srun` is text about srun, and for mdoc a header file's name in angle brackets."""
    if not shutil.which("mandoc"):
        pytest.skip("no mandoc")
    run = subprocess.run(["mandoc", "-T", "ascii", MANUALS / page], capture_output=True, text=True)
    assert run.stdout and not re.findall(r"<\S+>", run.stdout)


@pytest.mark.parametrize("page", PAGES)
def test_man_has_no_warning(page: str) -> None:
    if not shutil.which("man"):
        pytest.skip("no man")
    run = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", MANUALS / page],
                         capture_output=True, text=True, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"})
    assert (run.returncode, run.stderr) == (0, "")
