"""What an engine answers, for tests."""

from __future__ import annotations

from dataclasses import replace

from pushdeploy.engine.verbs.apps import Apps, ListedApp
from pushdeploy.engine.verbs.keys import Keys, PublicKey
from pushdeploy.engine.verbs.ps import Ps
from pushdeploy.engine.verbs.releases import ReleaseInfo, Releases
from pushdeploy.model.attempt import Attempt, Outcome
from pushdeploy.model.ended import Ended, EndedAs
from pushdeploy.model.instance import State
from pushdeploy.model.running import Running
from pushdeploy.model.tried import Tried

NOW = 1_795_341_600.0
"""2026-11-22T10:00:00Z."""

COMMIT = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"


def apps(*names: str) -> Apps:
    """The answer to `apps`: each app one port further."""
    return Apps(
        tuple(
            ListedApp(
                app=name,
                port=8000 + index,
                branch="main",
                release="v12",
                commit=COMMIT,
                crash_loops=(),
            )
            for index, name in enumerate(names)
        )
    )


LIVE = Ended(EndedAs.LIVE, 0, release=13)
FAILED = Ended(EndedAs.FAILED, 7)
RECORDED = Ended(EndedAs.RECORDED, 0, text="it takes effect at the first deploy")

WEB = Running(
    instance="web.1",
    process_type="web",
    release="v12",
    state=State.UP,
    seconds=11_056.2,
    cpu=2.1,
    memory=67_108_864,
    workers=3,
)

PS = Ps(
    app="blog",
    release="v12",
    branch="main",
    web_concurrency=3,
    commands={
        "web": "gunicorn app:app",
        "release": "python migrate.py",
        "worker": "python worker.py",
    },
    instances=(
        WEB,
        Running(
            instance="web.1",
            process_type="web",
            release="v11",
            state=State.UP,
            warm=True,
            seconds=21_000.0,
            cpu=0.0,
            memory=66_060_288,
            workers=3,
            restarts=1,
            last_restart=21_000.0,
        ),
        Running(
            instance="worker.1",
            process_type="worker",
            release="v12",
            state=State.CRASHED,
            restarts=14,
            last_restart=3.2,
            crash_loop=True,
        ),
        Running(
            instance="clock.1",
            process_type="clock",
            release="v9",
            state=State.UP,
            stray=True,
            seconds=90_000.0,
            cpu=0.4,
            memory=20_971_520,
        ),
    ),
    maintenance=False,
    misfit=None,
    revived=(NOW - 9000, NOW - 300),
    last_attempt=Attempt(
        number=15,
        kind="deploy",
        commit=COMMIT,
        who="alice",
        at=NOW - 7500,
        outcome=Outcome.FAILED,
        release=13,
        reason="web did not answer within 30 s",
        seconds=31.4,
    ),
)


def tried(attempt: int, release: str | None, description: str, at: float) -> Tried:
    """A row of the list of releases."""
    return Tried(
        attempt=attempt,
        release=release,
        description=description,
        subject="",
        commit=COMMIT,
        who="alice",
        at=at,
        outcome=Outcome.LIVE,
        live=False,
        rollback=False,
        reason="",
        seconds=4.2,
    )


RELEASES = Releases(
    app="blog",
    current="v12",
    warm=("v11",),
    previous="v11",
    rollback=("v11", "v9"),
    tried=(
        replace(
            tried(15, None, "deploy 1a2b3c4d", NOW - 60),
            outcome=Outcome.FAILED,
            reason="web did not answer within 30 s",
        ),
        replace(
            tried(14, "v12", "Set SECRET_KEY config vars", NOW - 7500),
            subject="Add posts",
            who="bob@laptop",
            live=True,
        ),
        replace(tried(13, "v11", "Deploy 1a2b3c4d", NOW - 90_000), rollback=True),
        tried(12, "v10", "Deploy 0f0f0f0f", NOW - 172_800),
    ),
)

RELEASE = ReleaseInfo(
    app="blog",
    release="v12",
    live=True,
    rollback=False,
    kind="config",
    description="Set SECRET_KEY config vars",
    who="bob@laptop",
    at=NOW - 7500,
    commit=COMMIT,
    subject="Add posts",
    author="Alice",
    python="3.11.2",
    processes={"web": "gunicorn app:app", "worker": "python worker.py"},
)

KEYS = Keys(
    (
        PublicKey("alice", "ssh-ed25519", "SHA256:" + "A" * 43),
        PublicKey("bob@laptop", "ssh-rsa", "SHA256:" + "B" * 43),
    )
)
