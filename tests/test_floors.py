"""Imports go down only and never in a circle, a tool has one owner, names are the field's."""

from __future__ import annotations

import ast
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pushdeploy.system.command import Command, run

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pushdeploy"

FLOORS = (
    *("model", "events", "system", "machine"),
    *(
        "records",
        "proxy",
        "apps",
        "build",
        "schedules",
        "deploy",
        "watch",
        "databases",
        "backup",
        "notices",
    ),  # the story, whose rooms have an order too
    "engine",
    *("cli", "push", "install", "demo", "programs"),  # what prints, and starts all the rest
)
"""From the ground up. `errors` and the version lie below all."""

FORBIDDEN = {
    "bug": "crash",
    "compose": "wiring",
    "edge": "proxy",
    "errand": "invocation",
    "faults": "failpoints",
    "hands": "system",
    "journal": "records",
    "journals": "app_names",
    "lookup": "reader",
    "mend": "fix",
    "moment": "time",
    "pace": "backoff",
    "receiver": "git_user or checkout_worker",
    "renew": "change_release",
    "revival": "restart",
    "revive": "restart_hung",
    "settle": "cut_over",
    "setup": "install",
    "side": "target",
    "takeover": "hook_server",
    "tidy": "clean_up",
    "troubles": "warnings",
    "unborn": "refused_forks",
}
"""Words that a reader would guess wrong, and ours for it (docs/glossary.md)."""

MEANT = {"bug", "our_bug", "_our_bug", "OUR_BUG", "_journal", "JOURNAL"}
"""Where the word is the right one."""

OWNERS = {
    "subprocess": {"system/command.py"},
    "cronsim": {"model/cron_line.py"},
    "git": {"system/git.py"},
    "apprise": {"system/apprise_library.py"},
    "psutil": {"system/processes.py"},
    "jinja2": {"system/rendering.py"},
    "structlog": {"system/log.py"},
    "rich": {"cli/output.py"},
    "http": {"system/http.py", "model/health.py", "system/supervisord_daemon.py"},
}
"""The one module that knows a tool.

Of `http` the second needs the numbers of statuses, and the third an error that supervisor's own
client raises.
"""

PROGRAMS = {
    "apt-cache": "system/apt.py",
    "apt-get": "system/apt.py",
    "certbot": "system/certbot.py",
    "git": "system/git_program.py",
    "gpasswd": "system/users.py",
    "groupadd": "system/users.py",
    "groupdel": "system/users.py",
    "journalctl": "system/journald.py",
    "mariadb": "system/mysql.py",
    "mariadb-dump": "system/mysql.py",
    "nginx": "system/nginx_program.py",
    "pg_dump": "system/postgres.py",
    "pg_restore": "system/postgres.py",
    "psql": "system/postgres.py",
    "restic": "system/restic.py",
    "ssh": "cli/laptop.py",
    "ssh-keygen": "system/keys.py",
    "sshd": "system/sshd.py",
    "systemctl": "system/systemctl.py",
    "systemd-run": "system/systemctl.py",
    "ufw": "system/ufw.py",
    "useradd": "system/users.py",
    "userdel": "system/users.py",
    "usermod": "system/users.py",
}
"""The one module that starts a program."""

NEVER = ("adduser", "curl", "deluser", "groupmod", "service", "wget")
"""What one of these, or a module of Python's, does as well."""

NAMES_TOO = ("certbot", "git", "nginx", "service", "ssh", "sshd", "ufw")
"""What is meant by these words is not always the program."""

PROBE = """
import sys
before = set(sys.modules)
import {}
print(*sorted(set(sys.modules) - before))
"""


def modules() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Full names of what a module imports, also within its functions and for types only."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor(name: str) -> int:
    """How high a module lies; below all of them is -1."""
    parts = name.split(".")
    return FLOORS.index(parts[1]) if len(parts) > 1 and parts[1] in FLOORS else -1


def short(path: Path) -> str:
    """`system/git.py`."""
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", modules(), ids=short)
def test_imports_go_down_only(path: Path) -> None:
    own = floor(
        f"pushdeploy.{path.relative_to(PACKAGE).with_suffix('').as_posix()}".replace("/", ".")
    )
    ours = [name for name in imports(path) if name.split(".")[0] == "pushdeploy"]

    assert [name for name in ours if floor(name) > own] == []


def module(path: Path) -> str:
    """`pushdeploy.system.git`; a package is called as its folder."""
    name = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    return name.removesuffix(".__init__")


SAID = re.compile(r"^\s*from (pushdeploy[\w.]*) import ([\w, ]+)$", re.MULTILINE)


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda path: path.name)
def test_programs_in_strings_of_tests_import_what_is_there(path: Path) -> None:
    for module_name, names in SAID.findall(path.read_text()):
        for name in (one.split(" as ")[0].strip() for one in names.split(",")):
            found = import_module(module_name)
            assert hasattr(found, name) or import_module(f"{module_name}.{name}")


