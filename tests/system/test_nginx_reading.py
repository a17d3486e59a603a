"""All that nginx reads is followed from its main file, however somebody has laid it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.model.nginx_file import listens
from pushdeploy.model.site import HASH_SIZES
from pushdeploy.system.nginx import Nginx
from pushdeploy.system.nginx_reading import read
from pushdeploy.system.nginx_workers import worker_user

if TYPE_CHECKING:
    from pathlib import Path


def laid_out(folder: Path, **files: str) -> Path:
    """A configuration; `conf_d__a` is `conf.d/a.conf`, and `main` its first file."""
    for name, text in files.items():
        place = name.replace("_d__", ".d/").replace("__", "/")
        path = folder / ("nginx.conf" if name == "main" else f"{place}.conf")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_includes_are_followed_in_their_order(tmp_path: Path) -> None:
    main = "user web;\nhttp { include conf.d/*.conf; include sites/a.conf; include missing/*; }"
    site = "server { listen 80 default_server; }"
    nginx = laid_out(tmp_path, main=main, conf_d__b="x 1;", conf_d__a="y 2;", sites__a=site)

    found = read(nginx)

    assert [one.words for one in found.directives if one.words[0] in "xy"] == [
        ("y", "2"),
        ("x", "1"),
    ]
    (one,) = listens(found.directives)
    assert (one.directive.file, one.directive.depth) == (str(nginx / "sites/a.conf"), 2)
    assert nginx / "conf.d/b.conf" in found.files


def test_a_file_that_includes_itself_comes_to_an_end(tmp_path: Path) -> None:
    nginx = laid_out(tmp_path, main="x 1; include nginx.conf;")

    assert len(read(nginx).directives) < 40


def test_what_another_default_server_has_is_not_claimed(tmp_path: Path) -> None:
    theirs = "server { listen 80 default_server; listen 10.0.0.1:443 ssl default_server; }"
    ours = "server { listen [::]:80 default_server; }"
    main = "http { include conf.d/*.conf; server_names_hash_bucket_size 128; }"
    folder = laid_out(tmp_path, main=main, conf_d__shop=theirs, conf_d__pushdeploy=ours)

    proxy = Nginx(tmp_path, folder).features()

    assert proxy.taken == {"80"}
    assert "80" not in proxy.free(80)
    assert "443" in proxy.free(443)
    assert proxy.hash_sizes == HASH_SIZES[1:]


def test_the_workers_user_is_the_named_one_else_the_one_that_was_built_in(tmp_path: Path) -> None:
    named = read(laid_out(tmp_path, main="user nginx;\nhttp { }")).directives

    assert worker_user(named, "--user=other") == "nginx"
    assert worker_user([], "configure arguments: --user=nginx --group=web") == "nginx"
    assert worker_user([], "") == "nobody"
