"""Config vars: the app sees what was set, a bad one changes nothing, secrets stay secret."""

import json
import shlex
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pushdeploy.errors import UsageError
from pushdeploy.model.config_var import check_name
from pushdeploy.model.dotenv import render_dotenv
from tests.host.story import (
    TREES,
    Site,
    assert_cli_refused,
    assert_serving,
    assert_unchanged,
    eventually,
    snapshot,
)

HARD = {
    "SPACES": "  two  words  ",
    "QUOTES": 'it\'s "quoted" `here`',
    "DOLLAR": "$HOME ${PATH} $(id) $$",
    "PERCENT": "100% %n %i %%",
    "NEWLINES": "one\ntwo\n\n\tthree\n",
    "RETURNS": "a\r\nb\r",
    "UNICODE": "grüße 🎈 \u2028 \u00a0 שלום",
    "BACKSLASH": "C:\\dir\\",
    "BACKSLASHES": "\\\\\\",
    "CONTROL": "\x01\x1b[31m\x7f",
    "EMPTY": "",
    "EQUALS": "a=b=c",
    "HASH": "# no comment",
    "DASH": "-n",
    "GLOB": "* ? [a] {a,b} ~",
    "BANG": "!! !x",
    "SEMICOLON": "; reboot & | < >",
    "LARGE": "x'\n$" * 25_000,
}

REFUSES = """\
import os
if os.environ.get("MODE") == "broken":
    raise RuntimeError("MODE must not be broken")
"""

SECRET = "s3cr3t-Zaphod-Beeblebrox"  # noqa: S105 - it is looked for, and opens nothing


def allowed(name: str) -> bool:
    """A name that may be set."""
    try:
        check_name(name)
    except UsageError:
        return False
    return True


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True).filter(allowed)
values = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
batches = st.dictionaries(names, values, min_size=40, max_size=40)


def set_on_stdin(site: Site, wanted: dict[str, str]) -> None:
    """Set them as the laptop's client does: NUL-ended, on stdin."""
    site.cli("config:set -", stdin="".join(f"{name}={text}\0" for name, text in wanted.items()))


def seen(site: Site, wanted: dict[str, str]) -> dict[str, str | None]:
    """What the app has of these."""
    found = site.environment()
    return {name: found.get(name) for name in wanted}


def test_hard_values_arrive_as_they_were_set(site: Site) -> None:
    site.deploy("tiny")

    set_on_stdin(site, HARD)

    assert seen(site, HARD) == HARD
    assert site.ask("config") == dict(sorted(HARD.items()))


def test_hard_values_arrive_from_a_command_line(site: Site) -> None:
    site.deploy("tiny")
    small = {name: text for name, text in HARD.items() if name != "LARGE"}

    words = " ".join(shlex.quote(f"{name}={text}") for name, text in small.items())
    site.cli(f"config:set {words}")

    assert seen(site, small) == small


def test_hard_values_arrive_from_a_dotenv_file_and_are_read_back_from_what_is_given_out(
    site: Site, new_site: Callable[[], Site]
) -> None:
    site.deploy("tiny")

    site.cli("config:import -", stdin=render_dotenv(HARD))

    assert seen(site, HARD) == HARD
    told = f"pushdeploy config --app {site.name}"
    environment = f"{site.root}/current/environment"
    windows = f"{told} --json | iconv --to-code=UTF-16"
    for source in (f"{told} --shell", f"{told} --json", f"cat {environment}", windows):
        other = new_site()
        other.laptop.ssh(f"apps:create {other.name}", check=True)
        site.host.run("sh", "-c", f"{source} | pushdeploy config:import - --app {other.name}")
        assert other.ask("config") == HARD, source


def test_a_dotenv_file_as_people_write_it_is_imported(site: Site) -> None:
    site.deploy("tiny")
    text = '# a comment\nexport A=1\nB="two words"\nC=\'$HOME\'\n\nD= spaced \nE="a\\nb"\n'

    site.cli("config:import -", stdin=text)

    wanted = {"A": "1", "B": "two words", "C": "$HOME", "D": "spaced", "E": "a\nb"}
    assert seen(site, wanted) == wanted


