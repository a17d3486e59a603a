"""What a push is told whose attempt another has made."""

from dataclasses import asdict

import pytest

from pushdeploy.cli.receive import HookPrinter, _say
from pushdeploy.cli.watch import Printer
from pushdeploy.deploy.attempt import Ended
from pushdeploy.events import AttemptFailed, WentLive

FAILED = [" !     the web process ends", " !     Next: mend it"]


@pytest.mark.parametrize(
    ("live", "first"), [(1, "v1 is still live."), (None, "Nothing is live yet.")]
)
def test_a_push_whose_deploy_reconcile_made_ends_with_the_same_last_words(
    capfd: pytest.CaptureFixture[str], live: int | None, first: str
) -> None:
    failure = AttemptFailed(
        reason="the web process ends",
        report=(),
        hint="mend it, and push again",
        still_live=live,
        release_phase=False,
    )
    ended = Ended("learned", 7, 2, text="6ccb3b11 did not go live", failure=failure)

    _say(asdict(ended), Printer(1))

    words = [line.strip(" !") for line in capfd.readouterr().out.splitlines()]
    assert words == ["", first, "Failed: the web process ends", "Next: mend it, and push again"]


def test_a_push_whose_deploy_reconcile_made_is_told_that_it_is_live(
    capfd: pytest.CaptureFixture[str],
) -> None:
    _say(asdict(Ended("learned", 0, 2, 2, "6ccb3b11 went live as v2")), Printer(1))

    assert capfd.readouterr().out == "=====> 6ccb3b11 went live as v2\n"


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (Ended("failed", 7, 2, text="the web process ends", hint="mend it"), FAILED),
        (Ended("live", 0, 2, 2), ["=====> v2 is live"]),
    ],
)
def test_a_push_whose_events_were_lost_is_told_how_it_ended(
    capfd: pytest.CaptureFixture[str], ended: Ended, words: list[str]
) -> None:
    _say(asdict(ended), HookPrinter(1, "6ccb3b11"))

    assert capfd.readouterr().out.splitlines() == words


def test_a_push_that_has_seen_how_it_ended_is_told_no_more(
    capfd: pytest.CaptureFixture[str],
) -> None:
    printer = HookPrinter(1, "6ccb3b11")
    printer.event({"event": "release.live", **asdict(WentLive("blog", 2, "6ccb3b11", (), 1.0))})
    capfd.readouterr()

    _say(asdict(Ended("live", 0, 2, 2)), printer)

    assert capfd.readouterr().out == ""
