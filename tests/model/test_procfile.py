"""The Procfile's grammar is strict, and each refusal says what to change on which line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.procfile import ProcessLine, parse_procfile, unit_safe

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,20}", fullmatch=True).filter(
    lambda name: name not in {"web", "release"}
)
COMMANDS = st.text(
    st.characters(min_codepoint=32, exclude_categories=("Cc", "Cs", "Z")), min_size=1
).filter(lambda text: not text.endswith("\\"))


def refusal_of(text: str) -> RefusedInputError:
    with pytest.raises(RefusedInputError) as refusal:
        parse_procfile(text)
    return refusal.value


def test_each_line_is_a_process_type() -> None:
    procfile = parse_procfile(
        "# what runs\nrelease: flask db upgrade\n\nweb: gunicorn app:app\nworker: python w.py\n"
    )

    assert procfile.web == ProcessLine("web", "gunicorn app:app", 4)
    assert procfile.release == ProcessLine("release", "flask db upgrade", 2)
    assert procfile.workers == (ProcessLine("worker", "python w.py", 5),)
    assert procfile.get("worker") == ProcessLine("worker", "python w.py", 5)
    assert procfile.get("clock") is None


def test_a_procfile_without_release_has_none() -> None:
    assert parse_procfile("web: x").release is None


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("web: gunicorn app:app", "gunicorn app:app"),
        ("web:gunicorn app:app", "gunicorn app:app"),
        ("web :\tgunicorn app:app  \t", "gunicorn app:app"),
        ("web: gunicorn app:app # two workers", "gunicorn app:app # two workers"),
        ("web: python -c 'print(\"#1\")'", "python -c 'print(\"#1\")'"),
        (
            "web: cd src && gunicorn -b :${PORT:-8000} app:app",
            "cd src && gunicorn -b :${PORT:-8000} app:app",
        ),
        ("web: date +%s; echo \\\\", "date +%s; echo \\\\"),
        ("web: a\tb", "a\tb"),
        ("web: : no-op", ": no-op"),
        ("\ufeffweb: x", "x"),
        ("web: x\r", "x"),
        ("web: \u2028x y\u2028z", "x y\u2028z"),
    ],
)
def test_a_command_is_taken_as_it_stands(line: str, command: str) -> None:
    assert parse_procfile(line).web.command == command


def test_crlf_comments_and_blank_lines_are_accepted() -> None:
    procfile = parse_procfile("\r\n  # indented comment\r\n \t\r\nweb: x\r\n")

    assert procfile.lines == (ProcessLine("web", "x", 4),)


@pytest.mark.parametrize(
    ("line", "found", "caret_below"),
    [
        ("web gunicorn", "no `:` after the name", "g"),
        ("gunicorn", "no `:` after the name", None),
        ("web:", "no command", None),
        ("web:   ", "no command", None),
        (" web: x", "spaces before the name", " "),
        (": x", "no process name", ":"),
        ("-web: x", "no process name", "-"),
        ("wéb: x", "no `:` after the name", "é"),
        ("my web: x", "no `:` after the name", "w"),
        ("web.1: x", "no `:` after the name", "."),
        ("a" * 64 + ": x", "a name of 64 characters", "a"),
        ("<<<<<<< HEAD", "a merge conflict marker", "<"),
        ("=======", "a merge conflict marker", "="),
        (">>>>>>> topic", "a merge conflict marker", ">"),
        ("||||||| base", "a merge conflict marker", "|"),
        ("web: a\x00b", "a control character", "\\"),
        ("web: a\x1b[31m", "a control character", "\\"),
        ("web: a\rb", "a control character", "\\"),
        ("web: a\x85b", "a control character", "\\"),
        ("web: gunicorn \\", "a command that continues on the next line", "\\"),
        ("Web: x", "a special name in capitals, `Web`", "W"),
        ("RELEASE: x", "a special name in capitals, `RELEASE`", "R"),
    ],
)
def test_a_bad_line_is_refused_with_its_number_and_a_caret(
    line: str, found: str, caret_below: str | None
) -> None:
    refusal = refusal_of(f"# first\n{line}\n")

    first, excerpt, caret = refusal.message.split("\n")
    assert first == f"line 2 of the `Procfile` has {found}:"
    assert "line 2" in str(refusal.hint)
    column = caret.index("^")
    assert (excerpt[column] if column < len(excerpt) else None) == caret_below
    assert "\x1b" not in refusal.message


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("web: a\nweb: b", "lines 1 and 2 of the `Procfile` are both `web`"),
        (
            "web: a\nmy-job: b\n\nmy_job: c",
            "lines 2 and 4 of the `Procfile`, `my-job` and `my_job`",
        ),
        (
            "web: a\nclock: b\nCLOCK: c",
            "lines 2 and 3 of the `Procfile`, `clock` and `CLOCK`",
        ),
    ],
)
def test_names_whose_units_would_collide_are_refused(text: str, problem: str) -> None:
    assert refusal_of(text).message.startswith(problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the `Procfile` has no `web` line and no worker; it has no process type"),
        ("# nothing", "the `Procfile` has no `web` line and no worker; it has no process type"),
        ("release: x", "the `Procfile` has no `web` line and no worker; it has `release`"),
    ],
)
def test_a_procfile_without_web_is_refused(text: str, problem: str) -> None:
    assert refusal_of(text).message == problem


def test_too_many_process_types_are_refused() -> None:
    text = "web: x\n" + "".join(f"w{number}: x\n" for number in range(32))

    assert "33 process types; the maximum is 32" in refusal_of(text).message


@given(st.dictionaries(NAMES, COMMANDS, max_size=20))
def test_what_is_written_is_what_is_parsed(commands: dict[str, str]) -> None:
    commands["web"] = "x"

    procfile = parse_procfile("".join(f"{name}: {text}\n" for name, text in commands.items()))

    assert {line.name: line.command for line in procfile.lines} == commands


@given(st.text())
def test_any_text_is_parsed_or_refused_with_a_hint(text: str) -> None:
    try:
        outcome: str | None = parse_procfile(text).lines[0].command
    except RefusedInputError as refusal:
        outcome = refusal.hint

    assert outcome


def test_a_unit_safe_name_has_no_dash() -> None:
    assert unit_safe("send-mail") == "send_mail"


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("gunicorn app:app", "web: gunicorn app:app"),
        ("python manage.py runserver", "web: python manage.py runserver"),
        ("web gunicorn app:app", "web: gunicorn app:app"),
        ("worker  python work.py", "worker: python work.py"),
        ("my web: x", "my: <command>"),
        ("gunicorn", "gunicorn: <command>"),
        ("gunicorn " + "a" * 80, "gunicorn: <command>"),
    ],
)
def test_a_line_without_its_colon_is_answered_with_the_whole_line(line: str, written: str) -> None:
    assert refusal_of(f"{line}\n").hint == f"on line 1 of the Procfile, write `{written}`"
