# SPDX-License-Identifier: Apache-2.0
"""Which suites a file can break, as far as the sources say it: C++ tests by what they link and include,
Python's by what they import, and both by the programs, documents and packaging files that they name.
tests/suites may say more, and less only of what every suite stands on."""

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from itertools import chain
from pathlib import Path

from lint import layers

CHECKOUT = Path(__file__).resolve().parents[2]
TESTS = CHECKOUT / "tests"
NAMED_FOLDERS = ("docs/", "packaging/")
OWN_INCLUDE = re.compile(r'^\s*#\s*include\s+"(tests/[^"]+)"', re.MULTILINE)
# What a document of ours is cited as in a comment is not read.
COMMENT = re.compile(r"^\s*(?://|#(?!\s*include)).*$", re.MULTILINE)
LITERAL = re.compile(r'"([^"\n]+)"')
CALL = re.compile(r"^\s*(add_executable|add_library|target_link_libraries|add_dependencies|together_fuzz)\(([^)]*)\)",
                  re.MULTILINE)
# What these tests do not run: they compare names, or measure.
NO_SUITES = ("tests/lint/", "tests/bench/")
# Named, or run by who changes what they are about: the table alone says for which files.
ONLY_BY_THE_TABLE = {"packaging", "kubernetes", "model"}


@cache
def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.splitlines() if (CHECKOUT / name).is_file()]


@cache
def declared() -> dict[str, list[str]]:
    return layers.declared()


@cache
def text_of(name: str) -> str:
    return (CHECKOUT / name).read_text(errors="replace")


# ---- what CMake links ---------------------------------------------------------------------------------

@cache
def links() -> dict[str, set[str]]:
    """Each target of CMake, and those that it is made of or loads."""
    direct: dict[str, set[str]] = defaultdict(set)
    for folder, below in declared().items():
        direct[folder.replace("/", "_")] |= {other.replace("/", "_") for other in below}
    for name in tracked():
        if Path(name).name != "CMakeLists.txt":
            continue
        for kind, words in CALL.findall(text_of(name)):
            first, *rest = words.split() or [""]
            if kind == "together_fuzz":
                first += "_fuzz"
            direct[first] |= set(rest) if kind != "add_executable" and kind != "add_library" else set()
    return direct


def linked(target: str) -> set[str]:
    reached, waiting = set(), [target]
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += links().get(one, ())
    return reached


@cache
def folders_of(target: str) -> set[str]:
    """Of the sources that a program or module is made of."""
    made_of = linked(target)
    folders = {folder for folder in declared() if folder.replace("/", "_") in made_of}
    return folders | {str(Path(name).parent) for name in tracked() if Path(name).name == "CMakeLists.txt"
                      and any(words.split()[:1] == [target] for _, words in CALL.findall(text_of(name)))}


@cache
def sources_of(target: str) -> set[str]:
    folders = folders_of(target)
    return {name for name in tracked() if str(Path(name).parent) in folders}


@cache
def programs() -> dict[str, str]:
    """By the path of the file in the build folder."""
    found = {}
    for name in tracked():
        if Path(name).name != "CMakeLists.txt" or name.startswith("tests/"):
            continue
        for kind, words in CALL.findall(text_of(name)):
            target, folder = words.split()[0], Path(name).parent
            if kind == "add_executable":
                found[f"{folder}/{target}"] = target
            if kind == "add_library" and "MODULE" in words.split():
                found[f"{folder}/{target}.so"] = found[f"{folder}/lib{target}.so.2"] = target
    return found


def run_by_suites() -> Iterator[tuple[str, str]]:
    """Programs of C++ tests that scripts/test starts, all of each: SUITE, TARGET."""
    for suite, body in re.findall(r"^suite_(\w+)\(\) *\{(.*?)\}(?= #|$)", text_of("scripts/test"),
                                  re.MULTILINE | re.DOTALL):
        for target in re.findall(r"sandbox build/\S+/(\w+)(?! -sg)(?=[ ;\n])", body):
            yield suite, target
        for target in re.findall(r"\b\w+_fuzz\b", body):
            yield suite, target


# ---- what a test names ----------------------------------------------------------------------------------

@cache
def named_files() -> dict[str, str]:
    """Documents and packaging files, by paths and by base names that only one has and that are no words;
    `.in` or not."""
    found, twice = {}, set()
    for name in tracked():
        if not name.startswith(NAMED_FOLDERS) and "/" in name:
            continue
        for called in {name, name.removesuffix(".in"), Path(name).name}:
            if called in found and found[called] != name:
                twice.add(called)
            found[called] = name
    return {called: name for called, name in found.items() if called not in twice and re.search("[.-]", called)}


def paths_named(literals: set[str]) -> set[str]:
    """All files of the folders of the programs named, and the documents and packaging files."""
    found = set()
    for literal in literals:
        path = literal.lstrip("/")
        if file := named_files().get(path) or named_files().get(Path(path).name):
            found.add(file)
        if target := programs().get(path):
            found |= sources_of(target)
    return found


# ---- Python -----------------------------------------------------------------------------------------------

def module_file(module: str) -> str | None:
    path = module.replace(".", "/")
    return next((name for name in (f"tests/{path}.py", f"tests/{path}/__init__.py", f"scripts/{path}.py")
                 if (CHECKOUT / name).is_file()), None)


@cache
def parsed(name: str) -> ast.Module:
    return ast.parse(text_of(name))