def circles(below: dict[str, set[str]]) -> list[str]:
    """What is left when whatever imports nothing that is left has been taken away, again and again.

    Args:
        below: of each module, what it imports.
    """
    left = dict(below)
    while done := {name for name, others in left.items() if not others & left.keys() - {name}}:
        left = {name: others for name, others in left.items() if name not in done}
    while free := left.keys() - set().union(*left.values()):  # they lead to a circle
        left = {name: others for name, others in left.items() if name not in free}
    return sorted(left)


def test_no_modules_import_each_other() -> None:
    names = {module(path) for path in modules()}
    below = {
        module(path): {
            found
            for name in imports(path)
            for found in (name, name.rpartition(".")[0])
            if found in names and "." in found and found != module(path)
        }
        for path in modules()
    }

    assert circles(below) == []


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}) == ["b", "c"]


def words(name: str) -> set[str]:
    """The words of a name: `_wait_for`, `WaitFor`."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def named(path: Path) -> Iterator[str]:
    """What a module names: itself, what it defines, its parameters and variables."""
    yield from path.relative_to(PACKAGE).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.alias(asname=str(name)):
                yield name


@pytest.mark.parametrize("path", modules(), ids=short)
def test_names_are_the_words_of_the_field(path: Path) -> None:
    wrong = {
        name: FORBIDDEN[word]
        for name in named(path)
        for word in words(name) & FORBIDDEN.keys()
        if name not in MEANT
    }

    assert wrong == {}


@pytest.mark.parametrize("tool", OWNERS)
def test_a_tool_has_one_owner(tool: str) -> None:
    users = {
        short(path)
        for path in modules()
        if any(name.split(".")[0] == tool for name in imports(path))
    }

    assert users == OWNERS[tool]


def programs(path: Path) -> Iterator[str]:
    """What a module may start: first words of argument lists, paths in `bin`, telling words.

    A list that begins with a text is taken for arguments, and a tuple if there are options in it.
    """
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.List | ast.Tuple) and node.elts:
            texts = [one.value for one in node.elts if isinstance(one, ast.Constant)]
            options = any(isinstance(one, str) and one.startswith("-") for one in texts)
            if options or isinstance(node, ast.List):
                first = ast.walk(node.elts[0])
                yield from (str(one.value) for one in first if isinstance(one, ast.Constant))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            folder, _, name = node.value.rpartition("/")
            if folder.endswith("bin") or (not folder and name not in NAMES_TOO):
                yield name


def test_a_program_is_started_by_its_owner_alone() -> None:
    starts = {short(path): set(programs(path)) for path in modules()}

    found = {
        (program, module)
        for module, words in starts.items()
        for program in words & {*PROGRAMS, *NEVER}
    }
    assert found == set(PROGRAMS.items())


@pytest.mark.parametrize(
    "module",
    [
        *(
            "pushdeploy.programs.ssh_command",
            "pushdeploy.push.forced_command",
            "pushdeploy.push.receive_pack",
        ),
        "pushdeploy.push.pre_receive",
        *("pushdeploy.push.hook_client", "pushdeploy.push.early_call", "pushdeploy.engine.client"),
        "pushdeploy.programs.watchdog",
    ],
)
def test_what_runs_often_imports_the_standard_library_only(module: str) -> None:
    said = run(Command([sys.executable, "-I", "-c", PROBE.format(module)]))

    loaded = {name.split(".")[0] for name in said.stdout.split()}
    assert loaded - set(sys.stdlib_module_names) == {"pushdeploy"}


def test_every_error_has_our_root() -> None:
    bases = {
        node.name: [ast.unparse(base) for base in node.bases]
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error")
    }
    ours = {"PushdeployError"}
    while more := {name for name in set(bases) - ours if ours & set(bases[name])}:
        ours |= more

    # The relay has it treated as any other failure to connect.
    assert set(bases) - ours == {"UnprovenError"}


@pytest.mark.parametrize("hook", ["pre-receive", "post-receive"])
def test_a_hook_imports_nothing_but_the_way_of_a_push(hook: str) -> None:
    assert set(imports(ROOT / "hooks" / hook)) == {
        "sys",
        "pushdeploy.push.hook_client.hand_over",
        f"pushdeploy.push.hooks.{hook.replace('-', '_')}",
    }


NAME = re.compile(
    r"[\w*?\[\]/.-]*\.(?:html|holder|jsonl?|lock|pem|port|sock|toml)|\.(?:new-|old-|complete).*"
)
"""How the name of a file of ours looks, or its end."""

OTHERS = {
    *("app.json", "pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"),
    *("fly.toml", "nixpacks.toml", "railway.json", "railway.toml"),
    *("pylock.toml", "uv.toml", "poetry.toml", "pdm.toml"),
    *("package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock"),
    *("HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock", "*.lock", ".lock"),
    *("fullchain.pem", "privkey.pem", "index.nginx-debian.html", "/run/ufw.lock"),
    "/run/mysqld/mysqld.sock",
}
"""Names that others gave: tools of Python and Node, platforms, git, certbot, nginx, ufw, uv."""

NAMED_THERE = {
    "model/layout.py": "where something lies on disk",
    "model/app_layout.py": "the same, of an app",
    "model/room_layouts.py": "the same, of single rooms",
    "push/early_call.py": "has no time for an import; tests/push/test_early_call.py compares them",
    "model/pins.py": "files in a venv, read where each import costs",
    "build/builder.py": "the same; tests/build/test_recipe.py compares them",
    "demo/blog.py": "files of the app that it shows",
    "system/own_users.py": "its records are a folder of its own, and have machines' names",
    "system/short_folder.py": "counts the characters of a socket's path",
    "system/supervisord_daemon.py": "the files of supervisord, which it alone knows",
}


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text of a module but its docstrings."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def test_the_layout_alone_names_our_files() -> None:
    found = {
        short(path): names
        for path in modules()
        if (
            names := {one for one in texts(ast.parse(path.read_text())) if NAME.fullmatch(one)}
            - OTHERS
        )
    }

    assert {path: names for path, names in found.items() if path not in NAMED_THERE} == {}
    assert set(NAMED_THERE) - set(found) == set()


THE_MACHINES = (
    *("nginx", "nginx_obstacles", "nginx_program", "certbot", "certificates", "reachability"),
    *("ufw", "sshd", "systemd", "supervisord", "server_tools", "embedded_tools"),
)
"""Modules of `system/` that the story knows by a protocol alone."""

TYPES = {"pushdeploy.system.certificates.Facts", "pushdeploy.system.ufw.Plan"}
"""What the protocols give back."""


def test_the_story_asks_the_machine_for_its_tools() -> None:
    story = [path for path in modules() if short(path).split("/")[0] in ("deploy", "engine")]
    found = {short(path): {one for one in imports(path) if one not in TYPES} for path in story}
    tools = {f"pushdeploy.system.{one}" for one in THE_MACHINES}

    assert {
        path: called
        for path, names in found.items()
        if (called := {one for one in names if tools & {one, one.rpartition(".")[0]}})
    } == {}


@pytest.mark.parametrize("floor_", ["model", "deploy", "engine"])
def test_no_hint_names_the_journal_where_there_may_be_none(floor_: str) -> None:
    found = [
        f"{short(path)}: {one}"
        for path in sorted((PACKAGE / floor_).rglob("*.py"))
        for one in texts(ast.parse(path.read_text()))
        if "journalctl -" in one
    ]

    assert found == []


def names_of_ours(tree: ast.AST) -> set[str]:
    """The names that a test has of modules and classes of ours."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom | ast.Import)
        for alias in node.names
        if (getattr(node, "module", None) or alias.name).startswith("pushdeploy")
    }


