"""What a failure shows of an app's output."""

from pushdeploy.model.excerpt import excerpt

APP = ["Traceback (most recent call last):", '  File "app.py", line 3', "ValueError: no database"]
SERVER = [
    "Traceback (most recent call last):",
    '  File "arbiter.py", line 683',
    "gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>",
]


def test_the_apps_traceback_is_shown_and_not_the_servers() -> None:
    assert excerpt(["Starting", *APP, "Worker exiting", *SERVER]) == tuple(APP)


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
