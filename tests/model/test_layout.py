"""Every path of ours, as docs/reference/files.md has them."""

from __future__ import annotations

from pathlib import Path

from pushdeploy.model.layout import SERVER, embedded


def test_a_servers_folders_are_where_the_page_of_files_says() -> None:
    blog = SERVER.app("blog")

    assert str(blog.repo) == "/var/lib/pushdeploy/apps/blog/repo.git"
    assert str(blog.current) == "/var/lib/pushdeploy/apps/blog/current"
    assert str(blog.release(12).environment) == (
        "/var/lib/pushdeploy/apps/blog/releases/v12/environment"
    )
    assert str(blog.release(12).start("web")).endswith("/releases/v12/start/web")
    assert str(blog.web_socket(12)) == "/run/pushdeploy/blog/v12/web.sock"
    assert str(blog.attempt_log(7)) == "/var/log/pushdeploy/blog/7.jsonl"
    assert str(blog.destroyed) == "/var/lib/pushdeploy/apps/.destroyed-blog"
    assert str(SERVER.engine_socket) == "/run/pushdeploy/engine.sock"
    assert str(SERVER.keys) == "/etc/pushdeploy/keys/authorized_keys"


def test_the_live_socket_goes_by_current_so_that_one_rename_moves_it() -> None:
    blog = SERVER.app("blog")

    assert blog.live_socket == blog.current / "run" / "web.sock"


def test_the_longest_socket_of_a_server_fits_into_an_address() -> None:
    longest = SERVER.app("a" * 29).web_socket(99_999_999)

    assert len(str(longest)) <= 107


def test_embedded_mode_has_the_same_tree_with_its_sockets_elsewhere() -> None:
    layout = embedded(Path("/home/ada/.pushdeploy"), Path("/run/short"))
    blog = layout.app("blog")

    assert blog.root == Path("/home/ada/.pushdeploy/apps/blog")
    assert blog.web_socket(1) == Path("/run/short/blog/v1/web.sock")
    assert blog.log == Path("/home/ada/.pushdeploy/log/blog")
