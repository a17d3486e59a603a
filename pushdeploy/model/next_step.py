"""What to do after a new release failed, by what made it: code, a config var, a restart."""

from __future__ import annotations

from pushdeploy.model.release import Kind

_NEXT = {
    Kind.DEPLOY: "fix the app, then push again",
    Kind.CONFIG: "choose another value, or push code that works with it",
    Kind.RESTART: "fix what the app misses, then: pushdeploy restart --app {app}",
    Kind.SCALE: "choose another number: pushdeploy ps:scale --app {app}",
    Kind.STORAGE: "choose another folder, or push code that works with it",
    Kind.ROLLBACK: "choose another release: pushdeploy releases --app {app}",
    Kind.REBUILD: "push code that works with the packages of now",
}
"""What was live is live: a change that failed has changed nothing."""

OF_CODE = (Kind.DEPLOY, Kind.RESTART, Kind.REBUILD)
"""Where nothing differs but the code, or nothing at all: only a push can cure what it names."""


def next_step(kind: Kind, app: str, advice: str | None = None) -> str:
    """A hint.

    Args:
        kind: what made the release that failed.
        app: its name.
        advice: what cures a fault of the code, if that is known.
    """
    if advice is not None and kind in OF_CODE:
        return advice
    return _NEXT[kind].format(app=app)
