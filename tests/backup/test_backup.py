"""Backups and restores on fakes: what is in a set, what is not, and what survives a kill."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest

from pushdeploy.apps.lifecycle import create_app, destroy_app
from pushdeploy.backup.create import create
from pushdeploy.backup.keep import prune, verify
from pushdeploy.backup.listing import backup_trouble, backups
from pushdeploy.backup.needs import stage_needs
from pushdeploy.backup.restore import Order, restore_all, restore_app
from pushdeploy.backup.settings import set_repository
from pushdeploy.backup.stage import LEASED
from pushdeploy.errors import NotFoundError, RefusedInputError, UnavailableError, UsageError
from pushdeploy.events import Warned
from pushdeploy.model.backup import Retention
from pushdeploy.model.backup_needs import parse_needs
from pushdeploy.model.database import Database
from pushdeploy.model.job import JobKind
from pushdeploy.model.key import Key, render_key_line
from pushdeploy.proxy import bare_address
from pushdeploy.records.app_records import AppRecords
from pushdeploy.records.server_settings import change_server_settings, server_settings
from pushdeploy.system.restic_says import TooLongError
from tests.deploy.machine import APP, FakeMachine, names

if TYPE_CHECKING:
    from pushdeploy.model.backup_result import RestoredApp

REPOSITORY = "/mnt/backups"

KEY = render_key_line(Key("may-push", "ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAIHx")) + "\n"


@pytest.fixture
def live(machine: FakeMachine) -> FakeMachine:
    """A machine on which `blog` is live, with a file, and a repository."""
    machine.push("one", storage=("data",))
    machine.set_config(GREETING="it's")
    (machine.place.shared / "data" / "post.txt").write_text("hello")
    set_repository(machine, REPOSITORY, {}, "ada")
    return machine


def restore(machine: FakeMachine, to: str = APP) -> RestoredApp:
    """`pushdeploy backup:restore`."""
    (one,) = restore_app(machine, machine.watching, order(machine), app=APP, to=to).apps
    return one


def order(machine: FakeMachine, **more: Any) -> Order:
    """Of somebody called ada."""
    return Order(who="ada", tell=machine.watching.events.append, **more)


def name_packages(machine: FakeMachine, *names: str) -> None:
    """The Aptfile of the live release."""
    release = machine.records.live_release()
    assert release is not None
    (machine.place.slugs / release.checked_out / "Aptfile").write_text("\n".join(names))


def test_a_new_repository_has_a_password_that_is_told_once(machine: FakeMachine) -> None:
    password = set_repository(machine, REPOSITORY, {}, "ada")

    assert len(password) >= 32
    assert machine.layout.backup.password.read_text().strip() == password
    assert machine.layout.backup.password.stat().st_mode & 0o777 == 0o600
    assert set_repository(machine, REPOSITORY, {}, "ada") == ""


def test_without_a_repository_there_are_no_backups(machine: FakeMachine) -> None:
    with pytest.raises(NotFoundError, match="nobody has said where backups go"):
        create(machine, "ada")


def test_settings_that_somebody_broke_are_named_with_their_file(machine: FakeMachine) -> None:
    set_repository(machine, REPOSITORY, {}, "ada")
    machine.layout.backup.settings.write_text("repository =\n")

    with pytest.raises(RefusedInputError, match="line 1") as refused:
        set_repository(machine, REPOSITORY, {}, "ada")

    assert refused.value.hint == f"on the server: sudoedit {machine.layout.backup.settings}"


def test_a_repository_that_can_not_be_reached_is_not_set(machine: FakeMachine) -> None:
    machine.restic.refusal = UnavailableError("no way")

    with pytest.raises(UnavailableError):
        set_repository(machine, REPOSITORY, {}, "ada")

    assert names(machine.layout.backup.said) == []


def test_where_nothing_is_nothing_is_said_to_be_whole(machine: FakeMachine) -> None:
    set_repository(machine, REPOSITORY, {}, "ada")

    with pytest.raises(NotFoundError, match="there are no backups yet"):
        verify(machine, "ada")

    assert machine.restic.checked == 0


def test_with_its_password_given_no_new_repository_is_made(machine: FakeMachine) -> None:
    with pytest.raises(NotFoundError, match="there are no backups in `/mnt/backups`"):
        set_repository(machine, REPOSITORY, {"RESTIC_PASSWORD": "u6Qv"}, "ada")

    assert machine.restic.made == []
    assert not machine.layout.backup.password.exists()


def test_a_destroyed_app_comes_back_as_it_was(live: FakeMachine) -> None:
    port = live.records.settings().port
    made = create(live, "ada")
    destroy_app(live, APP, who="ada")

    done = restore(live)

    assert made.apps == (APP,)
    assert (done.release, done.trouble, done.port) == ("v3", "", port)
    assert (live.place.shared / "data" / "post.txt").read_text() == "hello"
    assert live.records.environment().values["GREETING"] == "it's"
    assert live.answer() == "v3"
    assert not any(isinstance(event, Warned) for event in live.watching.events)
    assert names(live.layout.backup.state) == ["backup.lock", "backup.lock.holder", "last.json"]


def test_a_copy_has_another_port_and_leaves_the_domains(live: FakeMachine) -> None:
    live.settings(domains=("blog.example.com",))
    create(live, "ada")

    done = restore(live, to="blog-copy")

    copy = AppRecords(live.layout.app("blog-copy"))
    assert done.port != live.records.settings().port
    assert copy.settings().domains == ()
    assert done.notes[0] == "its domains stay with blog: blog.example.com"
    current = copy.current()
    assert current is not None
    assert current.app == "blog-copy"
    assert live.answer() == "v2"


def test_a_domain_that_another_app_was_given_meanwhile_stays_there(live: FakeMachine) -> None:
    live.settings(domains=("blog.example.com", "www.example.com"))
    create(live, "ada")
    destroy_app(live, APP, who="ada")
    create_app(live, "shop")
    shop = AppRecords(live.layout.app("shop"))
    shop.change_settings(lambda one: one.changed(domains=("www.example.com",)))

    done = restore(live)

    assert live.records.settings().domains == ("blog.example.com",)
    assert "`www.example.com` belongs to shop now" in done.notes


@pytest.mark.parametrize("by_owner", [True, False])
def test_only_root_brings_back_what_only_root_allows(live: FakeMachine, *, by_owner: bool) -> None:
    live.settings(system_packages=True)
    create(live, "ada")

    asked = order(live, by_owner=by_owner)
    (done,) = restore_app(live, live.watching, asked, app=APP, to="copy").apps

    assert AppRecords(live.layout.app("copy")).settings().system_packages is by_owner
    assert ("to let its Aptfile install packages" in done.notes[0]) is not by_owner


def test_an_app_that_is_here_is_not_overwritten(live: FakeMachine) -> None:
    create(live, "ada")

    with pytest.raises(UsageError, match="overwrites nothing") as refused:
        restore(live)
    restore(live, to="blog-before")
    with pytest.raises(UsageError) as again:
        restore_app(live, live.watching, order(live, snapshot="00000001"), app=APP, to=APP)
    with pytest.raises(UsageError) as of_two:
        restore_app(live, live.watching, order(live, server="two"), app=APP, to=APP)

    assert live.answer() == "v2"
    assert (of_two.value.hint or "").startswith("pushdeploy backup:restore --server two --app blog")
    assert refused.value.hint == "pushdeploy backup:restore --app blog --to blog-before"
    assert again.value.hint == ("pushdeploy backup:restore 00000001 --app blog --to blog-before-2")


@pytest.mark.parametrize("other", ["", "shop"])
def test_the_bare_address_comes_back_unless_another_app_has_it(
    other: str, live: FakeMachine
) -> None:
    change_server_settings(live, lambda now: bare_address.choose(now, APP))
    create(live, "ada")
    destroy_app(live, APP, who="ada")
    change_server_settings(live, lambda now: replace(now, bare=other))

    done = restore(live)

    assert server_settings(live).bare == (other or APP)
    assert any("bare address" in one for one in done.notes) is bool(other)


def test_a_whole_server_is_restored_but_for_what_is_here(live: FakeMachine) -> None:
    create(live, "ada")
    restore(live, to="shop")
    create(live, "ada")
    destroy_app(live, APP, who="ada")

    done = restore_all(live, live.watching, order(live))

    assert [(one.app, one.trouble) for one in done.apps] == [(APP, "")]
    assert any(one.startswith("shop was left alone") for one in done.notes)


def test_links_and_what_is_no_file_are_not_followed(live: FakeMachine) -> None:
    shared = live.place.shared / "data"
    (shared / "outside").symlink_to("/etc/passwd")
    (shared / "folder").symlink_to("/etc")
    os.mkfifo(shared / "pipe")

    made = create(live, "ada")
    restore(live, to="copy")

    copied = live.layout.app("copy").shared / "data"
    assert (copied / "outside").readlink() == Path("/etc/passwd")
    assert (copied / "folder").is_symlink()
    assert not (copied / "pipe").exists()
    assert made.notes[-1] == f"{APP}: 1 in shared/ left out: not plain files"


def test_a_backup_that_fails_is_noted_until_one_succeeds(live: FakeMachine) -> None:
    create(live, "ada")
    live.restic.refusal = UnavailableError("the network is gone")

    with pytest.raises(UnavailableError):
        create(live, "ada")

    assert backups(live).trouble == "the last backup failed: the network is gone"
    assert len(backups(live).snapshots) == 1
    create(live, "ada")
    assert backups(live).trouble == ""


def test_a_file_that_is_replaced_after_staging_is_kept_as_it_was(live: FakeMachine) -> None:
    post = live.place.shared / "data" / "post.txt"

    def replace(call: str) -> None:
        if call == "backup":
            (post.parent / "new").write_text("later")
            (post.parent / "new").replace(post)

    live.restic.on_call = replace
    create(live, "ada")
    live.restic.on_call = lambda _: None

    restore(live, to="copy")

    assert (live.layout.app("copy").shared / "data" / "post.txt").read_text() == "hello"
    assert post.read_text() == "later"
    assert post.stat().st_nlink == 1


def test_commands_of_app_json_run_around_the_taking_of_files(live: FakeMachine) -> None:
    said = '{"backup": {"pre": "sh dump.sh", "post": "sh resume.sh"}}'
    live.push("two", storage=("data",), app_json=said)
    live.supervisor.jobs.clear()

    create(live, "ada")

    ran = [job.argv[-1] for job in live.supervisor.jobs if job.kind is JobKind.BACKUP]
    assert ran == ["sh dump.sh", "sh resume.sh"]


def test_an_app_that_can_not_be_taken_holds_up_no_other(live: FakeMachine) -> None:
    create_app(live, "shop")
    live.push("two", storage=("data",), app_json='{"backup": {"pre": "false", "post": "true"}}')
    live.supervisor.statuses_of_jobs[JobKind.BACKUP] = 1

    made = create(live, "ada")

    assert made.apps == ("shop",)
    assert made.left[0].startswith("blog: the backup command `")
    assert backups(live).snapshots[-1].apps == ("shop",)
    assert backup_trouble(live).startswith("the last backup is not complete: without blog: ")


class Raising(dict[JobKind, int]):
    """Statuses of jobs, with a bug where an app's own backup command ends."""

    def get(self, kind: JobKind, status: Any = None) -> Any:
        """All but that."""
        if kind is JobKind.BACKUP:
            raise ValueError("a bug")
        return super().get(kind, status)


