"""A requirements file: the packages it names, and what of the tree it refers to."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.text import quoted, refuse_longer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


LONGEST_REQUIREMENTS = 1 << 20
"""Characters: a lock file with the hashes of a thousand packages fits."""
LONGEST_LINE = 64 * 1024
"""Characters of one line with all that it goes on with: hundreds of hashes fit."""
MOST_REQUIREMENTS_FILES = 100
MOST_REQUIREMENTS = 4 << 20
"""Of all requirements files together: their number and their characters."""
MOST_REFERENCES = 1000
"""Files and folders of the tree that one file refers to."""


class ReferenceKind(StrEnum):
    """What a line of a requirements file refers to inside the tree."""

    INCLUDE = "include"
    CONSTRAINT = "constraint"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Reference:
    """A file or folder of the tree that a requirements file needs.

    `path` is relative to the tree's root and normalised; `.` is the root itself.
    `line` is where the reference begins in the file, from 1.
    """

    kind: ReferenceKind
    path: str
    line: int


_OPTION = re.compile(
    r"(?P<option>-r|-c|-e|-f|--requirement|--constraint|--editable|--find-links)"
    r"(?:\s*=\s*|\s+|(?<=^-[rcef]))(?P<value>\S.*)"
)
_KINDS = {
    "-r": ReferenceKind.INCLUDE,
    "--requirement": ReferenceKind.INCLUDE,
    "-c": ReferenceKind.CONSTRAINT,
    "--constraint": ReferenceKind.CONSTRAINT,
}
_NAME = re.compile(
    r"([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])(?=\s*(?:$|[\[<>=!~;@,(])|\s+--)"
)
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
# Blanks stand in one place only: with two in a row, a line of blanks would take quadratic time.
_NAMED_URL = re.compile(r"[A-Za-z0-9._-]+(?:\s*\[[^]]*\])?\s*@\s*(\S+)")
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_ARCHIVE = re.compile(r"\.(whl|zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz)$", re.IGNORECASE)
# Look-behinds, not `\s+` before a mark: a line of blanks alone would take quadratic time.
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_AFTER_PATH = re.compile(r"(?<=\s)(?:;|--?[a-z]).*|;\s.*|\[[A-Za-z0-9._,\s-]*\]\s*(?:$|;.*|\s-.*)")


def references(text: str, *, folder: str = "") -> tuple[Reference, ...]:
    """The files and folders of the tree that a requirements file refers to, in its order.

    They decide what the venv holds, so their content belongs to its key. URLs are not among them:
    the line that names one is already part of this file's content.

    Args:
        text: A file in pip's format.
        folder: The folder that the file is in, relative to the tree's root. Includes and
            constraints are read relative to it, local paths relative to the root, as pip does.

    Raises:
        RefusedInputError: A path is absolute, leaves the tree or holds a `${VARIABLE}`.

    Source: https://pip.pypa.io/en/stable/reference/requirements-file-format/
    """
    found: list[Reference] = []
    for number, line in _logical_lines(text):
        option = _OPTION.fullmatch(line)
        if option and option["option"] in _KINDS:
            kind, base, path = _KINDS[option["option"]], folder, option["value"].strip("\"' ")
        else:
            kind, base, path = ReferenceKind.LOCAL, "", _local_path(line, option)
        path = _without_file_scheme(path)
        if path and not _REMOTE.match(path):
            found.append(Reference(kind, _inside_the_tree(path, base, number), number))
        if len(found) > MOST_REFERENCES:
            raise RefusedInputError(
                f"the requirements refer to more than {MOST_REFERENCES} files in the repository",
                hint="refer to fewer files: a folder of wheels counts as one, with `--find-links`",
            )
    return tuple(found)


def names(text: str) -> set[str]:
    """The packages that a requirements file names itself, normalised (PEP 503): `flask-login`."""
    found = set()
    for _, line in _logical_lines(text):
        option = _OPTION.fullmatch(line)
        egg = _EGG.search(line)
        name = egg or (None if option or _ARCHIVE.search(line) else _NAME.match(line))
        if name:
            found.add(re.sub(r"[-_.]+", "-", name[1]).lower())
    return found


def refuse_many(texts: Mapping[str, str]) -> None:
    """Refuse requirements that are too many to be read.

    Raises:
        RefusedInputError: There are too many files, or they are too long together.
    """
    size = sum(map(len, texts.values()))
    if len(texts) > MOST_REQUIREMENTS_FILES or size > MOST_REQUIREMENTS:
        raise RefusedInputError(
            f"the requirements are {len(texts)} files with {size:,} characters; "
            f"the maximum is {MOST_REQUIREMENTS_FILES} files with {MOST_REQUIREMENTS:,}",
            hint="include fewer files in requirements.txt, commit, and push again",
        )


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line with content, joined where it goes on and without comments; numbers from 1."""
    refuse_longer(text, LONGEST_REQUIREMENTS, "requirements.txt")
    parts: list[str] = []
    start, length = 1, 0
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        line = raw.removesuffix("\r")
        if not parts:
            start = number
        length += len(line)
        if length > LONGEST_LINE:
            raise RefusedInputError(
                f"line {start} of the requirements is longer than {LONGEST_LINE:,} characters",
                hint=f"shorten line {start} of the requirements",
            )
        comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment:
            parts.append(line[:-1])
            continue
        content = _COMMENT.sub("", "".join(parts) + (" " if comment else "") + line).strip()
        parts, length = [], 0
        if content:
            yield start, content
    joined = "".join(parts).strip()
    if joined:
        yield start, joined


def _local_path(line: str, option: re.Match[str] | None) -> str:
    """The path on a line that installs from a path, or empty."""
    text = option["value"] if option else line
    named = _NAMED_URL.match(text)
    if named:
        return named[1] if named[1].startswith(("file:", "git+file:")) else ""
    path = _AFTER_PATH.sub("", text).strip("\"' ")
    looks_like_a_path = path.startswith((".", "/", "~", "file:", "git+file:")) or (
        not path.startswith("-") and ("/" in path or _ARCHIVE.search(path))
    )
    return path if option or looks_like_a_path else ""


def _without_file_scheme(path: str) -> str:
    """`./x` for `file:./x`, and `/x` for `file:///x` and `git+file:///x`, which is then refused."""
    match = re.match(r"(?:git\+)?file:(?://(?:localhost)?(?=/|\$))?", path)
    return path[match.end() :].partition("#")[0] if match else path


def _inside_the_tree(path: str, base: str, number: int) -> str:
    normal = posixpath.normpath(posixpath.join(base, path))
    if "${" in path:
        problem = "a variable in a path"
    elif path.startswith(("/", "~")) or "\\" in path or re.match(r"[A-Za-z]:", path):
        problem = "an absolute path" if "\\" not in path else "a Windows path"
    elif normal.split("/", maxsplit=1)[0] == "..":
        problem = "a path outside the repository"
    else:
        return normal
    raise RefusedInputError(
        f"line {number} of the requirements has {problem}: {quoted(path)}",
        hint=f"on line {number}, name a path inside the repository, such as `./vendor/package`",
    )
