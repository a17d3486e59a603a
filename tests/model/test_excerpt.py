"""What a failure shows of an app's output."""

from pushdeploy.model.excerpt import excerpt

APP = ["Traceback (most recent call last):", '  File "app.py", line 3', "ValueError: no database"]
SERVER = [
    "Traceback (most recent call last):",
    '  File "arbiter.py", line 683',
    "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>",
]


def test_the_apps_traceback_is_shown_and_not_the_servers() -> None:
    assert excerpt(["Starting", *APP, *GIVES_UP, *SERVER]) == tuple(APP)


def test_frames_of_whatever_called_the_app_are_left_out_and_paths_begin_at_the_repo() -> None:
    app = "/var/lib/pushdeploy/apps/blog"
    slug, packages = (
        f"{app}/slugs/{'2d' * 12}",
        f"{app}/venvs/{'8d' * 12}/lib/python3.11/site-packages",
    )

    shown = excerpt(
        [
            APP[0],
            f'  File "{packages}/gunicorn/util.py", line 420, in import_app',
            "    mod = importlib.import_module(module)",
            '  File "/usr/lib/python3.11/importlib/__init__.py", line 126, in import_module',
            '  File "<frozen importlib._bootstrap>", line 1206, in _gcd_import',
            f'  File "{slug}/app.py", line 3, in <module>',
            "    from flask import Flusk",
            f"ImportError: cannot import name 'Flusk' from 'flask' ({packages}/flask/__init__.py)",
        ]
    )

    assert shown == (
        APP[0],
        '  File "app.py", line 3, in <module>',
        "    from flask import Flusk",
        "ImportError: cannot import name 'Flusk' from 'flask' (flask/__init__.py)",
    )


def test_the_last_of_several_crashes_is_shown() -> None:
    later = [*APP[:2], "KeyError: 'orders'"]

    assert excerpt([*APP, *SERVER, *later, *SERVER]) == tuple(later)


def test_a_long_traceback_is_cut_at_its_beginning() -> None:
    frames = [f"  frame {number}" for number in range(50)]

    shown = excerpt([APP[0], *frames, "RecursionError: too deep"], most=5)

    assert shown == (*frames[-4:], "RecursionError: too deep")


def test_without_a_traceback_the_last_lines_are_shown() -> None:
    assert excerpt(["one", "two", "three"], most=2) == ("two", "three")


GUNICORN = [
    "[2026-11-29 18:00:00 +0000] [100] [INFO] Starting gunicorn 23.0.0",
    "[2026-11-29 18:00:00 +0000] [100] [INFO] Listening at: unix:/run/x (100)",
    "[2026-11-29 18:00:00 +0000] [100] [INFO] Using worker: sync",
    *(
        f"[2026-11-29 18:00:00 +0000] [{pid}] [INFO] Booting worker with pid: {pid}"
        for pid in "123"
    ),
]
GIVES_UP = [
    *(f"[2026-11-29 18:00:01 +0000] [{pid}] [INFO] Worker exiting (pid: {pid})" for pid in "123"),
    "[2026-11-29 18:00:01 +0000] [100] [ERROR] Worker (pid:1) exited with code 3.",
    "[2026-11-29 18:00:01 +0000] [100] [ERROR] Shutting down: Master",
    "[2026-11-29 18:00:01 +0000] [100] [ERROR] Reason: Worker failed to boot.",
]


def test_what_the_app_printed_is_not_drowned_in_what_the_server_says_of_itself() -> None:
    life = [*GUNICORN, "reading settings", "SECRET_KEY is not set", *GIVES_UP]

    assert excerpt([*life, *life, *life]) == ("reading settings", "SECRET_KEY is not set")


def test_an_app_that_printed_something_once_only_is_heard() -> None:
    assert excerpt(["no database", *GUNICORN, *GIVES_UP]) == ("no database",)


def test_where_the_app_printed_nothing_the_server_is_heard() -> None:
    assert excerpt([*GUNICORN, *GIVES_UP]) == (*GUNICORN, *GIVES_UP)


def test_an_app_s_own_words_in_gunicorn_s_form_are_its_own() -> None:
    own = "[2026-11-29 18:00:00 +0000] [1] [ERROR] the mail server is away"

    assert excerpt([*GUNICORN, own, *GIVES_UP]) == (own,)


def test_any_name_of_an_exception_decides_and_its_message_is_whole() -> None:
    message = [
        "django.core.exceptions.ImproperlyConfigured: 2 settings are missing",
        "SECRET_KEY",
        "  it has no default",
    ]

    shown = excerpt([*GUNICORN, *APP[:2], *message, *GIVES_UP, *SERVER])

    assert shown == (*APP[:2], *message)


def test_of_a_chain_the_last_one_is_shown() -> None:
    chain = [*APP, "", "During handling of the above exception, another exception occurred:", ""]

    shown = excerpt(
        [*chain, APP[0], '  File "b.py", line 1', "    raise Away", "app.Away", *SERVER]
    )

    assert shown == (APP[0], '  File "b.py", line 1', "    raise Away", "app.Away")


def test_a_long_line_keeps_its_beginning_and_its_end() -> None:
    (shown,) = excerpt(["begin " + "x" * 50_000 + " end"])

    assert shown.startswith("begin xxx")
    assert shown.endswith("xxx end")
    assert "characters" in shown
    assert len(shown) < 600


def test_what_each_worker_said_is_said_once() -> None:
    life = [*GUNICORN, *["no database"] * 3, "giving up", *GIVES_UP]

    assert excerpt(life) == ("no database (3 times)", "giving up")


def test_the_message_that_the_server_repeats_is_shown_once() -> None:
    assert excerpt([*APP, "no database", *GIVES_UP]) == tuple(APP)


def test_a_line_of_any_length_is_looked_through_at_once() -> None:
    """It took minutes: the look for folders began again at each letter."""
    lines = ["x" * 48_000, "a/slugs/" * 6_000, '  File "' + "/venvs" * 8_000] * 66

    assert len(excerpt(lines)) == 20


def test_a_server_s_own_tracebacks_are_never_what_the_app_said() -> None:
    joint = ["", "During handling of the above exception, another exception occurred:", ""]

    assert excerpt(["no database", *GIVES_UP, *SERVER, *joint, *SERVER]) == ("no database",)


def test_an_error_that_is_said_on_the_lines_below_is_whole() -> None:
    said = ["Usage: celery", "Error: ", "Unable to load it.", "The module mysit was not found."]

    assert excerpt(said) == tuple(said)


def test_what_a_server_says_inside_a_traceback_does_not_cut_it() -> None:
    server = (
        "[2026-11-30 04:38:00 +0000] [16735] [INFO] Control socket listening at /x/gunicorn.ctl"
    )
    whole = [
        "Traceback (most recent call last):",
        '  File "/var/lib/pushdeploy/apps/blog/slugs/0123456789abcdef0123/app.py", line 2, in f',
        "    raise Away('first')",
        "app.Away: first",
        "second",
    ]

    for at in range(1, 4):
        assert excerpt([*whole[:at], server, *whole[at:]]) == excerpt(whole)
    assert excerpt([*whole, server, "later"])[-1] == "second"