def test_a_bug_that_one_app_meets_holds_up_no_other(
    live: FakeMachine, capsys: pytest.CaptureFixture[str]
) -> None:
    create_app(live, "shop")
    live.push("two", storage=("data",), app_json='{"backup": {"pre": "true", "post": "true"}}')
    live.supervisor.statuses_of_jobs = Raising()

    made = create(live, "ada")

    assert made.apps == ("shop",)
    assert made.left == ("blog: pushdeploy itself failed: ValueError('a bug')",)
    assert "ValueError: a bug" in capsys.readouterr().err


def test_an_app_whose_files_say_that_they_are_larger_than_the_disk_is_left_out(
    live: FakeMachine,
) -> None:
    create_app(live, "shop")
    with (live.place.shared / "data" / "hole").open("wb") as file:
        file.truncate(1 << 42)

    made = create(live, "ada")

    assert made.apps == ("shop",)
    assert made.left[0].startswith("blog: its files add up to 4 TiB")


def test_an_app_that_keeps_its_file_from_being_opened_holds_up_no_other(live: FakeMachine) -> None:
    create_app(live, "shop")
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    with (live.place.shared / "data" / "post.txt").open("r+b") as file:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)

        made = create(live, "ada")

    signal.signal(signal.SIGIO, before)
    assert made.apps == ("shop",)
    assert made.left == (f"blog: {LEASED}",)