@cache
def imports(name: str) -> list[tuple[str, str]]:
    """Files of ours, and the name that is taken from each ("" for all)."""
    return list(imported(parsed(name)))


def imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((file, "") for alias in node.names if (file := module_file(alias.name)))
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if file := module_file(f"{node.module}.{alias.name}"):
                    yield file, ""
                elif file := module_file(node.module):
                    yield file, alias.name


def literals_in(tree: ast.AST) -> set[str]:
    """With those that slashes make a path of: `BUILD / "togetherctl" / "togetherctl"`."""
    documentation = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = {node.value for node in ast.walk(tree) if is_text(node) and node not in documentation}
    return found | {"/".join(parts) for node in ast.walk(tree) if len(parts := parts_of_path(node)) > 1}


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def parts_of_path(node: ast.AST) -> list[str]:
    """The last ones that are texts."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div) or not is_text(node.right):
        return [node.value] if is_text(node) else []
    return [*parts_of_path(node.left), node.right.value]


@cache
def constants(name: str) -> dict[str, set[str]]:
    return {target.id: literals_in(statement) for statement in parsed(name).body
            if isinstance(statement, ast.Assign) for target in statement.targets if isinstance(target, ast.Name)}


@cache
def own_literals(name: str) -> set[str]:
    """All but those of constants that only others use."""
    body = [one for one in parsed(name).body if not isinstance(one, ast.Assign)]
    used = {node.id for one in body for node in ast.walk(one) if isinstance(node, ast.Name)}
    texts = set().union(*(literals_in(one) for one in body if not isinstance(one, ast.Expr)))
    return texts.union(*(found for constant, found in constants(name).items() if constant in used))


def python_uses(name: str) -> tuple[set[str], set[str]]:
    """Files that a Python file imports, directly or not, and what all these name."""
    files, literals, waiting = set(), set(own_literals(name)), [name]
    while waiting:
        for file, taken in imports(waiting.pop()):
            literals |= constants(file).get(taken, set())
            if file not in files:
                files.add(file)
                literals |= own_literals(file) if taken or file != "tests/support/programs.py" else set()
                waiting.append(file)
    return files, literals


# ---- C++ --------------------------------------------------------------------------------------------------

def cpp_uses(name: str) -> tuple[set[str], set[str]]:
    files, waiting = {name}, [name]
    while waiting:
        for file in OWN_INCLUDE.findall(text_of(waiting.pop())):
            if file not in files and (CHECKOUT / file).is_file():
                files.add(file)
                waiting.append(file)
    literals = set().union(*(LITERAL.findall(COMMENT.sub("", text_of(file))) for file in files))
    return files - {name}, literals


# ---- all of it --------------------------------------------------------------------------------------------

def without_postgresql(name: str) -> bool:
    """Tests that have nothing to do with the data: scripts/test leaves them out."""
    left_out = re.search(r"--ignore-glob='\*/test_roled_'\{(.*)\}\.py", text_of("scripts/test"))
    return any(Path(name).name == f"test_roled_{part}.py" for part in left_out[1].split(","))


def linked_needs() -> Iterator[tuple[str, set[str]]]:
    for suite, target in run_by_suites():
        yield from ((name, {suite}) for name in sources_of(target) if not name.startswith("tests/"))


def needs_of_cpp(name: str, suites: list[str]) -> Iterator[tuple[str, set[str]]]:
    """What it reads matters to the suite that it was written for, the first."""
    files, literals = cpp_uses(name)
    yield from ((file, set(suites)) for file in files)
    yield from ((file, set(suites[:1])) for file in paths_named(literals))


def needs_of_python(name: str, suites: list[str]) -> Iterator[tuple[str, set[str]]]:
    if not Path(name).name.startswith(("test_", "conftest", "demo")):
        return  # what these import
    running = set(suites[:1] if name.startswith("scripts/") else suites)
    running -= {"postgresql"} if without_postgresql(name) else set()
    files, literals = python_uses(name)
    yield from ((file, running) for file in files | paths_named(literals))


def needs(line_of: Callable[[str], list[str]]) -> dict[str, set[str]]:
    """Which suites each file can break. `line_of(NAME)`: what tests/suites says of it; those of a test's own
    line are the suites that run it."""
    found: dict[str, set[str]] = defaultdict(set)
    every = [linked_needs()]
    for name in tracked():
        suites = line_of(name)
        if name.startswith(("tests/", "scripts/demo")) and "all" not in suites and not name.startswith(NO_SUITES):
            every += [needs_of_cpp(name, suites)] if name.endswith((".cpp", ".h")) else []
            every += [needs_of_python(name, suites)] if name.endswith(".py") else []
    for name, suites in chain.from_iterable(every):
        found[name] |= suites
    return found


def missing(rules: list[tuple[str, list[str]]]) -> dict[tuple[str, tuple[str, ...]], list[str]]:
    """Lines of tests/suites with the suites that they should name and do not: the files that say so."""
    def line_of(name: str) -> tuple[str, list[str]]:
        return next((line for line in rules if fnmatchcase(name, line[0])), (name, ["all"]))

    found: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for name, suites in needs(lambda name: line_of(name)[1]).items():
        pattern, named = line_of(name)
        if "all" not in named and (less := suites - set(named) - ONLY_BY_THE_TABLE):
            found[pattern, tuple(sorted(less))].append(name)
    return found
