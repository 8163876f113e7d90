# SPDX-License-Identifier: Apache-2.0
"""what_tests_use.py sees what a line of tests/suites forgot."""

import pytest

from lint import suites, what_tests_use


@pytest.mark.parametrize(("pattern", "suite"), [
    ("docs/decision-table.md", "unit"),  # a C++ test reads it
    ("docs/containers/roled.Dockerfile", "role_server"),  # a Python test does
    ("packaging/withdraw-lines.in", "togetherctl"),  # a test runs what is made of it
    ("strict_json/*", "accounts"),  # linked into a program that the suite runs
    ("strict_json/*", "pam"),  # linked into a program of C++ tests
    ("nss_together/*", "slurm"),  # a module
    ("tests/support/slow_names.py", "slurm"),  # imported
    ("tests/unit/support/temporary_directory.h", "pam"),  # included
])
def test_a_suite_that_a_line_forgot_is_found(pattern: str, suite: str) -> None:
    found = what_tests_use.missing([(name, [one for one in named if name != pattern or one != suite])
                                    for name, named in suites.rules()])
    assert list(found) == [(pattern, (suite,))]