def test_a_database_is_filled_before_the_app_is_live(live: FakeMachine) -> None:
    dumps = live.layout.app("copy").dumps
    create(live, "ada")
    kept = live.restic.kept["00000001"][1] / "apps" / APP / dumps.name
    kept.mkdir()
    (kept / "postgres.dump").write_text("dump")
    live.postgres.installed = False

    first = restore(live, to="copy")
    copy = AppRecords(live.layout.app("copy"))

    assert first.trouble == "PostgreSQL is not installed"
    again = "pushdeploy backup:restore --app copy"
    assert first.hint == f"pushdeploy pg:create --app copy --yes; then: {again}"
    assert copy.live() is None
    assert copy.history().live is None
    live.postgres.installed = True
    second = restore(live, to="copy")
    assert (second.trouble, second.release) == ("", "v3")
    assert not dumps.exists()


def test_what_the_server_lacks_is_said_before_anything_is_changed(live: FakeMachine) -> None:
    live.push("two", storage=("data",))
    name_packages(live, "libvips42")
    live.settings(system_packages=True)
    live.records.change_settings(lambda before: before.changed(databases=(Database.REDIS,)))
    create(live, "ada")
    live.redis.installed = False
    live.packages.here.clear()

    with pytest.raises(UnavailableError) as refused:
        restore_all(live, live.watching, order(live, by_owner=True))

    assert refused.value.message == (
        "this server lacks Redis (for blog), libvips42 (for blog); nothing was changed"
    )
    asked = order(live, by_owner=True, install=True)
    (copy,) = restore_app(live, live.watching, asked, app=APP, to="copy").apps
    assert copy.trouble == ""
    assert live.redis.installed
    assert set(live.redis.held) == {"copy"} <= set(live.redis.running)
    assert live.packages.here == {"libvips42"}


