"""Converge: make what is live what the deploy branch wants, if that is called for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pushdeploy.apps.deploy_branch import set_first_branch
from pushdeploy.build.keep_wheels import keep_wheels
from pushdeploy.deploy.attempt import FAILED, Audience, Request, app_lock, run_attempt
from pushdeploy.deploy.checkout import wanted_commit
from pushdeploy.deploy.cleanup import clean_up
from pushdeploy.deploy.deploy import deploy
from pushdeploy.deploy.pulse import trouble
from pushdeploy.model.attempt import Attempt, Outcome
from pushdeploy.model.convergence import Action, Occasion, decide
from pushdeploy.model.ended import Ended, EndedAs, Failure
from pushdeploy.model.refname import FIRST_BRANCHES
from pushdeploy.model.release import Kind
from pushdeploy.records.app_records import AppRecords
from pushdeploy.records.reader import deploys_of, facts, loose_commit, outcome_of_push

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine


def converge(
    machine: Machine,
    app: str,
    audience: Audience,
    *,
    occasion: Occasion,
    who: str,
    after: int | None,
    pushed: str = "",
) -> Ended:
    """Bring the deploy branch live.

    `after` is the newest attempt's number before the push, `pushed` the commit that it brought.

    Raises:
        NotFoundError: there is no such app.
        BusyError: another deploy of it did not end in time.
    """
    early = _learn_without_waiting(machine, app, after, pushed)
    if early is not None:
        return early
    with app_lock(machine, app, audience, who, "a deploy") as records:
        _find_first_branch(machine, records)
        commit = branch_commit(machine, records)
        if commit is None:
            return Ended(EndedAs.NOTHING, 0, text=f"nothing has been pushed to `{app}` yet")
        ended = _decided(
            machine,
            records,
            audience,
            occasion=occasion,
            who=who,
            after=after,
            commit=commit,
            pushed=pushed,
        )
    if ended.attempt is not None and ended.outcome is not EndedAs.LEARNED:
        keep_wheels(machine, app)
        clean_up(machine, app)
    return ended if pushed in ("", commit) else _superseded(ended, pushed, commit)


def _superseded(ended: Ended, pushed: str, commit: str) -> Ended:
    """Say that what was pushed is not what is spoken of, unless its deploy shows it."""
    if ended.outcome not in (EndedAs.LEARNED, EndedAs.NOTHING):
        return ended
    return replace(ended, text=f"{pushed[:8]} is superseded by {commit[:8]}. {ended.text}")


def deploy_revision(
    machine: Machine, app: str, audience: Audience, *, revision: str, who: str
) -> Ended:
    """Deploy a branch, tag or commit that the server's repo has, whatever was tried before."""
    with app_lock(machine, app, audience, who, "a deploy") as records:
        branch = records.settings().branch
        wanted = branch_commit(machine, records) if revision in ("", branch) else None
        named = wanted is not None
        ended = _run(machine, records, audience, who, wanted or revision, of_branch=named)
    keep_wheels(machine, app)
    clean_up(machine, app)
    return ended


def _find_first_branch(machine: Machine, records: AppRecords) -> None:
    """A first push that was killed before its hook ran has left a branch that nobody told us of."""
    if records.settings().branch == "":
        for branch in FIRST_BRANCHES:
            if loose_commit(records.place.repo, branch) is not None:
                set_first_branch(machine, records.place.name, branch)
                return


def branch_commit(machine: Machine, records: AppRecords) -> str | None:
    """The commit of the deploy branch: from its own file, else by git as the git user."""
    branch = records.settings().branch
    if not branch:
        return None
    return loose_commit(records.place.repo, branch) or wanted_commit(
        machine, records.place.name, branch
    )


def deploy_is_due(machine: Machine, records: AppRecords) -> bool:
    """Whether a timer that asks would start a deploy."""
    commit = branch_commit(machine, records)
    if commit is None:
        return False
    decision = decide(
        Occasion.TIMER,
        deploys_of(records.attempts(), commit),
        live=records.live_commit() == commit,
        after=None,
    )
    return decision.action is Action.DEPLOY


