"""A real supervisord for tests, and apps to run under it."""

from __future__ import annotations

import itertools
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.model.instance import Instance, Status
from pushdeploy.model.job import Job, JobKind
from pushdeploy.model.layout import embedded
from pushdeploy.system.accounts_embedded import OwnAccounts
from pushdeploy.system.short_folder import short_folder
from pushdeploy.system.supervisord import Supervisord

if TYPE_CHECKING:
    from collections.abc import Callable

    from pushdeploy.model.app_layout import AppLayout

PATIENCE_SECONDS = 20.0
numbers = itertools.count(1)


def eventually(true: Callable[[], bool], what: str) -> None:
    """Wait until something is true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, f"not within {PATIENCE_SECONDS:.0f} s: {what}"
        time.sleep(0.05)


@dataclass
class App:
    """One app of a supervisord."""

    supervisor: Supervisord
    place: AppLayout

    @property
    def name(self) -> str:
        return self.place.name

    def instance(
        self,
        script: str,
        process_type: str = "web",
        release: int = 1,
        port: int | None = None,
        **environment: str,
    ) -> Instance:
        """An instance that runs a Python script; a web gets its socket as descriptor 3."""
        path = self.place.root / f"{process_type} {release}.py"
        path.write_text(f"#!/usr/bin/env -S {sys.executable} -Iu\n{script}\n")
        path.chmod(0o755)
        return Instance(
            app=self.name,
            release=release,
            process_type=process_type,
            index=1,
            script=path,
            code=self.place.root,
            home=self.place.home,
            shared=self.place.shared,
            user="me",
            environment=tuple(environment.items()),
            socket=self.place.web_socket(release) if process_type == "web" else None,
            port=port,
        )

    def run(self, *instances: Instance) -> None:
        """Apply and start."""
        self.supervisor.apply(instances)
        self.supervisor.start(instances)

    def status(self, instance: Instance) -> Status:
        """How it stands."""
        return next(one for one in self.supervisor.statuses(self.name) if one.unit == instance.unit)

    def job(self, *argv: str, kind: JobKind = JobKind.BUILD, seconds: float = 60.0) -> Job:
        """A job of the app."""
        return Job(
            app=self.name,
            kind=kind,
            argv=argv,
            user="me",
            groups=(),
            folder=self.place.root,
            home=self.place.home,
            writable=(),
            hidden=(),
            environment=(("GREETING", "hello you"),),
            seconds=seconds,
        )


def new_supervisord(folder: Path) -> Supervisord:
    """One for a root with an awkward name."""
    root = folder / "it's 100% # my ; root"
    return Supervisord(embedded(root, short_folder(root)), Path(sys.executable))


def new_app(supervisor: Supervisord) -> App:
    """An app with its folders."""
    layout = supervisor._layout  # noqa: SLF001 - what the program would hand in
    name = f"my-app-{next(numbers)}"
    OwnAccounts(layout).ensure(name)
    return App(supervisor, layout.app(name))
