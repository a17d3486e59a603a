"""Converge: make what is live what the deploy branch wants, if that is called for."""

from __future__ import annotations

from pushdeploy.deploy.attempt import FAILED, Audience, Ended, Request, app_lock, run_attempt
from pushdeploy.deploy.checkout import wanted_commit
from pushdeploy.deploy.deploy import deploy
from pushdeploy.deploy.host import Host
from pushdeploy.deploy.journal import Journal
from pushdeploy.deploy.lookup import deploys_of, facts, loose_commit, outcome_of_push
from pushdeploy.deploy.tidy import tidy
from pushdeploy.model.attempt import Attempt, Outcome
from pushdeploy.model.convergence import Action, Decision, Occasion, decide
from pushdeploy.model.release import Kind


def converge(
    host: Host, app: str, audience: Audience, *, occasion: Occasion, who: str, after: int | None
) -> Ended:
    """Bring the deploy branch live.

    Raises:
        NotFoundError: there is no such app.
        BusyError: another deploy of it did not end in time.
    """
    early = _learn_without_waiting(host, app, after)
    if early is not None:
        return early
    with app_lock(host, app, audience, who, "a deploy") as journal:
        commit = branch_commit(host, journal)
        if commit is None:
            return Ended("nothing", 0, text=f"nothing was pushed to `{app}` yet")
        ended = _decided(host, journal, audience, occasion, who, after, commit)
    if ended.attempt is not None and ended.outcome != "learned":
        tidy(host, app)
    return ended


def deploy_revision(host: Host, app: str, audience: Audience, *, revision: str, who: str) -> Ended:
    """Deploy a branch, tag or commit that the server's repo has, whatever was tried before."""
    with app_lock(host, app, audience, who, "a deploy") as journal:
        branch = journal.settings().branch
        wanted = branch_commit(host, journal) if revision in ("", branch) else None
        ended = _run(host, journal, audience, who, wanted or revision)
    tidy(host, app)
    return ended


def branch_commit(host: Host, journal: Journal) -> str | None:
    """The commit of the deploy branch: from its own file, else by git as the receiver."""
    branch = journal.settings().branch
    if not branch:
        return None
    return loose_commit(journal.place, branch) or wanted_commit(host, journal.place.name, branch)


def _learn_without_waiting(host: Host, app: str, after: int | None) -> Ended | None:
    """The outcome of this push's own attempt, if it has ended; a newer one may hold the lock."""
    place = host.layout.app(app)
    found = facts(place)
    if after is None or found is None:
        return None
    attempt = outcome_of_push(place, found.branch, after)
    return None if attempt is None else _learned(attempt)


def _decided(
    host: Host,
    journal: Journal,
    audience: Audience,
    occasion: Occasion,
    who: str,
    after: int | None,
    commit: str,
) -> Ended:
    current = journal.current()
    live = current is not None and current.commit.id == commit
    decision = decide(occasion, deploys_of(journal.attempts(), commit), live=live, after=after)
    match decision.action:
        case Action.DEPLOY:
            return _run(host, journal, audience, who, commit)
        case Action.LEARN:
            return _learned(decision.attempt)
        case Action.NOTHING:
            name = current.name if current else "nothing"
            return Ended("nothing", 0, text=f"{commit[:8]} is live already, as {name}")
        case Action.LEAVE:
            return _left(journal, decision, occasion, commit)


def _run(host: Host, journal: Journal, audience: Audience, who: str, revision: str) -> Ended:
    request = Request(journal.place.name, Kind.DEPLOY, who, revision)
    return run_attempt(
        host,
        journal,
        audience,
        request,
        lambda number, report: deploy(host, journal, revision, who, number, report),
    )


def _learned(attempt: Attempt | None) -> Ended:
    if attempt is None:
        return Ended("nothing", 0)
    failed = attempt.outcome is not Outcome.LIVE
    code = FAILED if failed else 0
    return Ended("learned", code, attempt.number, attempt.release, attempt.reason, attempt.hint)


def _left(journal: Journal, decision: Decision, occasion: Occasion, commit: str) -> Ended:
    if occasion is Occasion.TIMER:
        return Ended("nothing", 0)
    live = journal.live()
    return Ended(
        "left",
        0,
        text=f"{commit[:8]} was live and was rolled back from; v{live} stays live",
        hint=f"pushdeploy deploy --app {journal.place.name}",
    )
