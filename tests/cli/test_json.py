"""`docs/reference/json.md` shows what the real engine and the real commands print."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pushdeploy.cli.runner import status_of
from pushdeploy.cli.target import Local
from pushdeploy.engine.verbs import (
    backup,
    certs,
    config,
    deploy,
    domains,
    keys,
    mysql,
    notify,
    pg,
    redis,
    storage,
)
from pushdeploy.errors import RefusedInputError, UnavailableError
from pushdeploy.model.cron_run import ended_record
from pushdeploy.model.layout import SERVER
from pushdeploy.model.notice import Notice, State, Topic, Trouble
from pushdeploy.model.notice_state import Delivery, Memory, Open
from pushdeploy.model.static_mount import parse_static_mount
from pushdeploy.notices.memory import write_memory
from pushdeploy.records.server_settings import change_server_settings
from pushdeploy.system.files import append
from pushdeploy.system.nginx import Nginx
from tests.cli.real_engine import RealEngine
from tests.deploy.machine import APP, FakeMachine, make_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "json.md"

SECTION = re.compile(
    r"^## pushdeploy (?P<words>[^\n]+ --json)\n\n```json\n(?P<json>.*?)```",
    re.MULTILINE | re.DOTALL,
)

PUBLIC_KEY = (
    "ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIJqsvwgbHI4PkuyW6vLzBN3TqTmlJ5xbR8xTEsDUpwVo alice@laptop\n"
)
PROCFILE = "web: gunicorn app:app\nrelease: python migrate.py\nworker: python worker.py\n"

CRON = """{"cron": [{
    "command": "python manage.py clearsessions",
    "schedule": "0 3 * * *",
    "timezone": "Europe/Berlin"
}]}"""

NAMED = (
    *("config", "ps:scale", "static"),
    *("ps .commands", "releases:info .processes", "nginx:show .settings"),
)
"""Objects whose keys are the app's own, or the person's."""

KINDS = {
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"),
    "commit": re.compile(r"[0-9a-f]{40}"),
    "release": re.compile(r"v\d+"),
    "version": re.compile(r"\d+\.\d+(?:\.\d+)?\S*"),
    "fingerprint": re.compile(r"SHA256:[\w+/]{43}"),
}
"""What a text can be more than a text."""

EVENTS = "releases:output .events"
"""Each kind has its own keys, and the page does not show all kinds."""

SAME = (
    "file",
    "snippets",
    "shared",
    "storage",
    "app_json",
    "maintenance",
    "watchdog",
    "kept_for",
    "what",
)
"""Keys whose very values the page shows."""


def documented() -> list[tuple[str, str]]:
    """The commands of the page, and what it says that they print."""
    return SECTION.findall(PAGE.read_text())


def kind_of(value: object) -> str:
    """What a single value is."""
    if isinstance(value, str):
        return next((name for name, form in KINDS.items() if form.fullmatch(value)), "text")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "yes or no", False: "yes or no"}[value]
    assert isinstance(value, int | float)
    return "number"


def shape(where: str, value: Any) -> Iterator[tuple[str, str]]:
    """Each place of an output, such as `ps .instances[].cpu`, and what stands there."""
    if isinstance(value, dict):
        yield where, "object"
        for key, one in value.items():
            part = "*" if where in NAMED else key
            yield from shape(f"{where} .{part}" if " " not in where else f"{where}.{part}", one)
    elif isinstance(value, list):
        yield where, "list"
        for one in value:
            which = one["event"] if where == EVENTS else ""
            yield from shape(f"{where}[{which}]" if " " in where else f"{where} [{which}]", one)
    else:
        yield where, kind_of(value)


def shapes(where: str, value: Any) -> dict[str, set[str]]:
    """All that stands at each place."""
    found: dict[str, set[str]] = {}
    for place, kind in shape(where, value):
        found.setdefault(place, set()).add(kind)
    return found


def values(value: Any, key: str) -> Iterator[Any]:
    """What stands at a key, wherever it is."""
    if isinstance(value, dict):
        if key in value:
            yield value[key]
        for one in value.values():
            yield from values(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from values(one, key)


@pytest.fixture(scope="module")
def machine() -> Iterator[FakeMachine]:
    """An app that has been through everything that the page shows."""
    folder = Path(tempfile.mkdtemp(prefix="pd-"))
    with contextlib.ExitStack() as after:
        after.callback(shutil.rmtree, folder)
        for number in (signal.SIGPIPE, signal.SIGHUP):  # the engine sets both, and the mask
            after.callback(signal.signal, number, signal.getsignal(number))
        after.callback(os.umask, os.umask(0o022))
        made = make_machine(folder / "state", folder / "run")
        after.callback(made.supervisor.close)
        _live_through(made)
        yield made


def _live_through(machine: FakeMachine) -> None:
    machine.proxy.serves_domains = machine.firewall.active = True
    machine.layout.keys.parent.mkdir()
    engine = RealEngine(machine)
    engine(pg.create(APP, variable="DATABASE_URL"))
    engine(mysql.create(APP, variable="MYSQL_URL"))
    engine(redis.create(APP, variable="REDIS_URL"))
    machine.push("one", PROCFILE, storage=("uploads",), app_json=CRON)
    machine.place.cron.mkdir()
    notes = machine.place.cron / "clearsessions"
    append(notes, {"run": "0f", "began": machine.now()})
    append(notes, ended_record("0f", machine.now(), 3))
    values = {"SECRET_KEY": "it's a secret"}
    engine(config.change(APP, values=values))
    engine(storage.add(APP, folder="instance"))
    change_server_settings(machine, lambda now: replace(now, bare=APP))  # as of a first app
    engine(domains.add(APP, names=("blog.example.com",)))
    engine(certs.auto(APP, email="me@example.com"))
    engine(backup.set_repository(repository="/mnt/backups", credentials={}))
    engine(backup.create())
    engine(notify.add(url="https://hooks.slack.com/services/T0/B0/secret", only="deploy,backup"))
    write_memory(machine, _memory(machine.now()))
    machine.settings(static=(parse_static_mount("/media", "shared/media"),))
    engine(keys.add(name="alice", key=PUBLIC_KEY))
    machine.records.note_history(revived=3, at=machine.now())
    broken = machine.checkout_worker.commit("broken", PROCFILE)
    machine.checkout_worker.refusals[broken] = UnavailableError("web did not answer")
    engine(deploy.deploy(APP, revision=broken))


def _memory(now: float) -> Memory:
    full = Trouble("disk", Topic.SERVER, "", "the disk is full", now, "df -h", "it is not")
    failed = Notice("1", Topic.DEPLOY, State.BEGUN, APP, "a deploy failed", now, "")
    given_up = Delivery(failed, "nobody", now, tries=80, answer="Connection refused")
    return Memory(open=(Open(full, told=True),), given_up=(given_up,))


def printed(machine: FakeMachine, words: str, capfd: pytest.CaptureFixture[str]) -> Any:
    """What a command prints as JSON, with the paths and the live release of the page's server."""
    capfd.readouterr()
    asked = words.replace("v12", "v3").split()
    status = status_of(asked, lambda: Local(RealEngine(machine), now=machine.now))
    out, err = capfd.readouterr()
    assert (status, err) == (0, ""), err
    nginx = Nginx(SERVER.state)
    there = {
        machine.proxy.folder: nginx.folder,
        machine.proxy.snippets: nginx.snippets,
        machine.layout.state: SERVER.state,
    }
    for path, server in there.items():
        out = out.replace(str(path), str(server))
    return json.loads(out)


