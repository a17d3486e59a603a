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


def test_the_last_of_several_crashes_is_shown() -> None:
    later = [*APP[:2], "KeyError: 'orders'"]

    assert excerpt([*APP, *SERVER, *later, *SERVER]) == tuple(later)


def test_a_long_traceback_is_cut_at_its_beginning() -> None:
    frames = [f"  frame {number}" for number in range(50)]

    shown = excerpt([APP[0], *frames, "RecursionError: too deep"], most=5)

    assert shown == (*frames[-4:], "RecursionError: too deep")


def test_without_a_traceback_the_last_lines_are_shown() -> None:
    assert excerpt(["one", "two", "three"], most=2) == ("two", "three")
