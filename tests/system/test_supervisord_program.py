"""What we write for supervisord is what its own parser reads."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervisor.options import ServerOptions

from pushdeploy.errors import UnavailableError
from pushdeploy.model.instance import Instance
from pushdeploy.system.supervisord_program import Programs, program, quoted

PROGRAMS = Programs(Path("/usr/bin/python3"), Path("/srv/run/supervisord"))

WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\x85")
    | st.sampled_from(";#%'\"\\ $`&|<>(){}*?"),
)


def read(tmp_path: Path, *sections: str) -> ServerOptions:
    """Let supervisord read a configuration."""
    path = tmp_path / "supervisord.conf"
    path.write_text("[supervisord]\n" + "".join(sections))
    options = ServerOptions()
    options.realize(["-c", str(path)])
    return options


def instance(**changes: object) -> Instance:
    values: dict[str, object] = {
        "app": "my-blog",
        "release": 3,
        "process_type": "web",
        "index": 1,
        "script": Path("/srv/my apps/start/web"),
        "code": Path("/srv/code"),
        "home": Path("/srv/100% home"),
        "shared": Path("/srv/shared"),
        "user": "me",
        "environment": (("PORT", "8000"),),
        "socket": Path("/srv/run/v3/web.sock"),
    }
    return Instance(**{**values, **changes})  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.lists(WORDS, min_size=1))
def test_every_word_of_a_command_arrives(
    tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    argv = ["/bin/echo", *words]

    options = read(tmp_path_factory.mktemp("c"), program("pushdeploy-a.v1.web", argv))

    (group,) = options.process_group_configs
    assert shlex.split(group.process_configs[0].command) == argv


@pytest.mark.parametrize("end", ["\n", "\r"])
def test_a_line_s_end_is_refused(end: str) -> None:
    with pytest.raises(UnavailableError, match="line's end"):
        quoted([f"/srv/a{end}[program:evil]"])


def test_gunicorn_s_web_listens_on_the_socket_by_itself(tmp_path: Path) -> None:
    programs = PROGRAMS.instance(instance())

    (group,) = read(tmp_path, *programs.values()).process_group_configs
    command = shlex.split(group.process_configs[0].command)
    assert group.socket_config.url == "unix:///srv/run/v3/web.sock"
    assert group.socket_config.mode == 0o600
    assert command[-1] == "/srv/my apps/start/web"
    assert {"HOME=/srv/100% home", "PORT=8000"} <= set(command)
    assert any("LISTEN_PID=$$ LISTEN_FDS=1" in word for word in command)


def test_a_web_with_a_port_has_a_bridge_that_listens(tmp_path: Path) -> None:
    programs = PROGRAMS.instance(instance(port=20_001))

    bridge, web = read(tmp_path, *programs.values()).process_group_configs
    assert (bridge.name, web.name) == ("pushdeploy-my_blog.v3.bridge", "pushdeploy-my_blog.v3.web")
    assert bridge.socket_config.url == "unix:///srv/run/v3/web.sock"
    assert not hasattr(web, "socket_config")
    assert shlex.split(bridge.process_configs[0].command)[-1] == "20001"


def test_a_process_is_restarted_always_and_killed_after_the_grace(tmp_path: Path) -> None:
    programs = PROGRAMS.instance(instance())

    (group,) = read(tmp_path, *programs.values()).process_group_configs
    process = group.process_configs[0]
    assert (process.autostart, process.stopwaitsecs) == (False, 45)
    assert (process.stopasgroup, process.killasgroup) == (False, True)
