"""What the checkout hands back about one commit; made as `deploy`, checked again by the engine."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.aptfile import parse_aptfile
from pushdeploy.model.asked_python import FILES as PYTHON_FILES
from pushdeploy.model.build_step import NOTHING, BuildFiles, parse_build_files
from pushdeploy.model.dependency_file import Source
from pushdeploy.model.release import Commit
from pushdeploy.model.repo_settings import NOTHING_SAID, RepoSettings, from_record, to_record
from pushdeploy.model.requirements import refuse_many
from pushdeploy.model.storage import storage_set

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWER_LIMIT = 16 << 20
"""Characters of what a checkout prints: all these texts as JSON."""

SUBJECT_LIMIT = 200
"""Characters of a subject or author that are kept."""

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Tree:
    """One commit as a slug and the texts that matter to a deploy."""

    commit: Commit
    slug: str
    tree: str
    reused: bool
    procfile: str
    app_json: str
    python_version: str
    """`3.13`, or a specifier such as `>=3.11`, as the tree asks, or empty."""
    requirements: Mapping[str, str]
    """Path to content of all that defines the packages; a lock's digest instead of its content."""
    local: bool
    """Something that is installed is built from the tree itself."""
    storage: tuple[str, ...]
    python_file: str = ""
    """Which file asks for that."""
    settings: RepoSettings = NOTHING_SAID
    """What the repo says for us."""
    guessed: str = ""
    """What the Procfile was guessed for, `Flask app in app.py`; empty when the tree has one."""
    foreign: tuple[str, ...] = ()
    """What is for other platforms only, such as `Dockerfile`."""
    source: Source = Source.REQUIREMENTS
    """The file that says which packages are needed."""
    passed_over: tuple[str, ...] = ()
    """Other such files in the root, which do not count."""
    project: bool = False
    """The project in the root is installed beside what the lock lists."""
    stale: bool = False
    """The lock that counts is older than what it is made from."""
    packages: tuple[str, ...] = ()
    """Names of the packages that are listed, normalised, by name."""
    build: BuildFiles = NOTHING
    """What asks for a build step."""
    begun: str = ""
    """The slug as it was checked out, when `bin/pre_compile` has made this one of it."""
    system_packages: tuple[str, ...] = ()
    """What its Aptfile names."""


def render_tree(tree: Tree) -> str:
    """One JSON object."""
    return json.dumps({**asdict(tree), "settings": to_record(tree.settings)})


def parse_tree(text: str) -> Tree:
    """The inverse; trusts nothing, since another user wrote it.

    Raises:
        RefusedInputError: it is not what a checkout prints.
    """
    try:
        if len(text) > ANSWER_LIMIT:
            raise ValueError(f"it has {len(text)} characters")  # noqa: TRY301 - as what follows
        record = json.loads(text)
        commit = record["commit"]
        tree = Tree(
            commit=Commit(_hex(commit["id"]), _plain(commit["subject"]), _plain(commit["author"])),
            slug=_hex(record["slug"]),
            tree=_hex(record["tree"]),
            reused=bool(record["reused"]),
            procfile=str(record["procfile"]),
            app_json=str(record["app_json"]),
            python_version=str(record["python_version"]),
            requirements={str(key): str(text) for key, text in record["requirements"].items()},
            local=bool(record["local"]),
            storage=storage_set(str(folder) for folder in record["storage"]),
            python_file=_file(record["python_file"]),
            settings=from_record(record["settings"]),
            guessed=_plain(record["guessed"]),
            foreign=tuple(_plain(name) for name in record["foreign"]),
            source=Source(record["source"]),
            passed_over=tuple(_plain(name) for name in record["passed_over"]),
            project=bool(record["project"]),
            stale=bool(record["stale"]),
            packages=tuple(_name(name) for name in record["packages"]),
            build=parse_build_files(record["build"]),
            system_packages=parse_aptfile("\n".join(record["system_packages"])),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedInputError(f"the checkout's answer can't be read: {error}") from error
    refuse_many(tree.requirements)
    return tree


def _hex(text: object) -> str:
    if not isinstance(text, str) or not re.fullmatch(r"[0-9a-f]{20,64}", text):
        raise ValueError(f"{text!r} is not an object id")
    return text


def _file(name: object) -> str:
    if name not in ("", *PYTHON_FILES):
        raise ValueError(f"{name!r} does not ask for a Python")
    return str(name)


def _name(text: object) -> str:
    if not isinstance(text, str) or not re.fullmatch(r"[a-z0-9-]{1,200}", text):
        raise ValueError(f"{text!r} is not the name of a package")
    return text


def _plain(text: object) -> str:
    return CONTROL.sub("�", str(text))[:SUBJECT_LIMIT]