def test_packages_that_nobody_allows_are_only_named(live: FakeMachine) -> None:
    live.push("two", storage=("data",))
    name_packages(live, "libvips42")
    create(live, "ada")

    copy = restore(live, to="copy")

    assert copy.trouble == ""
    assert "sudo apt-get install libvips42" in copy.notes[-1]


def test_keys_come_back_only_when_that_is_asked_for(live: FakeMachine) -> None:
    live.layout.keys.parent.mkdir(parents=True, exist_ok=True)
    live.layout.keys.write_text(KEY)
    create(live, "ada")
    live.layout.keys.write_text("")

    without = restore_all(live, live.watching, order(live))
    assert live.layout.keys.read_text() == ""
    restore_all(live, live.watching, order(live, keys=True))

    assert any("may not now: " in one and "--keys" in one for one in without.notes)
    assert "may-push" in live.layout.keys.read_text()


def test_nothing_is_deleted_while_the_newest_backup_lacks_an_app(live: FakeMachine) -> None:
    create_app(live, "shop")
    live.push("two", storage=("data",), app_json='{"backup": {"pre": "false"}}')
    live.supervisor.statuses_of_jobs[JobKind.BACKUP] = 1

    made = create(live, "ada", then_prune=True)

    assert live.restic.forgotten == []
    assert "nothing was deleted: the newest backup is without blog" in made.notes[-1]
    assert backups(live).snapshots[-1].left == ("blog",)
    live.supervisor.statuses_of_jobs.clear()
    create(live, "ada", then_prune=True)
    assert len(live.restic.forgotten) == 1


