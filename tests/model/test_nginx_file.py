"""What is read from a file of nginx's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.model.nginx_file import listens, named, parse_nginx_file, worker

EVERY = "0.0.0.0"  # noqa: S104 - nginx's word

MAIN = """\
# user nobody;
user nginx web;
events { worker_connections 768; }
http {
    log_format main '$remote_addr; } {user "x"';
    map $uri $x { user 1; default "}"; }
    include /etc/nginx/conf.d/*.conf;
}
"""

SHOP = """\
server {
    listen 80 default_server;
    listen [::]:80
        default_server ipv6only=on;
    listen *:443 ssl;
    listen 10.0.0.7:8080;
    listen unix:/run/x.sock;
    listen localhost;
    server_name ~^(?<name>.{3})$ shop;
    location ~ \\.php$ { return 404; }
}
"""


def test_the_workers_user_is_that_of_the_main_block() -> None:
    assert worker(parse_nginx_file("x", MAIN)) == ("nginx", "web")
    assert worker(parse_nginx_file("x", "user nginx;")) == ("nginx", "nginx")
    assert worker(parse_nginx_file("x", "#user nginx;\nhttp { user x; }")) is None


def test_each_place_where_somebody_listens_is_found_with_its_line() -> None:
    found = listens(parse_nginx_file("/etc/nginx/conf.d/shop.conf", SHOP, 1))

    assert [(one.address, one.port, one.default) for one in found] == [
        (EVERY, 80, True),
        ("[::]", 80, True),
        (EVERY, 443, False),
        ("10.0.0.7", 8080, False),
        ("localhost", 80, False),
    ]
    assert found[0].directive.place == "`/etc/nginx/conf.d/shop.conf`, line 2"
    assert found[1].directive.line == 3


def test_directives_are_found_wherever_they_stand() -> None:
    text = "http {\n  server_names_hash_bucket_size 64; # 128\n}\n"

    (one,) = named(parse_nginx_file("/a", text), "server_names_hash_bucket_size")

    assert (one.words[1], one.line, one.depth) == ("64", 2, 1)


@pytest.mark.parametrize("text", ["", "}", "}}};", "{", "'", '"', "a '", "\\", "#"])
def test_what_is_broken_is_read_as_far_as_it_goes(text: str) -> None:
    parse_nginx_file("/a", text)


@given(st.text(alphabet="a;{}'\"\\$# \n", max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    for one in parse_nginx_file("/a", text):
        assert one.words
        assert one.depth >= 0
