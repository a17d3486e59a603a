"""Every step has a point: in the story, no two things that last are done without one in between.

The calls that change something lasting are listed; a method that is new to the records or to a
protocol of the machine belongs in one of the lists before this passes.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Protocol

import pytest

import pushdeploy
from pushdeploy.machine import machine, tools
from pushdeploy.records.app_records import AppRecords
from pushdeploy.system import files
from tests.failpoints.steps import Reader

PACKAGE = Path(pushdeploy.__file__).parent

# What outlives the process and others can see. What is written aside counts when it is renamed.
FILES = {"write", "append", "replace_lines", "point", "delete_tree"}
RECORDS = {
    *("note_attempt", "note_history", "save_settings", "save_pending_environment"),
    *("change_settings", "end_dead_attempts"),
}
SUPERVISOR = {
    *("apply", "start", "stop", "forget", "once", "stop_jobs", "open_front", "close_front"),
    *("end_all", "set_pause"),
}
SCHEDULES = {"apply"}
TIMERS = {"wake", "back_up"}
CERTIFICATES = {"issue", "forget"}
ELSEWHERE = {"test_and_reload", "let_in", "make_refusing", "enable"}
"""Of the proxy and the firewall: `system/nginx.py` has points of its own, and what is made for
refusals is the same for ever. No app's story turns a firewall on."""
RESTIC = {"make", "backup", "forget"}
ACCOUNTS = {"ensure", "ensure_server", "remove", "own_venv", "own_work", "seal", "seal_venvs"}

LASTS = RESTIC | RECORDS | SUPERVISOR | ACCOUNTS | TIMERS | SCHEDULES | CERTIFICATES | ELSEWHERE

LASTING = re.compile(
    rf"^(files\.)?({'|'.join(FILES)})$"
    rf"|\brecords\.({'|'.join(RECORDS)})$"
    rf"|\bsupervisor\.({'|'.join(SUPERVISOR)})$"
    rf"|\btimers\.({'|'.join(TIMERS)})$"
    rf"|\bschedules\.({'|'.join(SCHEDULES)})$"
    rf"|\baccounts\.({'|'.join(ACCOUNTS)})$"
    r"|\bcheckout_worker\.ask$"
    r"|^(command\.run|systemctl)$"
    rf"|\brestic\.({'|'.join(RESTIC)})$"
    rf"|\bcertificates\.({'|'.join(CERTIFICATES)})$"
    r"|\.test_and_reload$"
    r"|^self\._reload$"
    r"|\.(rename|replace|unlink)$",
    re.IGNORECASE,
)

# Those of the same classes that only look, or write where nobody looks yet.
ASIDE = {
    "create_all",
    "delete_unfinished",
    "make_folder",
    "make_inside",
    "sync_folder",
    "sync_filesystem",
}
QUERIES = {
    "fence",  # replaced as a whole, and nobody's is lost without: `reconcile` says it again
    "listen",  # `start` follows, and so does its point: it opens the same sockets
    *("settings", "live", "numbers", "release", "current", "environment", "attempts", "history"),
    *("next_release", "statuses", "tail", "keeping", "logs", "run", "fronts"),
    *("app_group", "app_user", "build_user", "git_user", "prepare", "ask", "all_attempts"),
    *("environment_of", "available_memory", "total_memory", "cores", "usage", "server_workers"),
    *("free_disk", "booted", "can_bind", "run_as", "refuse_foreign", "user_id", "venv_owner"),
    *("own_users", "by_user", "listening"),
    *("running", "paused"),  # systemd ends a pause
    *("keeps_in", "listener", "all_listening", "holder", "free", "another"),
    *("is_installed", "require", "features", "is_as", "has_bare_address", "worker"),
    *("maintenance_page", "obstacles", "require_issuer", "check_reachable", "issued", "check"),
    *("save", "bring_back"),  # aside; and its caller has the point
    *("facts", "is_trusted", "served", "is_active", "status", "plan", "require_keys"),
    *("standing", "refusal", "live_commit", "live_release", "newest_tried", "commit_of"),
    *("missing", "install"),  # packages of the system: apt's own, and twice is once
    *("snapshots", "restore"),  # what comes out lies where nobody looks yet
    *("filesystems", "out_of_memory", "memory_left", "reboot_required", "distribution"),
    "send",  # who is told does not change what we do
    "fetch",  # a Python that counts when it is complete; who is killed fetches again
}

