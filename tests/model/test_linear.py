"""What reads an app's text takes time in proportion to it, below a length that is said.

Counted, not timed: calls of functions by the profiler, and what regular expressions may do by
their own trees.
"""

import ast
import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pushdeploy
from pushdeploy.errors import PushdeployError, RefusedInputError
from pushdeploy.model.appjson import LONGEST_APP_JSON, parse_app_json
from pushdeploy.model.dotenv import LONGEST_DOTENV, parse_dotenv
from pushdeploy.model.excerpt import excerpt
from pushdeploy.model.procfile import LONGEST_COMMAND, LONGEST_PROCFILE, parse_procfile
from pushdeploy.model.python_version import LONGEST_FILE, parse_python_version, parse_runtime_txt
from pushdeploy.model.refname import parse_branch_name
from pushdeploy.model.requirements import LONGEST_REQUIREMENTS, names, references
from pushdeploy.model.storage import storage_set
from pushdeploy.model.tree import parse_tree
from pushdeploy.model.web_server import web_server
from tests.model.regexes import faults

PACKAGE = Path(pushdeploy.__file__).parent
MODULES = [
    import_module(f"pushdeploy.{path.parent.name}.{path.stem}")
    for folder in ("model", "engine")
    for path in sorted((PACKAGE / folder).glob("*.py"))
    if path.stem != "__init__"
]
PATTERNS = [
    pytest.param(module, name, id=f"{module.__name__.removeprefix('pushdeploy.')}.{name}")
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, re.Pattern)
]
ANYWHERE = {"search", "sub", "subn", "finditer", "findall", "split"}


def is_searched(file: str, name: str) -> bool:
    """True when a module looks for a pattern anywhere in a text."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ANYWHERE
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        for node in ast.walk(ast.parse(Path(file).read_text()))
    )


@pytest.mark.parametrize(("module", "name"), PATTERNS)
def test_no_pattern_can_take_more_than_linear_time(module: object, name: str) -> None:
    pattern = getattr(module, name)

    assert faults(pattern, searched=is_searched(str(vars(module)["__file__"]), name)) == []


@pytest.mark.parametrize(
    ("text", "searched", "words"),
    [
        (r"a+\s*(?:\[[^]]*\])?\s*@", False, "share characters"),
        (r"(a+)+b", False, "inside a repetition"),
        (r"(a|b*)*c", False, "inside a repetition"),
        (r"[^\s]*/slugs/", True, "begins with a repetition"),
        (r".*x.*y", False, ""),
        (r"a+\s*:\s*b", False, ""),
        (r"'([^'\\]*(?:\\.[^'\\]*)*)'", False, ""),
    ],
)
def test_the_look_at_patterns_sees_what_is_slow(text: str, *, searched: bool, words: str) -> None:
    found = faults(re.compile(text), searched=searched)

    assert (words in " ".join(found)) if words else found == []


def calls_of(read: Callable[[str], object], text: str) -> int:
    """How many functions are called while it reads."""
    count = 0

    def look(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(look)
    try:
        read(text)
    except PushdeployError:
        pass
    finally:
        sys.setprofile(None)
    return count


def read_procfile(text: str) -> object:
    """As the engine does: all lines, and which servers they start."""
    return [web_server(line.command) for line in parse_procfile(text).lines]


def read_requirements(text: str) -> object:
    """The same of requirements."""
    return names(text), references(text)


def read_excerpt(text: str) -> object:
    """An app's output."""
    return excerpt(text.split("\n"))


READERS: dict[str, Callable[[str], object]] = {
    "Procfile": read_procfile,
    "requirements.txt": read_requirements,
    "app.json": parse_app_json,
    ".env": parse_dotenv,
    ".python-version": parse_python_version,
    "runtime.txt": parse_runtime_txt,
    "output": read_excerpt,
    "storage": lambda text: storage_set(text.split("\n")),
    "branch": parse_branch_name,
    "checkout": parse_tree,
}
PIECES = (
    *(
        "a",
        " ",
        "\t",
        "\\",
        "\\\n",
        "\n",
        "'",
        '"',
        "[",
        "]",
        "@",
        ":",
        "=",
        "#",
        "-",
        "--",
        ".",
        "/",
    ),
    *("-r a\n", "a=1\n", "a: b\n", "web: a\n", "web: sh -c 'x' ", "A=1 ", "a/", "(", "Error", "$("),
    *('{"a":', "[[", '"a",', "export ", '  File "a/', "/venvs/", "a.", "é", "\x1b["),
)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("piece", PIECES)
def test_twice_the_text_is_at_most_twice_the_calls(name: str, piece: str) -> None:
    read = READERS[name]
    short = LONGEST_COMMAND // 8 // len(piece)

    once, twice = (calls_of(read, piece * count) for count in (short, 2 * short))

    assert twice <= 2.2 * once + 200


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("Procfile", LONGEST_PROCFILE),
        ("requirements.txt", LONGEST_REQUIREMENTS),
        ("app.json", LONGEST_APP_JSON),
        (".env", LONGEST_DOTENV),
        (".python-version", LONGEST_FILE),
        ("runtime.txt", LONGEST_FILE),
    ],
)
def test_what_is_too_long_is_refused_by_its_length_alone(name: str, most: int) -> None:
    text = "\n" * (most + 1)

    assert calls_of(READERS[name], text) < 30
    with pytest.raises(RefusedInputError, match=f"the maximum is {most:,}"):
        READERS[name](text)


def test_a_long_command_and_many_references_are_refused_with_the_most() -> None:
    with pytest.raises(RefusedInputError, match=r"line 2 .* the maximum is 8,192"):
        parse_procfile(f"web: a\nworker: {'x' * LONGEST_COMMAND}\n")
    with pytest.raises(RefusedInputError, match="more than 1000 files"):
        references("-r a.txt\n" * 1001)
    with pytest.raises(RefusedInputError, match="longer than 65,536"):
        names("flask \\\n" * 20_000)


TEXT = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    st.lists(st.one_of(st.sampled_from(PIECES), st.characters()), max_size=60).map("".join),
)


@pytest.mark.parametrize("name", READERS)
@given(text=TEXT)
def test_any_text_is_read_or_refused_with_a_reason(name: str, text: str) -> None:
    reason = "read"
    try:
        READERS[name](text)
    except PushdeployError as error:
        reason = error.message

    assert 0 < len(reason) < 2000
