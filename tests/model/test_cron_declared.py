"""`cron` of app.json: what it may say, and what a job is called."""

import json
import re
from dataclasses import asdict

import pytest

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.appjson import parse_app_json
from pushdeploy.model.cron_declared import MOST_JOBS, name_of
from pushdeploy.model.cron_job import CronJob, cron_unit, from_record, parse_cron_unit

JOB = {"command": "python manage.py clearsessions", "schedule": "0 3 * * *"}


def cron(*jobs: object) -> tuple[CronJob, ...]:
    return parse_app_json(json.dumps({"cron": jobs})).cron


def refusal(*jobs: object) -> str:
    with pytest.raises(RefusedInputError) as refused:
        cron(*jobs)
    return refused.value.message


def test_a_file_without_the_key_has_no_jobs() -> None:
    assert parse_app_json("{}").cron == ()
    assert parse_app_json('{"cron": null}').cron == ()
    assert cron() == ()


def test_a_job_has_a_command_and_a_schedule() -> None:
    assert cron(JOB) == (
        CronJob(
            name="clearsessions",
            command="python manage.py clearsessions",
            schedule="0 3 * * *",
            words="At 03:00 every day",
            calendar=("*-*-* 03:00:00 UTC",),
        ),
    )


def test_all_that_it_may_say_is_taken() -> None:
    (job,) = cron(
        {
            **JOB,
            "name": "sessions",
            "timezone": "Europe/Berlin",
            "concurrency_policy": "replace",
            "catch_up": True,
            "heartbeat": "https://hc-ping.com/uuid",
            "maintenance": True,
        }
    )

    assert (job.name, job.timezone, job.concurrency) == ("sessions", "Europe/Berlin", "replace")
    assert (job.catch_up, job.heartbeat, job.maintenance) == (
        True,
        "https://hc-ping.com/uuid",
        True,
    )
    assert job.calendar == ("*-*-* 03:00:00 Europe/Berlin",)


def test_a_record_of_it_is_read_as_it_was_written() -> None:
    (job,) = cron(JOB)

    assert from_record(json.loads(json.dumps(asdict(job)))) == job


@pytest.mark.parametrize(
    ("changes", "place", "cause"),
    [
        ({"command": None}, "cron[0]", "there is no `command`"),
        ({"command": " "}, "cron[0].command", "expected a command"),
        ({"command": "a\nb"}, "cron[0].command", "control character"),
        ({"schedule": None}, "cron[0]", "there is no `schedule`"),
        ({"schedule": "0 25 * * *"}, "cron[0].schedule", "its hour (0-23) is wrong"),
        ({"schedule": 5}, "cron[0].schedule", "expected a text"),
        ({"timezone": "Berlin"}, "cron[0].timezone", "`Berlin` is not a time zone"),
        ({"timezone": "../passwd"}, "cron[0].timezone", "is not a time zone"),
        ({"timezone": "Europe"}, "cron[0].timezone", "is not a time zone"),
        ({"concurrency_policy": "allow"}, "cron[0].concurrency_policy", "runs once at a time"),
        ({"concurrency_policy": "twice"}, "cron[0].concurrency_policy", "expected `forbid`"),
        ({"catch_up": "yes"}, "cron[0].catch_up", "expected `true` or `false`"),
        ({"name": "Sessions"}, "cron[0].name", "can't be a job's name"),
        ({"name": "1"}, "cron[0].name", "can't be a job's name"),
        ({"name": "a--b"}, "cron[0].name", "can't be a job's name"),
        ({"heartbeat": "hc-ping.com/uuid"}, "cron[0].heartbeat", "neither a URL nor"),
        ({"heartbeat": "$A b"}, "cron[0].heartbeat", "neither a URL nor"),
        ({"heartbeat": "https://a/ b"}, "cron[0].heartbeat", "neither a URL nor"),
        ({"timezon": "UTC"}, "cron[0]", "unknown key `timezon`"),
        ({"when": "@daily"}, "cron[0]", "unknown key `when`"),
    ],
)
def test_what_can_not_be_is_refused_with_its_place(
    changes: dict[str, object], place: str, cause: str
) -> None:
    said = refusal({**JOB, **changes})

    assert said.startswith(f"`app.json` at `{place}`: ")
    assert cause in said


def test_there_may_not_be_too_many() -> None:
    assert f"the maximum is {MOST_JOBS}" in refusal(*[JOB] * (MOST_JOBS + 1))


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("python manage.py clearsessions", "clearsessions"),
        ("python3 -m blog.digest --all", "blog-digest-all"),
        ("./bin/backup.sh", "bin-backup-sh"),
        ("flask send-mail", "send-mail"),
        ("python", "python"),
        ("7z a x", "job-7z-a-x"),
        ("…", "job"),
        ("x" * 100, "x" * 40),
    ],
)
def test_it_is_called_by_what_it_does(command: str, name: str) -> None:
    assert name_of(command) == name


def test_the_same_command_twice_has_two_names_in_whatever_order() -> None:
    later = {**JOB, "schedule": "0 4 * * *"}

    first, second = cron(JOB, later)
    other, one = cron(later, JOB)

    assert re.fullmatch(r"clearsessions-[0-9a-f]{4}", first.name)
    assert first.name != second.name
    assert (first, second) == (one, other)


def test_the_very_same_job_twice_is_refused() -> None:
    assert "two jobs are called `clearsessions-" in refusal(JOB, JOB)
    assert "two jobs are called `a`" in refusal({**JOB, "name": "a"}, {**JOB, "name": "a"})


def test_a_unit_says_whose_it_is() -> None:
    assert cron_unit("my-blog", "send-mail") == "pushdeploy-my_blog.cron.send_mail"
    assert parse_cron_unit("pushdeploy-my_blog.cron.send_mail") == ("my-blog", "send-mail")
    assert parse_cron_unit("pushdeploy-my_blog.cron.send_mail.replace") is None
    assert parse_cron_unit("pushdeploy-my_blog.v1.cron.1") is None