def patches(text: str) -> Iterator[str]:
    """Where a test puts something of its own in the place of something of ours."""
    tree = ast.parse(text)
    ours = names_of_ours(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if any("mock" in alias.name for alias in names):
                yield ast.unparse(node)
            case ast.ImportFrom(module=str(module)) if "mock" in module:
                yield ast.unparse(node)
            case ast.Call(func=ast.Attribute(attr="setattr" | "setitem"), args=[target, *_]):
                if ast.unparse(target) not in NOT_OURS:
                    yield ast.unparse(node)
            case ast.Assign(targets=targets):
                owners = (one.value for one in targets if isinstance(one, ast.Attribute))
                if any(isinstance(one, ast.Name) and one.id in ours for one in owners):
                    yield ast.unparse(node)


NOT_OURS = {"sys"}
"""What a test may patch: how a terminal looks from within Python has no other door."""


def test_no_test_patches_our_code() -> None:
    tests = sorted((ROOT / "tests").rglob("*.py"))

    assert [f"{path.name}: {one}" for path in tests for one in patches(path.read_text())] == []


@pytest.mark.parametrize(
    "text",
    [
        "from unittest.mock import patch",
        "monkeypatch.setattr(processes, 'cores', lambda: 1)",
        "from pushdeploy.system import processes; processes.cores = lambda: 1",
    ],
)
def test_a_patch_is_found(text: str) -> None:
    assert list(patches(text)) != []


def test_the_log_loads_no_console_and_leaves_each_module_whole() -> None:
    probe = "import sys; from pushdeploy.system import log; log.get_ready(); print(*sys.modules); "
    hollow = (
        "print(*[name for name in ('asyncio', 'ssl', 'rich')"
        " if name in sys.modules and getattr(sys.modules[name], '__spec__', None) is None]); "
    )
    used = (
        "import asyncio, rich, structlog; print(rich.get_console().width > 0); "
        "asyncio.run(structlog.make_filtering_bound_logger(0)"
        "(structlog.PrintLogger(), [lambda *line: line[2]['event']], {}).ainfo('written'))"
    )

    said = run(Command([sys.executable, "-I", "-c", probe + hollow + used]))

    loaded, replaced, *rest = said.stdout.splitlines()
    assert "structlog" in loaded.split()
    assert "rich" not in loaded.split()
    assert replaced == ""
    assert rest == ["True", "written"]


def test_a_query_imports_no_structlog() -> None:
    probe = PROBE.format("pushdeploy.engine.server, pushdeploy.deploy.running")
    said = run(Command([sys.executable, "-I", "-c", probe]))

    assert "pushdeploy.system.log" in said.stdout.split()
    assert "structlog" not in said.stdout.split()