@pytest.mark.parametrize(("words", "text"), documented(), ids=lambda value: value[:20])
def test_json_is_as_documented(
    machine: FakeMachine, capfd: pytest.CaptureFixture[str], words: str, text: str
) -> None:
    name, page = words.split(maxsplit=1)[0], json.loads(text)
    real = printed(machine, words, capfd)

    said, found = shapes(name, page), shapes(name, real)

    shown = {place: kinds for place, kinds in found.items() if not place.startswith(f"{EVENTS}[")}
    assert set(said) - set(found) == set(), "the page shows more than there is"
    assert set(shown) - set(said) == set(), "there is more than the page shows"
    for place, kinds in said.items():
        assert kinds - {"null"} == found[place] - {"null"} or "null" in kinds | found[place], place
    for key in SAME:
        assert list(values(page, key)) == list(values(real, key))[: len(list(values(page, key)))]


def test_a_folder_that_app_json_declares_is_not_removed_by_a_command(machine: FakeMachine) -> None:
    engine = RealEngine(machine)

    with pytest.raises(
        RefusedInputError, match=r"app\.json declares `uploads` as storage"
    ) as refused:
        engine(storage.remove(APP, folder="uploads"))

    assert refused.value.hint == "remove it there, and push again"
    assert engine(storage.storage(APP)).declared == ("uploads",)
