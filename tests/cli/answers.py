"""What an engine answers, for tests."""

from __future__ import annotations

from typing import Any

NOW = 1_795_341_600.0
"""2026-11-22T10:00:00Z."""

COMMIT = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"


def apps(*names: str) -> list[dict[str, Any]]:
    """The answer to `apps`: each app one port further."""
    return [
        {
            "app": name,
            "port": 8000 + index,
            "branch": "main",
            "release": "v12",
            "commit": COMMIT,
        }
        for index, name in enumerate(names)
    ]


LIVE = {"outcome": "live", "exit_code": 0, "release": 13}
FAILED = {"outcome": "failed", "exit_code": 7, "release": None}
RECORDED = {"outcome": "recorded", "exit_code": 0, "text": "it takes effect at the first deploy"}

PS = {
    "app": "blog",
    "release": "v12",
    "web_concurrency": 3,
    "commands": {
        "web": "gunicorn app:app",
        "release": "python migrate.py",
        "worker": "python worker.py",
    },
    "instances": [
        {
            "instance": "web.1",
            "release": "v12",
            "warm": False,
            "state": "up",
            "seconds": 11_056.2,
            "cpu": 2.1,
            "memory": 67_108_864,
            "workers": 3,
            "restarts": 0,
            "last_restart": None,
            "crash_loop": False,
        },
        {
            "instance": "web.1",
            "release": "v11",
            "warm": True,
            "state": "up",
            "seconds": 21_000.0,
            "cpu": 0.0,
            "memory": 66_060_288,
            "workers": 3,
            "restarts": 1,
            "last_restart": 21_000.0,
            "crash_loop": False,
        },
        {
            "instance": "worker.1",
            "release": "v12",
            "warm": False,
            "state": "crashed",
            "seconds": None,
            "cpu": None,
            "memory": None,
            "workers": None,
            "restarts": 14,
            "last_restart": 3.2,
            "crash_loop": True,
        },
        {
            "instance": "clock.1",
            "release": "v9",
            "warm": False,
            "state": "up",
            "seconds": 90_000.0,
            "cpu": 0.4,
            "memory": 20_971_520,
            "workers": None,
            "restarts": 0,
            "last_restart": None,
            "crash_loop": False,
            "stray": True,
        },
    ],
    "misfit": None,
    "revived": [NOW - 9000, NOW - 300],
    "last_attempt": {
        "number": 15,
        "kind": "deploy",
        "commit": COMMIT,
        "who": "alice",
        "at": NOW - 7500,
        "outcome": "failed",
        "release": 13,
        "release_phase": False,
        "reason": "web did not answer within 30 s",
        "hint": "",
        "seconds": 31.4,
    },
}


def _tried(**fields: object) -> dict[str, Any]:
    usual = {
        "release": None,
        "description": "",
        "subject": "",
        "commit": COMMIT,
        "who": "alice",
        "outcome": "live",
        "live": False,
        "rollback": False,
        "reason": "",
        "seconds": 4.2,
    }
    return {**usual, **fields}


RELEASES = {
    "app": "blog",
    "current": "v12",
    "warm": ["v11"],
    "previous": "v11",
    "rollback": ["v11", "v9"],
    "releases": [
        _tried(
            attempt=15,
            description="deploy 1a2b3c4d",
            at=NOW - 60,
            outcome="failed",
            reason="web did not answer within 30 s",
        ),
        _tried(
            release="v12",
            attempt=14,
            description="Set SECRET_KEY config vars",
            subject="Add posts",
            who="bob@laptop",
            at=NOW - 7500,
            live=True,
        ),
        _tried(
            release="v11", attempt=13, description="Deploy 1a2b3c4d", at=NOW - 90_000, rollback=True
        ),
        _tried(release="v10", attempt=12, description="Deploy 0f0f0f0f", at=NOW - 172_800),
    ],
}

RELEASE = {
    "app": "blog",
    "number": 12,
    "release": "v12",
    "kind": "config",
    "description": "Set SECRET_KEY config vars",
    "who": "bob@laptop",
    "at": NOW - 7500,
    "commit": {"id": COMMIT, "subject": "Add posts", "author": "Alice"},
    "slug": "s1",
    "venv": "e1",
    "python": "3.11.2",
    "procfile": {
        "lines": [
            {"name": "web", "command": "gunicorn app:app", "line": 1},
            {"name": "worker", "command": "python worker.py", "line": 2},
        ]
    },
    "binding": "socket",
    "checks": [],
    "live": True,
    "rollback": False,
}

KEYS = [
    {"name": "alice", "kind": "ssh-ed25519", "fingerprint": "SHA256:" + "A" * 43},
    {"name": "bob@laptop", "kind": "ssh-rsa", "fingerprint": "SHA256:" + "B" * 43},
]
