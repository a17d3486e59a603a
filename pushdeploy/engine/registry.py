"""What the engine can be asked: each verb once, with its answer, its right and its limits.

A verb is declared where it is carried out: `pushdeploy.engine.verbs` has a file for each noun, and
`config.set` stands in `config`. Both ends read the same declaration, so these files import what
they need of the floors below only when a verb runs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

from pushdeploy.engine.deadlines import CHANGE_SECONDS

if TYPE_CHECKING:
    from types import ModuleType

    from pushdeploy.engine.asked import Asked
    from pushdeploy.model.rights import Right

PACKAGE = "pushdeploy.engine.verbs"
NAME = re.compile(r"([a-z]+)(?:\.[a-z_]+)?")

Told = ParamSpec("Told")
Answer = TypeVar("Answer")


class App(StrEnum):
    """Whether a verb, or a command, is about an app."""

    NEEDED = "needed"
    OPTIONAL = "optional"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Done:
    """It was done, and there is nothing to tell."""


@dataclass(frozen=True, slots=True)
class Request(Generic[Answer]):
    """What the engine is asked: `verb(app, name=value)` makes one."""

    verb: Verb[..., Answer]
    told: Mapping[str, Any]
    """What the verb is told, by the names of its parameters; and `app`, when there is one."""


@dataclass(frozen=True, slots=True)
class Verb(Generic[Told, Answer]):
    """One thing that the engine can be asked."""

    name: str
    answer: type[Answer]
    """The class of what is answered, on both ends."""
    run: Callable[Concatenate[Asked, Told], Answer]
    """Its parameters after the first have names and types: they are what the request may say."""
    right: Right
    """What the caller must hold; looked at before it runs, in `server.py` alone."""
    app: App
    """Whether the request names an app; its name is checked before it runs."""
    log: bool
    """It is an attempt, which keeps a log that whoever asked can follow."""
    seconds: float
    """The longest that it may take (`deadlines.py`)."""
    ahead: tuple[str, ...]
    """Modules that the engine imports while a push still comes in."""

    def __call__(
        self,
        app: str | None = None,
        /,
        *_: Told.args,
        **told: Told.kwargs,
    ) -> Request[Answer]:
        """The request that asks it; `client.ask` sends it."""
        return Request(self, {**({} if app is None else {"app": app}), **told})


def verb(
    name: str,
    answer: type[Answer],
    *,
    right: Right,
    app: App = App.NEEDED,
    log: bool = False,
    seconds: float = CHANGE_SECONDS,
    ahead: tuple[str, ...] = (),
) -> Callable[[Callable[Concatenate[Asked, Told], Answer]], Verb[Told, Answer]]:
    """Make a function a verb of the engine; see `Verb`."""

    def declare(run: Callable[Concatenate[Asked, Told], Answer]) -> Verb[Told, Answer]:
        return Verb(name, answer, run, right, app, log, seconds, ahead)

    return declare


class Registry(Mapping[str, Verb[..., Any]]):
    """All verbs by name; a file is imported when something in it is asked for."""

    def __getitem__(self, name: str) -> Verb[..., Any]:
        """The verb; a `KeyError` when there is none."""
        match = NAME.fullmatch(name)
        if match is None or match[1] not in nouns():
            raise KeyError(name)
        return {one.name: one for one in _verbs(match[1])}[name]

    def __iter__(self) -> Iterator[str]:
        """All names."""
        return (one.name for noun in nouns() for one in _verbs(noun))

    def __len__(self) -> int:
        """How many there are."""
        return sum(1 for _ in self)


def nouns() -> list[str]:
    """All nouns that have verbs."""
    return modules_of(import_module(PACKAGE))


def modules_of(package: ModuleType) -> list[str]:
    """The modules in the folder of a package, which are not imported for it."""
    files = [name for name in os.listdir(package.__path__[0]) if name.endswith(".py")]
    return sorted(name.removesuffix(".py") for name in files if name != "__init__.py")


def _verbs(noun: str) -> list[Verb[..., Any]]:
    found = vars(import_module(f"{PACKAGE}.{noun}")).values()
    return [one for one in found if isinstance(one, Verb)]
