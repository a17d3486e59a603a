"""The demo's steps: each does something and says in a plain sentence what came of it."""

from __future__ import annotations

import time

from pushdeploy.demo.blog import BROKEN_VERSION, SECOND_VERSION, release_of, title_of
from pushdeploy.demo.place import (
    ANSWER_SECONDS,
    APP,
    Demo,
    DemoFailedError,
    push,
    pushdeploy,
    result,
    say,
    visit,
)
from pushdeploy.demo.visitors import Visitors


def first_push(this: Demo) -> None:
    """The first deploy; on a second run there may be nothing new."""
    status = push(this)
    if status != 0:
        raise DemoFailedError(f"`git push` ended with status {status}")
    page = visit(this)
    result(
        f"http://127.0.0.1:{this.port}/ answers {page.status}: "
        f"“{title_of(page.body)}”, made by release {release_of(page.body)}."
    )


def second_version(this: Demo) -> None:
    """A change goes live while people read."""
    say("Changing the title, while 4 visitors ask for the page all the time")
    before = release_of(visit(this).body)
    this.blog.change(SECOND_VERSION)
    with Visitors(this.port) as visitors:
        visitors.wait_for(before, ANSWER_SECONDS)
        status = push(this)
        page = visit(this)
        after = release_of(page.body)
        visitors.wait_for(after, ANSWER_SECONDS)
    if status != 0:
        raise DemoFailedError(f"`git push` ended with status {status}")
    _must_have_held(visitors, before, after)
    result(
        f"{visitors.total:,} requests, 0 failed: {visitors.answers[before]:,} were answered by "
        f"{before}, {visitors.answers[after]:,} by {after}; the slowest took "
        f"{visitors.slowest * 1000:.0f} ms. The title is “{title_of(page.body)}” now."
    )


def broken_version(this: Demo) -> None:
    """A version that can't start never goes live."""
    say("Breaking the app: it will import a function that does not exist")
    before = release_of(visit(this).body)
    this.blog.change(BROKEN_VERSION)
    status = push(this)
    page = visit(this)
    if status == 0:
        raise DemoFailedError("`git push` of the broken version ended with status 0")
    if release_of(page.body) != before:
        raise DemoFailedError(f"{release_of(page.body)} answers, not {before}")
    result(
        f"git push ended with status {status}: the broken version was refused. "
        f"{before} answers {page.status} as before: “{title_of(page.body)}”."
    )


def roll_back(this: Demo) -> None:
    """Back to the first version, while people read."""
    say("Going back to the version before, while the visitors ask again")
    before = release_of(visit(this).body)
    with Visitors(this.port) as visitors:
        visitors.wait_for(before, ANSWER_SECONDS)
        began = time.monotonic()
        pushdeploy(this, "rollback", "--app", APP)
        seconds = time.monotonic() - began
        page = visit(this)
        after = release_of(page.body)
        visitors.wait_for(after, ANSWER_SECONDS)
    _must_have_held(visitors, before, after)
    result(
        f"{after} answered {visitors.first_seen[after] - began:.2f} s after Enter, and the whole "
        f"command took {seconds:.2f} s: new workers are watched for 3 s. {visitors.total:,} "
        f"requests, 0 failed. The title is “{title_of(page.body)}” again."
    )


def _must_have_held(visitors: Visitors, before: str, after: str) -> None:
    """A switch lost nothing.

    Raises:
        DemoFailedError: it did, or there was none.
    """
    if after == before or not visitors.answers[after]:
        raise DemoFailedError(f"{before} still answers")
    if visitors.failures:
        raise DemoFailedError(
            f"{len(visitors.failures)} of {visitors.total} requests failed: "
            f"{', '.join(sorted(set(visitors.failures))[:3])}"
        )
