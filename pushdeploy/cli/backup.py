"""`backup:set`, `backup:create`, `backup:list`, `backup:restore`, …: the server's backups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pushdeploy.cli.attempts import carrying_on
from pushdeploy.cli.command import command, json_option
from pushdeploy.cli.config import assigned
from pushdeploy.cli.output import say, show_json, show_table
from pushdeploy.cli.style import problem
from pushdeploy.cli.times import iso, local_and_ago
from pushdeploy.cli.watch import stderr
from pushdeploy.engine.registry import App
from pushdeploy.engine.verbs import backup as verbs
from pushdeploy.errors import DeployFailedError, UnavailableError
from pushdeploy.model.size import format_size
from pushdeploy.model.text import escaped

if TYPE_CHECKING:
    from pushdeploy.cli.target import Local

COLUMNS = ("Backup", "Made", "Size", "From", "Apps")


@command("backup:set", example="sudo pushdeploy backup:set /mnt/backups", app=App.NONE)
@click.argument("repository")
@click.argument("credentials", nargs=-1, metavar="[NAME=VALUE...]")
def backup_set(target: Local, *, repository: str, credentials: tuple[str, ...]) -> None:
    """Say where backups of this server go.

    A folder, or an address of restic's: sftp:me@host:/backups, rest:https://host/,
    s3:https://host/bucket. A repository is created there, and its password shown once; for one
    that exists, give its password as RESTIC_PASSWORD=... Other credentials: AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY. With `-`, they are read from stdin, each ending with a NUL character.
    """
    values = assigned(credentials) if credentials else {}
    made = target.ask(verbs.set_repository(repository=repository, credentials=values))
    say(f"Backups go to {made.repository}.")
    if made.password:
        say(
            "Keep this password somewhere other than on this server. It is shown only now, and",
            "without it nobody can restore anything, not even you:",
        )
        print(made.password)
    # One that was there may be what a lost server left: a new backup would become its newest.
    say(f"Next: pushdeploy {'backup:create' if made.password else 'backup:list'}")


@command("backup:create", example="pushdeploy backup:create", app=App.NONE)
@click.option("--prune", is_flag=True, help="Then delete old backups, as backup:prune does.")
def backup_create(target: Local, *, prune: bool) -> int:
    """Back up the whole server now.

    Each app's repo, releases, settings, config vars, storage, databases and Redis. The apps keep
    running; one that writes files may stand still for 3 s at most.
    """
    with carrying_on("pushdeploy backup:list"):
        made = target.ask(verbs.create(prune=prune))
    say(*map(escaped, made.notes))  # they name an app's files
    apps = ", ".join(made.apps) or "no apps"
    say(f"Backup {made.snapshot}: {made.files:,} files, {format_size(made.size)} of {apps}")
    for one in made.left:
        say(*problem(f"not in this backup: {one}", "pushdeploy backup:create"))
    return UnavailableError.exit_code if made.left else 0


@command("backup:list", example="pushdeploy backup:list", app=App.NONE)
@json_option
def backup_list(target: Local, *, as_json: bool) -> None:
    """List the backups, oldest first."""
    found = target.ask(verbs.backups())
    if as_json:
        show_json(
            {
                "repository": found.repository,
                "schedule": found.schedule or None,
                "trouble": found.trouble or None,
                "backups": [_record(one) for one in found.backups],
            }
        )
        return
    now = target.now()
    if found.backups:
        show_table(COLUMNS, [_row(one, now) for one in found.backups])
    else:
        say("There are no backups yet. Make one: pushdeploy backup:create")
    if found.trouble:
        say(*problem(found.trouble, "pushdeploy backup:create"))


@command(
    "backup:restore",
    example="pushdeploy backup:restore --app blog --to blog-before",
    app=App.OPTIONAL,
)
@click.argument("snapshot", default="latest", metavar="[BACKUP]")
@click.option("--to", metavar="NAME", default="", help="Restore it as an app of this name.")
@click.option("--server", metavar="NAME", default="", help="The newest backup of another server.")
@click.option("--install", is_flag=True, help="Install the databases and packages it needs first.")
@click.option(
    "--keys", is_flag=True, help="With a whole server: let the ssh keys in it push again."
)
def backup_restore(
    target: Local,
    *,
    app: str | None,
    snapshot: str,
    to: str,
    server: str,
    install: bool,
    keys: bool,
) -> int:
    """Restore an app, or without --app the whole server, from a backup.

    BACKUP is a number from backup:list; without it, the newest backup of this server, or of the
    one that --server names. Storage, databases and config vars are as they were then. The code is
    built again from the backed-up repo and goes live if it is healthy. An app that is here is not
    overwritten: restore it beside the first one, under another name.
    """
    asked = verbs.restore(
        app or None, snapshot=snapshot, to=to, server=server, keys=keys, install=install
    )
    with carrying_on("pushdeploy apps"):
        done = target.engine(asked, watcher=stderr(), stay=True)
    say(*map(escaped, done.notes))
    for one in done.apps:
        notes = (f"  {escaped(note)}" for note in one.notes)
        say(f"Restored {one.app}, on port {one.port}", *notes)
        if one.trouble:
            say(*problem(f"{one.app} is not live: {one.trouble}", one.hint))
        else:
            live = f"{one.release} is live" if one.release else "had no live release"
            say(f"{one.app} {live}")
    if not done.apps:
        say("No app was restored.")
    return DeployFailedError.exit_code if any(one.trouble for one in done.apps) else 0


@command("backup:schedule", example="pushdeploy backup:schedule daily", app=App.NONE)
@click.argument("when", default="")
def backup_schedule(target: Local, *, when: str) -> None:
    """Have backups made automatically; without WHEN, show when they are.

    hourly, daily, weekly, or a time of each day such as 03:30, in the server's time zone; `off`
    stops it. A systemd timer makes them, and deletes old ones as backup:prune does. One that was
    due while the server was off is made after its next start.
    """
    told = None if not when else "" if when == "off" else when
    now = target.ask(verbs.schedule(when=told)).when
    say(f"Backups are made automatically: {now}." if now else "Backups are made by hand only.")


@command("backup:verify", example="pushdeploy backup:verify", app=App.NONE)
def backup_verify(target: Local) -> None:
    """Read all backups back and check that nothing is damaged.

    This downloads everything from where it is kept.
    """
    target.ask(verbs.verify())
    say("All backups could be read, and nothing is damaged.")


@command("backup:prune", example="pushdeploy backup:prune --daily 14", app=App.NONE)
@click.option(
    "--daily", type=click.IntRange(1, 1000), help="Keep the last backup of this many days."
)
@click.option(
    "--weekly", type=click.IntRange(0, 1000), help="Keep the last backup of this many weeks."
)
@click.option(
    "--monthly", type=click.IntRange(0, 1000), help="Keep the last one of so many months."
)
def backup_prune(
    target: Local, *, daily: int | None, weekly: int | None, monthly: int | None
) -> None:
    """Delete old backups.

    Kept are all of the last 24 hours, and the last one of each of 7 days, 4 weeks and 12 months.
    Other numbers hold from then on, for the timer too. Only root may have fewer kept than before.
    """
    kept = target.ask(verbs.prune(daily=daily, weekly=weekly, monthly=monthly))
    say(f"Kept: {kept.daily} daily, {kept.weekly} weekly and {kept.monthly} monthly backups.")


def _record(one: verbs.ListedBackup) -> dict[str, Any]:
    """A backup for programs."""
    return {
        "backup": one.snapshot,
        "at": iso(one.at),
        "server": one.host,
        "bytes": one.size,
        "apps": list(one.apps),
        "left_out": list(one.left),
    }


def _row(one: verbs.ListedBackup, now: float) -> tuple[str, ...]:
    made = local_and_ago(one.at, now)
    apps = ", ".join((*one.apps, *(f"not {app}" for app in one.left))) or "-"
    return (one.snapshot, made, format_size(one.size), one.host, apps)
