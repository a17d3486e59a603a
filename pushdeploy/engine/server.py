"""The engine: one process a request, started by systemd for each connection, none when idle."""

from __future__ import annotations

import contextlib
import os
import signal
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pushdeploy.deploy.attempt import refused_by_disk
from pushdeploy.deploy.warnings import crash_loops, failed_jobs
from pushdeploy.engine.asked import Asked, caller_of
from pushdeploy.engine.deadlines import CPU_SECONDS, DAY_SECONDS
from pushdeploy.engine.registry import App, Verb
from pushdeploy.engine.session import Session
from pushdeploy.errors import OUR_BUG, PushdeployError, UsageError
from pushdeploy.events import to_record
from pushdeploy.model.app import parse_app_name
from pushdeploy.model.typed_command import name_app
from pushdeploy.model.wire import error_record, plain, read_arguments
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system import log
from pushdeploy.system.own_limits import deadline, hold_processor

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from pushdeploy.machine.machine import Machine

PS = "ps"
"""Says itself what crash-loops."""

OWN_WORDS = ("cron", "cron.runs", "cron.run")
"""Say themselves how jobs ended."""

CONVERGE = "converge"
"""What a push asks for."""


def serve(connection: socket.socket, machine: Machine, verbs: Mapping[str, Verb[..., Any]]) -> int:
    """Answer one request. A caller that leaves does not stop the work; returns an exit status."""
    _own_signals()
    os.umask(0o022)
    session = Session(connection, machine)
    request: Mapping[str, Any] | None = None
    try:
        request = session.receive(lambda: _prepare(machine, verbs))
        if request is None:
            return 0
        answer = _answer(machine, session, verbs, request)
    except PushdeployError as error:
        session.send(error=error_record(error))
    except Exception as error:  # noqa: BLE001 - also of our bug the caller must hear
        log.bug(error)
        session.send(error=error_record(refused_by_disk(error) or _our_bug(machine, error)))
        return 1
    else:
        session.send(answer=answer)
    finally:
        session.close()
        _wake(machine, verbs, request)
    return 0


def _wake(
    machine: Machine, verbs: Mapping[str, Verb[..., Any]], request: Mapping[str, Any] | None
) -> None:
    """Have those told who want to know how an attempt ended; there is a memory if anybody does."""
    verb = None if request is None else verbs.get(request["verb"])
    if verb is not None and verb.log and machine.layout.notices.memory.exists():
        machine.messenger.wake()


def _own_signals() -> None:
    """Go on when the caller leaves; and start programs with nothing ignored or blocked.

    What is ignored or blocked is inherited by them (signal(7)), from whoever started us too: a
    shell does it to what runs in the background. A handler that does nothing is not inherited.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for one in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(one) is signal.SIG_IGN:
            signal.signal(one, signal.SIG_DFL)
    for one in (signal.SIGPIPE, signal.SIGHUP):
        signal.signal(one, lambda *_: None)


def _answer(
    machine: Machine,
    session: Session,
    verbs: Mapping[str, Verb[..., Any]],
    request: Mapping[str, Any],
) -> Any:
    """Do what is asked, if the caller may ask it, by the deadline of its verb."""
    verb = _verb(verbs, request)
    caller = caller_of(machine, session, request)
    caller.refuse_without(verb.right)
    if verb.seconds < DAY_SECONDS and os.geteuid() == 0:
        hold_processor(CPU_SECONDS)
    app = _app(verb, request)
    told = _told(verb, request)
    try:
        with deadline(verb.seconds, f"`{verb.name}`", machine.engine_log):
            answer = plain(verb.run(Asked(machine, session, caller, app), **told))
    except PushdeployError as error:
        name_app(error, app)
        raise
    if app and not verb.log and verb.name not in OWN_WORDS:
        _warn(machine, session, app, with_loops=verb.name != PS)
    return answer


def _warn(machine: Machine, session: Session, app: str, *, with_loops: bool) -> None:
    """What is wrong with the app, for whoever asks something else of it."""
    with contextlib.suppress(OSError, PushdeployError):
        records, now = AppRecords(machine.layout.app(app)), machine.now()
        loops = crash_loops(records, now) if with_loops else []
        for one in (*loops, *failed_jobs(records, now)):
            session.send(event=to_record(one))


def _app(verb: Verb[..., Any], request: Mapping[str, Any]) -> str:
    """The app's name, checked; empty when the verb needs none and none is named."""
    name = request.get("app")
    if verb.app is App.NONE or (verb.app is App.OPTIONAL and not name):
        return ""
    return parse_app_name(str(name or ""))


def _told(verb: Verb[..., Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """What the request tells the verb, each of the type that its parameter has."""
    try:
        return read_arguments(verb.run, request, Asked=Asked)
    except ValueError as error:
        raise UsageError(f"`{verb.name}` can't be asked so: {error}") from error


def _prepare(machine: Machine, verbs: Mapping[str, Verb[..., Any]]) -> None:
    """A push has begun: import what will be asked for, which may be nothing."""
    machine.checkout_worker.prepare()
    converge = verbs.get(CONVERGE)
    for module in converge.ahead if converge else ():
        import_module(module)
    log.get_ready()


def _our_bug(machine: Machine, error: Exception) -> PushdeployError:
    bug = PushdeployError(f"pushdeploy itself failed: {error!r}", hint=machine.engine_log)
    bug.exit_code = OUR_BUG
    return bug


def _verb(verbs: Mapping[str, Verb[..., Any]], request: Mapping[str, Any]) -> Verb[..., Any]:
    verb = verbs.get(request["verb"])
    if verb is None:
        raise UsageError(
            f"this server's engine does not know `{request['verb']}`", hint="pushdeploy version"
        )
    return verb