def test_nothing_is_deleted_by_a_clock_that_is_behind(live: FakeMachine) -> None:
    create(live, "ada")
    live.clock.time -= 90 * 86400.0

    made = create(live, "ada", then_prune=True)

    assert live.restic.forgotten == []
    assert "is dated 90d later than now" in made.notes[-1]
    prune(live, "ada", Retention())
    assert len(live.restic.forgotten) == 1


def test_files_that_may_be_being_written_are_copied_while_the_app_stands_still(
    live: FakeMachine,
) -> None:
    post = live.place.shared / "data" / "post.txt"
    live.supervisor.calls.clear()

    made = create(live, "ada")

    assert ("paused", APP) in live.supervisor.calls
    assert made.notes[-1] == "blog: stood still for 0.0 s, while its files were copied"
    kept = live.restic.kept[made.snapshot][1] / "apps" / APP / "shared" / "data" / "post.txt"
    assert kept.read_text() == post.read_text()


def test_folders_that_lie_too_deep_end_no_backup_of_others(live: FakeMachine) -> None:
    folder = os.open(live.place.shared / "data", os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("deeper", dir_fd=folder)
        inside = os.open("deeper", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inside
    os.close(folder)

    made = create(live, "ada")

    assert made.apps == (APP,)
    assert "blog: 1 in shared/ left out: not plain files" in made.notes
    subprocess.run(["rm", "-rf", str(live.place.shared / "data")], check=True)


def test_an_app_that_is_destroyed_meanwhile_ends_no_backup(live: FakeMachine) -> None:
    live.layout.backup.needs.parent.mkdir(parents=True)

    stage_needs(live, ["gone", APP])

    assert list(parse_needs(live.layout.backup.needs.read_text())) == [APP]


def test_an_app_that_wrote_nothing_of_late_does_not_stand_still(live: FakeMachine) -> None:
    os.utime(live.place.shared / "data" / "post.txt", (1.0, 1.0))
    live.supervisor.calls.clear()

    create(live, "ada")

    assert ("paused", APP) not in live.supervisor.calls


def test_where_nothing_can_stand_still_that_is_said(live: FakeMachine) -> None:
    live.supervisor.can_pause = False

    made = create(live, "ada")

    assert made.notes[-1].startswith("blog: 1 of its files could not be copied while it stands")
    assert made.left == ()


def test_while_storing_takes_too_long_the_largest_app_is_left_out(live: FakeMachine) -> None:
    create_app(live, "shop")
    live.restic.refusal = TooLongError("`restic` did not finish within 28800 s")

    made = create(live, "ada")

    assert made.apps == ("shop",)
    assert made.left == ("blog: could not be stored within 8h",)
    assert backups(live).snapshots[-1].left == (APP,)
    assert not (live.restic.kept[made.snapshot][1] / "apps" / APP).exists()


def test_who_keeps_restic_waiting_is_left_out_before_the_largest(live: FakeMachine) -> None:
    create_app(live, "shop")
    (live.layout.app("shop").shared / "large").write_bytes(bytes(100_000))
    os.utime(live.place.shared / "data" / "post.txt", (1.0, 1.0))  # no copy: a second name
    held: list[BinaryIO] = []

    def take(call: str) -> None:
        if call == "backup" and not held:
            held.append((live.place.shared / "data" / "post.txt").open("r+b"))
            fcntl.fcntl(held[0], fcntl.F_SETLEASE, fcntl.F_WRLCK)
            live.restic.refusal = TooLongError("`restic` did not finish within 28800 s")

    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    live.restic.on_call = take
    made = create(live, "ada")
    signal.signal(signal.SIGIO, before)
    held[0].close()

    assert made.apps == ("shop",)
    assert made.left == (f"blog: {LEASED}",)


def test_an_app_that_takes_all_its_time_is_left_out_and_the_next_has_some(
    live: FakeMachine,
) -> None:
    create_app(live, "shop")
    took = [4 * 3600.0]

    def slow() -> None:
        live.clock.time += took.pop() if took else 1.0

    live.supervisor.during[JobKind.COPY] = slow
    made = create(live, "ada")

    assert made.apps == ("shop",)
    assert made.left == ("blog: its files could not be copied in time",)