def _learn_without_waiting(
    machine: Machine, app: str, after: int | None, pushed: str
) -> Ended | None:
    """The outcome of this push's own attempt, if it has ended; a newer one may hold the lock."""
    place = machine.layout.app(app)
    found = facts(place)
    if after is None or found is None:
        return None
    attempt = outcome_of_push(place, found.branch, after, pushed)
    return None if attempt is None else _learned(machine, AppRecords(place), attempt)


def _decided(
    machine: Machine,
    records: AppRecords,
    audience: Audience,
    *,
    occasion: Occasion,
    who: str,
    after: int | None,
    commit: str,
    pushed: str,
) -> Ended:
    live = records.live_commit() == commit
    if pushed not in ("", commit):  # somebody else's is newer, or git refused this one
        occasion = Occasion.TIMER
    decision = decide(occasion, deploys_of(records.attempts(), commit), live=live, after=after)
    match decision.action:
        case Action.DEPLOY:
            return _run(machine, records, audience, who, commit, of_branch=True)
        case Action.LEARN:
            return _learned(machine, records, decision.attempt)
        case Action.NOTHING:
            return _unneeded(machine, records, occasion, commit)
        case Action.LEAVE:
            return _left(machine, records, occasion, commit)


def _run(
    machine: Machine,
    records: AppRecords,
    audience: Audience,
    who: str,
    revision: str,
    *,
    of_branch: bool,
) -> Ended:
    request = Request(records.place.name, Kind.DEPLOY, who, revision, of_branch)
    return run_attempt(
        machine,
        records,
        audience,
        request,
        lambda number, report: deploy(machine, records, revision, who, number, report),
    )


def _learned(machine: Machine, records: AppRecords, attempt: Attempt | None) -> Ended:
    if attempt is None:
        return Ended(EndedAs.NOTHING, 0)
    commit = attempt.commit[:8]
    if attempt.outcome is Outcome.LIVE:
        text = f"{commit} went live as v{attempt.release}"
        return Ended(EndedAs.LEARNED, 0, attempt.number, attempt.release, text)
    reason = attempt.reason or "its deploy was killed"
    hint = attempt.hint or "push again"
    failure = Failure(
        reason, (), hint, records.live(), attempt.release_phase, trouble(machine, records)
    )
    text = f"{commit} did not go live: {reason}"
    return Ended(EndedAs.LEARNED, FAILED, attempt.number, attempt.release, text, hint, failure)


def _unneeded(machine: Machine, records: AppRecords, occasion: Occasion, commit: str) -> Ended:
    """The commit is what `current` runs, if that runs."""
    name, app = f"v{records.live()}", records.place.name
    wrong = "" if occasion is Occasion.TIMER else trouble(machine, records)
    if wrong:
        text, hint = f"{commit[:8]} is {name}, which {wrong}", f"pushdeploy restart --app {app}"
        return Ended(EndedAs.DOWN, FAILED, text=text, hint=hint)
    return Ended(EndedAs.NOTHING, 0, text=f"{commit[:8]} is live already, as {name}")


def _left(machine: Machine, records: AppRecords, occasion: Occasion, commit: str) -> Ended:
    if occasion is Occasion.TIMER:
        return Ended(EndedAs.NOTHING, 0)
    live, wrong = records.live(), trouble(machine, records)
    stays = f"v{live}, which took its place, {wrong}" if wrong else f"v{live} stays live"
    last = max((one.release or 0 for one in deploys_of(records.attempts(), commit)), default=0)
    later = live is not None and live > last
    text = f"{commit[:8]} was live and then rolled back; {stays}"
    if later:
        text = f"{commit[:8]} was live before v{live} was deployed; {stays}"
    return Ended(
        EndedAs.LEFT,
        FAILED if wrong else 0,
        text=text,
        hint=f"pushdeploy deploy --app {records.place.name}",
    )