def test_any_values_arrive_as_they_were_set(site: Site) -> None:
    site.deploy("tiny")

    @settings(
        max_examples=4,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(batches)
    def holds(wanted: dict[str, str]) -> None:
        set_on_stdin(site, wanted)
        assert seen(site, wanted) == wanted
        told = site.ask("config")
        assert {name: told[name] for name in wanted} == wanted
        plain = {name: text for name, text in wanted.items() if "\r" not in text}
        assert shell_reads(site, site.cli("config --shell").stdout, plain) == plain

    holds()


def shell_reads(site: Site, shown: str, wanted: dict[str, str]) -> dict[str, str | None]:
    r"""What a shell has of these vars after it has read the lines of `config --shell`.

    The harness reads output as text, in which a `\r` is lost; `--json` has shown it already.
    """
    script = (
        f"set -a\n{shown}\nexec python3 -c 'import json, os; print(json.dumps(dict(os.environ)))'"
    )
    found = json.loads(site.host.run("bash", "-s", stdin=script).stdout)
    return {name: found.get(name) for name in wanted}


def test_a_change_is_a_release_told_before_and_after(site: Site) -> None:
    site.deploy("tiny")

    answer = site.cli("config:set SECRET_KEY=x DEBUG=0")

    heading = f"-----> Setting SECRET_KEY, DEBUG and restarting {site.name}\n"
    assert answer.stderr.startswith(heading)
    assert answer.stderr.endswith(
        f"Setting SECRET_KEY, DEBUG and restarting {site.name}... done, v2\n"
    )
    assert_serving(site, version=1, release="v2")
    assert site.ask("releases")["releases"][0]["description"] == "Set SECRET_KEY, DEBUG config vars"


def test_a_value_that_the_app_refuses_never_takes_it_down(site: Site) -> None:
    site.deploy("tiny", {"app.py": REFUSES + (TREES / "tiny/app.py").read_text()})
    site.cli("config:set MODE=good")
    before = snapshot(site)

    answer = site.cli("config:set MODE=broken OTHER=1", check=False)

    assert answer.returncode == 7
    assert "nothing changed" in answer.stderr
    assert "MODE must not be broken" in answer.stderr
    assert_unchanged(site, before)
    assert site.ask("config") == {"MODE": "good"}
    assert seen(site, {"MODE": "", "OTHER": ""}) == {"MODE": "good", "OTHER": None}


def test_a_rollback_takes_the_config_vars_back_too(site: Site) -> None:
    site.deploy("tiny")
    site.cli("config:set COLOUR=red")
    site.cli("config:set COLOUR=blue")

    site.cli("rollback")

    assert site.environment()["COLOUR"] == "red"
    assert site.cli("config:get COLOUR").stdout == "red\n"


def test_config_vars_can_be_set_before_the_first_push(site: Site) -> None:
    site.laptop.ssh(f"apps:create {site.name}", check=True)

    answer = site.cli("config:set COLOUR=red")
    site.cli("config:set SHAPE=round")
    site.cli("config:unset SHAPE")
    site.deploy("tiny")

    assert "it takes effect at the first deploy" in answer.stderr
    assert seen(site, {"COLOUR": "", "SHAPE": ""}) == {"COLOUR": "red", "SHAPE": None}
    assert site.current == "v1"


def test_a_var_that_is_unset_is_gone(site: Site) -> None:
    site.deploy("tiny")
    site.cli("config:set A=1 B=2")

    site.cli("config:unset A")

    assert seen(site, {"A": "", "B": ""}) == {"A": None, "B": "2"}
    assert_cli_refused(site.cli("config:get A", check=False), 4, "`A` is not set")
    assert_cli_refused(site.cli("config:unset A", check=False), 4, "`A` is not set")


def test_names_and_values_that_would_not_arrive_are_refused(standing: Site) -> None:
    site = standing
    before = snapshot(site)

    for words in ("PATH=/tmp", "PORT=1", "a-b=1", "1A=1", "NOVALUE", "=x"):
        assert_cli_refused(site.cli(f"config:set {words}", check=False), 2)
    long = site.cli("config:set -", stdin=f"LONG={'x' * 200_000}\0", check=False)

    assert_cli_refused(long, 2, "`LONG` is too long")
    assert_unchanged(site, before)
    assert site.ask("config") == {}


def test_setting_what_is_set_already_makes_no_release(site: Site) -> None:
    site.deploy("tiny")
    site.cli("config:set A=1")

    answer = site.cli("config:set A=1")

    assert "no change" in answer.stderr
    assert site.current == "v2"


def test_a_secret_stands_in_no_place_that_others_read(site: Site) -> None:
    site.become("release-counts")
    site.change(
        {"Procfile": "release: python release.py\nweb: gunicorn app:app\nclock: sleep 600\n"}
    )
    site.push()
    watch = site.host.start("sh", "-c", watch_arguments())

    change = site.cli("config:set -", stdin=f"SECRET_KEY={SECRET}\0")
    site.change({"README.md": "again\n"})
    push = site.push()
    site.cli("run true")
    watch.communicate("", timeout=60)

    assert SECRET not in push.output + change.stderr + change.stdout
    assert site.host.read("/run/arguments").count("\n") > 1
    for text in places_that_others_read(site):
        assert SECRET not in text
    found = site.host.run(
        "grep", "--recursive", "--files-with-matches", SECRET, "/etc", "/var", "/run", check=False
    )
    folders = {
        line.rsplit("/", 2)[-2] + "/" + line.rsplit("/", 1)[1] for line in found.stdout.split()
    }
    assert folders == {"v2/environment", "v3/environment", f"{site.name}/environment"}
    modes = site.host.run("stat", "-c", "%a %U %G", f"{site.root}/current/environment").stdout
    assert modes == f"640 root pd-{site.name}\n"


def watch_arguments() -> str:
    """Collects every command line that it sees until a file says that it is enough."""
    return (
        "rm -f /run/arguments; for i in $(seq 400); do"
        " cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' >> /run/arguments;"
        " echo >> /run/arguments; sleep 0.02; done"
    )


def places_that_others_read(site: Site) -> list[str]:
    """Command lines, unit files and what systemd tells of them, the journal, our logs."""
    run = site.host.run
    pattern = f"{site.unit}*"
    return [
        run("cat", "/run/arguments").stdout,
        run("systemctl", "show", pattern).stdout,
        run("sh", "-c", f"cat /run/systemd/system/{pattern}").stdout,
        run("journalctl", "--no-pager", "-o", "export").stdout,
        run("sh", "-c", "cat /var/log/pushdeploy/*/*").stdout,
        run("sh", "-c", f"cat {site.root}/*.jsonl {site.root}/releases/*/release.json").stdout,
        run("sh", "-c", f"cat {site.root}/releases/*/start/*").stdout,
    ]


def test_the_values_are_shown_to_who_asks_and_to_nobody_else(site: Site) -> None:
    site.deploy("tiny")
    site.cli(f"config:set SECRET_KEY={SECRET}")

    assert site.cli("config:get SECRET_KEY").stdout == f"{SECRET}\n"
    assert SECRET in site.cli("config").stdout
    for command in ("ps", "releases", "releases:info", "releases:output", "logs"):
        assert SECRET not in site.cli(command).stdout


def test_two_changes_at_once_are_both_there(site: Site) -> None:
    site.deploy("tiny")
    pushing = site.laptop.start_push(site.app)
    argv = f"config:set --app {site.name} A=1"

    site.laptop.ssh(argv, check=True)
    pushing.communicate("", timeout=120)
    site.cli("config:set B=2")

    wanted = {"A": "1", "B": "2"}
    eventually(lambda: seen(site, wanted), wanted)