# Files of the story, and what else a change of a site does.
ROOMS = ("records", "proxy", "apps", "build", "schedules", "deploy", "watch", "backup")
STORY = sorted(path for room in ROOMS for path in (PACKAGE / room).glob("[!_]*.py"))
ALSO = [PACKAGE / f"system/{name}.py" for name in ("nginx", "nginx_program", "nginx_welcome")]

# Files whose steps nobody strikes at, and why that is not a hole.
WITHOUT = {
    "compaction.py": "copied, then moved; tests/records/test_compaction.py kills it in between",
    "lifecycle.py": "makes and destroys whole apps; a rename comes first, reconcile does the rest; "
    "tests/apps/test_destroy.py kills it at each step",
    "collect.py": "objects go when a pack has them; tests/system/test_git_room.py kills it",
    "declared.py::environment_for": "one file, before anything else; the next push finds it",
    "deploy_branch.py": "the repo first, the settings last; who is killed between asks again",
    "fence.py::fence_held": "one file, made or removed; `reconcile` says it again",
    "first_push.py": "a folder of the git user's own, deleted by the next push or by reconcile; "
    "tests/apps/test_first_push.py kills it",
    "runs.py": "notes of what happened, of which each line stands for itself",
    "suspend.py": "the settings first; who is killed then has reconcile do the rest",
    "maintenance.py": "one file is written, or one is removed",
    "change_release.py": "a deploy's own steps, called in a deploy's order",
    "stage.py::leave_out": "of a set that nobody keeps when it is not stored",
    "adopt.py": "one rename makes an app of it; what was made before is deleted by the next try",
    "restore.py": "each owner and each part is a step of its own; who holds the app next goes on",
    "grown.py": "belongs to a build, of which nothing counts before `build.complete`",
    "grower.py": "the same",
    "seed.py::forget": "comes before the making of a venv, which has its point",
    "keeper.py": "fetches what may as well be missing",
    "keep_wheels.py": "has it fetched, or deletes it",
    "export.py": "fills folders that count when they are complete, or are emptied first; "
    "tests/build/test_export.py kills it in each job",
    "conda.py": "fills a venv's place, which counts when it is complete; "
    "tests/build/test_conda.py kills it in each job",
    "checkout_worker.py::make_repo": "belongs to the making of an app",
    "checkout_worker.py::_move": "the same",
    "app_records.py": "these are the records themselves",
}

