"""What is said of backups: addresses, credentials, lists, and what is the matter."""

from __future__ import annotations

import pytest

from pushdeploy.errors import RefusedInputError, UsageError
from pushdeploy.model.backup import (
    BackupSettings,
    BackupState,
    Retention,
    parse_backup_settings,
    parse_backup_state,
    parse_credentials,
    parse_repository,
    parse_schedule,
    render_backup_settings,
    render_backup_state,
    sftp_login,
    shown_repository,
    split_credentials,
    trouble,
)

DAY = 86400.0


@pytest.mark.parametrize(
    "text",
    [
        "/mnt/backups",
        "sftp:me@backup.example.com:/backups",
        "sftp:host:backups/blog",
        "sftp://me@host:2222//backups",
        "rest:https://me:secret@host:8000/",
        "s3:https://host/bucket",
    ],
)
def test_an_address_of_restic_is_taken_as_it_is(text: str) -> None:
    assert parse_repository(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "backups",
        "./backups",
        "b2:bucket",
        "sftp:-oProxyCommand=x:/b",
        "sftp:me@host",
        "sftp:me@host:/a b",
        "sftp:me@host:/a;b",
        "/mnt/back\nups",
    ],
)
def test_another_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_repository(text)


@pytest.mark.parametrize(
    ("text", "login"),
    [
        ("sftp:me@host:/b", ("me@host", "22")),
        ("sftp://me@host:2222//b", ("me@host", "2222")),
        ("sftp://host/b", ("host", "22")),
        ("sftp:[fe80::1]:/b", ("fe80::1", "22")),
        ("/mnt", None),
    ],
)
def test_who_logs_in_where_is_read_from_the_address(
    text: str, login: tuple[str, str] | None
) -> None:
    assert sftp_login(text) == login


def test_a_password_in_an_address_is_not_shown() -> None:
    settings = BackupSettings("rest:https://me:secret@host:8000/x", {"AWS_ACCESS_KEY_ID": "key"})

    assert shown_repository(settings.repository) == "rest:https://***@host:8000/x"
    assert "secret" not in repr(settings)
    assert "key" not in repr(settings)


def test_a_variable_that_names_a_program_is_no_credential() -> None:
    with pytest.raises(UsageError, match="RESTIC_PASSWORD_COMMAND"):
        parse_credentials({"RESTIC_PASSWORD_COMMAND": "reboot"})
    with pytest.raises(UsageError, match="control characters"):
        parse_credentials({"AWS_ACCESS_KEY_ID": "a\nLD_PRELOAD=x"})


def test_settings_come_back_as_they_were() -> None:
    settings = BackupSettings(
        "/mnt", {"AWS_ACCESS_KEY_ID": "a\"'$b"}, Retention(1, 2, 3), "03:30", 5.0
    )

    assert parse_backup_settings(render_backup_settings(settings)) == settings
    with pytest.raises(RefusedInputError):
        parse_backup_settings("repository = 3")


def test_a_state_comes_back_and_a_broken_one_is_none() -> None:
    state = BackupState(1.0, None, "")

    assert parse_backup_state(render_backup_state(state)) == state
    assert parse_backup_state("{") == BackupState()


def test_a_failure_is_told_and_so_is_a_backup_that_never_came() -> None:
    now = 100 * DAY
    none, daily = BackupSettings("/mnt"), BackupSettings("/mnt", schedule="daily", scheduled=1.0)
    new = daily.changed(scheduled=now - DAY)

    assert trouble(BackupState(now - 50 * DAY), none, now) == ""
    assert trouble(BackupState(now, now, "no room"), none, now).endswith("failed: no room")
    assert trouble(BackupState(now - DAY), daily, now) == ""
    assert trouble(BackupState(now - 3 * DAY), daily, now).endswith("no backup for 3d")
    assert trouble(BackupState(), new, now) == ""


@pytest.mark.parametrize("text", ["daily", "hourly", "weekly", "03:30", "23:59"])
def test_a_schedule_is_a_word_or_a_time(text: str) -> None:
    assert parse_schedule(text) == text


@pytest.mark.parametrize("text", ["", "24:00", "3:30", "daily\n", "*-*-*", "monthly"])
def test_another_schedule_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_schedule(text)


def test_the_login_of_a_rest_server_goes_into_its_address() -> None:
    login = {"RESTIC_REST_USERNAME": "me@x", "RESTIC_REST_PASSWORD": "a/b:c"}
    keys = {"AWS_ACCESS_KEY_ID": "key"}

    rest = split_credentials(BackupSettings("rest:https://host:8000/x", login))
    said = split_credentials(BackupSettings("rest:https://me:secret@host/", login))
    s3 = split_credentials(BackupSettings("s3:https://host/bucket", keys))

    assert rest == ("rest:https://me%40x:a%2Fb%3Ac@host:8000/x", {})
    assert said == ("rest:https://me:secret@host/", {})
    assert s3 == ("s3:https://host/bucket", keys)
