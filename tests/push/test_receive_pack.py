"""What a push is told whose attempt another has made."""

import sys
from dataclasses import asdict

import pytest

from pushdeploy.cli.watch import Printer
from pushdeploy.events import WentLive
from pushdeploy.model.ended import Ended, EndedAs, Failure
from pushdeploy.push.hooks import HookPrinter
from pushdeploy.push.outcome import say_end
from pushdeploy.system.command import Command, attempt

HOOK = """
import io, os, socket, sys
from pushdeploy.push.hooks import post_receive

engine, ours = socket.socketpair()
ours.sendall(sys.argv[1].encode())
ours.shutdown(socket.SHUT_WR)
hears, says = os.pipe()
told = {"APP": "blog", "AFTER": "0", "BRANCH": "main", "ENGINE": engine.fileno(), "NOTE": says}
os.environ.update({f"PUSHDEPLOY_{name}": str(value) for name, value in told.items()})
sys.stdin = io.StringIO(f"{'0' * 40} {'a' * 40} refs/heads/main\\n")
status = post_receive()
print("noted", os.read(hears, 1000).decode().split()[1:], status)
"""
"""The hook, whose engine has answered already."""

FAILED = [" !     the web process ends", " !     Next: mend it"]


@pytest.mark.parametrize(
    ("live", "first"), [(1, "v1 is still live."), (None, "Nothing is live yet.")]
)
def test_a_push_whose_deploy_reconcile_made_ends_with_the_same_last_words(
    capfd: pytest.CaptureFixture[str], live: int | None, first: str
) -> None:
    failure = Failure(
        reason="the web process ends",
        report=(),
        hint="mend it, and push again",
        still_live=live,
        release_phase=False,
    )
    ended = Ended(EndedAs.LEARNED, 7, 2, text="6ccb3b11 did not go live", failure=failure)

    say_end(ended, Printer(1))

    words = [line.strip(" !") for line in capfd.readouterr().out.splitlines()]
    assert words == ["", first, "Failed: the web process ends", "Next: mend it, and push again"]


def test_a_push_whose_deploy_reconcile_made_is_told_that_it_is_live(
    capfd: pytest.CaptureFixture[str],
) -> None:
    say_end(Ended(EndedAs.LEARNED, 0, 2, 2, "6ccb3b11 went live as v2"), Printer(1))

    assert capfd.readouterr().out == "=====> 6ccb3b11 went live as v2\n"


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (Ended(EndedAs.FAILED, 7, 2, text="the web process ends", hint="mend it"), FAILED),
        (Ended(EndedAs.LIVE, 0, 2, 2), ["=====> v2 is live"]),
    ],
)
def test_a_push_whose_events_were_lost_is_told_how_it_ended(
    capfd: pytest.CaptureFixture[str], ended: Ended, words: list[str]
) -> None:
    say_end(ended, HookPrinter(1, "6ccb3b11"))

    assert capfd.readouterr().out.splitlines() == words


@pytest.mark.parametrize(
    ("answered", "words"),
    [
        (
            '{"error": {"message": "another job goes on", "hint": null, "exit_code": 6}}\n',
            [" !     another job goes on", "noted ['told:6'] 1"],
        ),
        (
            '{"answer": {"outcome": "left", "exit_code": 0, "text": "v1 stays live"}}\n',
            ["=====> v1 stays live", "noted ['told:0'] 0"],
        ),
        ("", ["noted [] 1"]),
    ],
    ids=["refused", "told", "the engine was killed"],
)
def test_the_wrapper_hears_what_the_hook_has_told_and_asks_again_otherwise(
    answered: str, words: list[str]
) -> None:
    done = attempt(Command([sys.executable, "-c", HOOK, answered]), seconds=30)

    assert done.stdout.splitlines() == words, done.stderr


def test_a_push_that_has_seen_how_it_ended_is_told_no_more(
    capfd: pytest.CaptureFixture[str],
) -> None:
    printer = HookPrinter(1, "6ccb3b11")
    printer.event({"event": "release.live", **asdict(WentLive("blog", 2, "6ccb3b11", (), 1.0))})
    capfd.readouterr()

    say_end(Ended(EndedAs.LIVE, 0, 2, 2), printer)

    assert capfd.readouterr().out == ""