# Functions in which two calls are one step, and why.
TOGETHER = {
    "boot.py::_make_room": "what `keep_warm` and `clean_up` do, when memory is short",
    "make_venv.py::begin": "empties the place of a venv before it is made",
    "make_venv.py::_begin_growth": "the same",
    "make_venv.py::_fetched": "its caller has the point",
    "make_venv.py::begin_work": "the same, of a build's own folder",
    "make_venv.py::add_setuptools": "its caller has the point",
    "make_venv.py::see_complete": "deletes what nothing names",
    "make_venv.py::make_venv": "two jobs, of which the second begins as if there had been none",
    "run_steps.py::_made": "deletes what nothing names",
    "run_steps.py::_run": "empties the place of what steps write before they run",
    "old_pythons.py::remove_old": "deletes what no venv names; who is killed deletes it next time",
    "checkout.py::wanted_commit": "asks for a commit's name",
    "explain.py::_facts": "asks what a commit holds",
    "static.py::_open": "modes of one folder; whoever adds the mount again does the same",
    "sites.py::change_site": "takes back the line before, when nginx refuses",
    "certificates.py::give": "takes the old certificate away last, when nothing names it",
    "certificates.py::ask_for": "the same",
    "certificates.py::_take_back": "takes back the file before, when nginx refuses",
    "reconcile.py::_sweep_first_pushes": "the git user deletes what nobody uses; twice is once",
    "reconcile.py::_follows": "a timer; the next reconcile finds the same due",
    "restart_hung.py::_set_backoff": "the watchdog's, not struck yet: it looks again in a minute",
    "restart_hung.py::restart_hung": "the same; what it notes keeps it from doing so too often",
    "boot_all.py::_left_for_rebuild": "asks for a reconcile, which the timer starts too",
    "rollback.py::_startable": "a deploy's own steps, in a deploy's order",
    "go_live.py::_boot_healthy": "stops what is booted next, and a boot has its points",
    "hogs.py::_stop": "stops what may be stopped at any time; the watchdog goes on with it",
    "nginx.py::apply": "what is written counts when nginx has been told, which has its points",
    "nginx_program.py::built": "asks for a version",
    "pre_compile.py::pre_compiled": "asks what a slug holds",
    "nginx_program.py::test": "only tests; its caller has the point",
    "nginx_program.py::reload": "its callers have the point",
    "nginx.py::_make_folders": "a page that is the same for all",
    "nginx.py::leave": "belongs to uninstalling",
    "nginx_welcome.py::turn_on": "the same",
    "nginx_welcome.py::turn_off": "belongs to the writing of sites, which has its point",
    "nginx.py::_put_back": "takes back the files before, when nginx refuses",
    "nginx_program.py::reload_soon": "whoever looks next does it again",
    "nginx.py::test_and_reload": "one step; its callers have the point",
    "cleanup.py::_delete_others": "its callers have the point",
    "cleanup.py::_prune_work": "its callers have the point",
    "cleanup.py::_prune_runs": "the same",
    "cleanup.py::_prune_logs": "the same",
    "cleanup.py::_close_idle_front": "whoever looks next does it again",
    "cleanup.py::_keep_config": "a copy; whoever looks next makes it",
    "cleanup.py::_end_previous": "one link is removed; whoever looks next does it again",
    "stage.py::_copy_databases": "empties the place of the copies before they are made",
    "server_settings.py::change_server_settings": "one file; its callers have the point",
}


def functions(path: Path) -> list[tuple[str, ast.FunctionDef]]:
    """Every function of a file, by `file.py::name`."""
    return [
        (f"{path.name}::{node.name}", node)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    ]


def unmarked(function: ast.FunctionDef) -> list[str]:
    """Lasting calls that no point follows before the next one, or the end."""
    return Reader(LASTING).read(function)


def lasts(function: ast.FunctionDef) -> bool:
    """True when it does anything lasting itself."""
    calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(LASTING.search(ast.unparse(node.func)) for node in calls)


EXAMINED = [
    pytest.param(function, id=name)
    for path in [*STORY, *ALSO]
    for name, function in functions(path)
    if path.name not in WITHOUT and name not in WITHOUT and name not in TOGETHER
    if lasts(function)
]


@pytest.mark.parametrize("function", EXAMINED)
def test_a_point_follows_everything_that_lasts(function: ast.FunctionDef) -> None:
    assert unmarked(function) == []


def test_every_exception_is_still_needed() -> None:
    names = {name: function for path in [*STORY, *ALSO] for name, function in functions(path)}

    assert [name for name in TOGETHER if name not in names or not unmarked(names[name])] == []
    present = {path.name for path in STORY} | set(names)
    assert [name for name in WITHOUT if name not in present] == []


PROTOCOLS = [
    one
    for module in (machine, tools)
    for _, one in inspect.getmembers(module, inspect.isclass)
    if Protocol in one.__bases__
]


@pytest.mark.parametrize("owner", [AppRecords, *PROTOCOLS], ids=lambda one: one.__name__)
def test_every_method_is_known_to_last_or_not(owner: type) -> None:
    methods = {name for name, _ in inspect.getmembers(owner, inspect.isfunction) if name[0] != "_"}

    assert methods - LASTS - QUERIES == set()


def test_every_function_that_writes_files_is_known_to_last_or_not() -> None:
    own = {
        name
        for name, one in inspect.getmembers(files, inspect.isfunction)
        if name[0] != "_" and one.__module__ == files.__name__
    }

    assert own - FILES - ASIDE == set()


def test_a_step_without_a_point_is_found() -> None:
    text = """
def cut_over(records):
    records.save_settings(1)
    records.note_history(settled=2)
    reached(Point.SWITCH_CONFIRMED)
"""
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)

    assert unmarked(function) == ["records.save_settings, then records.note_history"]
