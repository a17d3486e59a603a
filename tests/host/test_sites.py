"""nginx on a real server: sites, static files, domains, limits, maintenance."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.host import proxy
from tests.host.checkout import Installed
from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.proxy import curl, nginx_pids, visit
from tests.host.story import Site, eventually

BLOG = "http://blog.example.com"


@pytest.fixture(scope="module")
def server(installed: Installed) -> Iterator[Host]:
    """A server of this file's own; `blog` was made by the installer."""
    with Host.boot(installed.suite, "sites", installed.disk) as host:
        proxy.know_names(host)
        yield host


@pytest.fixture(scope="module")
def site(server: Host, installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The app `blog`, live as blog.example.com; every test leaves it so."""
    laptop = Laptop(server, tmp_path_factory.mktemp("sites") / "laptop", installed.key)
    found = Site.new(server, laptop, "blog")
    found.deploy("tiny", {"VERSION": "1\n", "static/app.css": "body { color: red }\n"})
    found.cli("domains:add blog.example.com")
    return found


def reload_nginx(host: Host) -> None:
    """What the server's owner does; returns when only the master is as before."""
    before = nginx_pids(host)
    host.run("systemctl", "reload", "nginx")
    eventually(lambda: len(nginx_pids(host) & before), 1)


def test_an_app_without_a_domain_answers_on_the_bare_address(site: Site) -> None:
    site.cli("domains:remove blog.example.com")

    answer = visit(site.host, "http://127.0.0.1/")
    site.cli("domains:add blog.example.com")

    assert answer.text.startswith("v=1 ")
    assert curl(site.host, "http://127.0.0.1/")[0] == 52


def test_a_deploy_and_a_rollback_never_reload_nginx(site: Site) -> None:
    before = nginx_pids(site.host)

    site.deploy_version(2)
    second = visit(site.host, BLOG).text
    site.cli("rollback")
    first = visit(site.host, BLOG).text

    assert (second[:4], first[:4]) == ("v=2 ", "v=1 ")
    assert nginx_pids(site.host) == before


def test_what_a_client_claims_about_itself_is_overwritten(site: Site) -> None:
    answer = visit(
        site.host,
        f"{BLOG}/headers",
        **{
            "X-Forwarded-For": "6.6.6.6",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "evil.example",
            "Forwarded": "for=6.6.6.6",
            "Proxy": "http://evil.example",
            "X_Forwarded_For": "6.6.6.6",
        },
    )

    assert "6.6.6.6" not in answer.text
    assert "evil.example" not in answer.text
    assert '"X-Forwarded-For": "127.0.0.1"' in answer.text
    assert '"X-Forwarded-Proto": "http"' in answer.text


def test_a_name_that_nobody_has_is_closed_without_an_answer(site: Site) -> None:
    status, output = curl(site.host, "http://lost.example.com/")

    assert (status, output) == (52, "")


def test_one_name_belongs_to_one_app(site: Site) -> None:
    site.laptop.ssh("apps:create second", check=True)

    refused = site.laptop.ssh("domains:add blog.example.com --app second")

    assert refused.returncode != 0
    assert "`blog.example.com` belongs to the app `blog`" in refused.stderr
    assert site.laptop.ssh("domains --app second --json").stdout.strip() == "[]"
    site.laptop.ssh("apps:destroy --app second --confirm second", check=True)


@pytest.mark.parametrize(
    "name", ["a.com;", "a.com; return 200 pwn", "10.0.0.1", "http://a.com", "a", "$host", "~^x$"]
)
def test_what_is_no_domain_is_refused(site: Site, name: str) -> None:
    refused = site.cli(f"domains:add '{name}'", check=False)

    assert refused.returncode == 2
    assert site.ask("domains") == ["blog.example.com"]
    assert visit(site.host, BLOG).status == 200


def test_static_files_are_served_by_nginx_from_the_live_release(site: Site) -> None:
    answer = visit(site.host, f"{BLOG}/static/app.css")

    assert answer.text == "body { color: red }\n"
    assert answer.headers["Content-Type"] == "text/css"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_hashed_name_may_be_kept_for_ever(site: Site) -> None:
    site.change({"static/app.0a1b2c3d4e5f.css": "x"})
    site.push()

    answer = visit(site.host, f"{BLOG}/static/app.0a1b2c3d4e5f.css")

    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_page_of_the_release_before_still_finds_its_files(site: Site) -> None:
    site.change({"static/old.css": "old", "static/same.css": "first"})
    site.push()
    site.laptop.git(site.app, "rm", "-q", "static/old.css")
    site.change({"static/same.css": "second"})
    site.push()

    old = visit(site.host, f"{BLOG}/static/old.css")
    same = visit(site.host, f"{BLOG}/static/same.css")

    assert (old.status, old.text) == (200, "old")
    assert same.text == "second"


def test_nothing_outside_static_and_no_hidden_file_is_served(site: Site) -> None:
    site.change({"static/.env": "SECRET=1", "static/.git-x/config": "SECRET=1"})
    site.push()

    for path in (
        "/static../Procfile",
        "/static/../Procfile",
        "/static/.env",
        "/static/.git-x/config",
    ):
        _, output = curl(site.host, "--path-as-is", f"{BLOG}{path}")

        assert "SECRET" not in output
        assert "web:" not in output


def test_a_link_out_of_static_is_refused_at_the_push(site: Site) -> None:
    (site.app.folder / "static").mkdir(exist_ok=True)
    (site.app.folder / "static" / "leak").symlink_to("/etc/passwd")
    site.laptop.commit(site.app, {})

    push = site.push()

    assert push.exit_status != 0
    site.laptop.git(site.app, "reset", "-q", "--hard", "HEAD~1")
    assert "`static/leak` is a link to `/etc/passwd`, outside `static/`" in push.output
    assert "root:" not in visit(site.host, f"{BLOG}/static/leak").text


def test_a_storage_folder_can_be_served(site: Site) -> None:
    site.cli("storage:add media/")
    site.host.run("sh", "-c", f"echo photo > {site.root}/shared/media/a.txt")
    site.host.run("sh", "-c", f"ln -s /etc/passwd {site.root}/shared/media/leak")

    site.cli("static:add /media shared/media")

    assert visit(site.host, f"{BLOG}/media/a.txt").text == "photo\n"
    assert visit(site.host, f"{BLOG}/media/leak").status == 403
    site.cli("static:remove /media")
    site.cli("storage:remove media/")


def test_a_larger_body_is_let_in_once_it_is_set(site: Site) -> None:
    site.host.run("truncate", "--size=11M", "/root/large")
    post = (
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "--data-binary",
        "@/root/large",
        f"{BLOG}/echo",
    )
    refused = curl(site.host, *post)[1]

    site.cli("nginx:set client-max-body-size 20m")
    taken = curl(site.host, *post)[1]
    site.cli("nginx:unset client-max-body-size")

    assert (refused, taken) == ("413", "200")


@pytest.mark.parametrize("words", ["client-max-body-size 1x", "client-max-body-size '1;'", "foo 1"])
def test_a_wrong_setting_is_refused_and_changes_nothing(site: Site, words: str) -> None:
    before = site.host.read("/etc/nginx/conf.d/pushdeploy-blog.conf")

    refused = site.cli(f"nginx:set {words}", check=False)

    assert refused.returncode == 2
    assert site.host.read("/etc/nginx/conf.d/pushdeploy-blog.conf") == before


def test_a_fault_in_somebody_elses_file_is_named_and_nothing_changes(site: Site) -> None:
    site.host.write("/etc/nginx/conf.d/theirs.conf", "nonsense on;\n")
    try:
        refused = site.cli("domains:add www.example.com", check=False)
    finally:
        site.host.run("rm", "/etc/nginx/conf.d/theirs.conf")

    assert refused.returncode != 0
    assert "`/etc/nginx/conf.d/theirs.conf`, line 1" in " ".join(
        refused.stderr.replace(" !     ", "").split("\n")
    )
    assert site.ask("domains") == ["blog.example.com"]
    assert "www.example.com" not in site.host.read("/etc/nginx/conf.d/pushdeploy-blog.conf")
    assert visit(site.host, BLOG).status == 200


def test_the_owners_own_directives_are_included_and_survive(site: Site) -> None:
    site.host.write("/etc/nginx/pushdeploy/blog/own.conf", "add_header X-Own yes always;\n")
    site.cli("nginx:set send-timeout 31s")

    answer = visit(site.host, BLOG)

    assert answer.headers["X-Own"] == "yes"
    site.host.run("rm", "/etc/nginx/pushdeploy/blog/own.conf")
    site.cli("nginx:unset send-timeout")


def test_a_proxy_in_front_that_is_named_tells_who_the_visitor_is(site: Site) -> None:
    named = "set_real_ip_from 127.0.0.1;\nreal_ip_header CF-Connecting-IP;\n"
    site.host.write("/etc/nginx/pushdeploy/blog/proxy.conf", named)
    reload_nginx(site.host)

    seen = visit(site.host, f"{BLOG}/headers", **{"CF-Connecting-IP": "203.0.113.7"}).text

    site.host.run("rm", "/etc/nginx/pushdeploy/blog/proxy.conf")
    reload_nginx(site.host)
    assert '"X-Forwarded-For": "203.0.113.7"' in seen


def test_a_path_can_be_kept_for_those_who_know_a_password(site: Site) -> None:
    site.host.write("/etc/nginx/staff", "ada:{PLAIN}secret\n")
    private = (
        'location /headers { auth_basic "Staff"; auth_basic_user_file /etc/nginx/staff; '
        "try_files /nothing @app; }\n"
    )
    site.host.write("/etc/nginx/pushdeploy/blog/private.conf", private)
    reload_nginx(site.host)

    shut_out = visit(site.host, f"{BLOG}/headers").status
    let_in = curl(site.host, "--user", "ada:secret", f"{BLOG}/headers")[1]

    site.host.run("rm", "/etc/nginx/pushdeploy/blog/private.conf")
    reload_nginx(site.host)
    assert shut_out == 401
    assert '"Host": "blog.example.com"' in let_in


def test_maintenance_shows_a_page_without_a_reload_and_workers_go_on(site: Site) -> None:
    before = nginx_pids(site.host)
    web = site.main_pid()

    site.cli("maintenance:on --message 'Back at <9>'")
    page = visit(site.host, BLOG)
    site.cli("maintenance:off")
    after = visit(site.host, BLOG)

    assert (page.status, page.headers["Retry-After"]) == (503, "120")
    assert "Back at &lt;9&gt;" in page.text
    assert after.status == 200
    assert (nginx_pids(site.host), site.main_pid()) == (before, web)


def test_while_the_app_does_not_answer_visitors_get_a_calm_page(site: Site) -> None:
    unit = f"{site.unit}{site.current}.web"
    site.host.run("systemctl", "stop", f"{unit}.service", f"{unit}.socket")

    page = visit(site.host, BLOG)

    assert (page.status, page.headers["Retry-After"]) == (503, "10")
    assert "We will be right back" in page.text
    site.host.run("pushdeploy", "reconcile")
    assert visit(site.host, BLOG).status == 200


def test_a_websocket_passes(site: Site) -> None:
    answer = visit(site.host, f"{BLOG}/headers", Upgrade="websocket", Connection="Upgrade")

    assert '"Upgrade": "websocket"' in answer.text


def test_large_answers_are_compressed(site: Site) -> None:
    site.change({"static/large.css": "a { color: red }\n" * 500})
    site.push()

    _, headers = curl(
        site.host, "-D-", "-o/dev/null", "-H", "Accept-Encoding: gzip", f"{BLOG}/static/large.css"
    )

    assert "Content-Encoding: gzip" in headers
    assert "Server: nginx\n" in headers


LONG = f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 50}.example"


def test_the_longest_names_and_many_of_them_are_served(site: Site) -> None:
    names = [LONG, f"*.{'e' * 60}.example.com", *(f"tenant-{n:04}.example.com" for n in range(400))]

    site.cli(f"domains:add {' '.join(names)}")
    answers = [visit(site.host, f"http://{name.replace('*', 'x')}").text for name in names[::50]]
    site.cli(f"domains:remove {' '.join(names)}")

    assert {answer[:2] for answer in answers} == {"v="}


def test_a_small_table_of_names_of_the_owners_is_named_and_a_large_one_is_used(site: Site) -> None:
    own = "/etc/nginx/conf.d/0-own.conf"
    site.host.write(own, "server_names_hash_bucket_size 64;\n")
    refused = site.cli(f"domains:add {LONG}", check=False)
    site.host.write(own, "server_names_hash_bucket_size 1024;\n")
    site.cli(f"domains:add {LONG}")
    answer = visit(site.host, f"http://{LONG}").text
    site.cli(f"domains:remove {LONG}")
    site.host.run("rm", own)
    site.host.run("pushdeploy", "reconcile")

    assert refused.returncode != 0
    assert "grep -rn server_names_hash /etc/nginx" in refused.stderr
    assert answer.startswith("v=")


def test_the_bare_address_is_chosen_and_never_goes_to_another_app_by_itself(site: Site) -> None:
    def bare() -> str:
        return curl(site.host, "http://127.0.0.1/")[1][:2]

    left = site.cli("domains:remove blog.example.com")
    made = site.laptop.ssh("apps:create second", check=True)
    first = json.loads(site.laptop.ssh("bare --json", check=True).stdout)
    pushed = site.deploy_version(9).output
    went = site.cli("domains:add blog.example.com")
    nobody = (bare(), site.laptop.ssh("bare --json", check=True).stdout)
    site.laptop.ssh("bare:set --app second", check=True)
    second = curl(site.host, "--write-out", "%{http_code}", "http://127.0.0.1/")[1]
    site.laptop.ssh("apps:create third", check=True)
    gone = site.laptop.ssh("apps:destroy --app second --confirm second", check=True)
    after = curl(site.host, "http://127.0.0.1/")
    site.cli("bare:set")
    both = (bare(), visit(site.host, BLOG).text[:2])
    listed = site.cli("domains")
    site.laptop.ssh("bare:unset", check=True)
    unset = bare()
    site.laptop.ssh("apps:destroy --app third --confirm third", check=True)

    assert "blog answers on the server's bare address" in left.stderr
    assert "bare address" not in made.stderr
    assert first == {"app": "blog", "kept_for": None}
    assert re.search(r"remote: +http://127.0.0.1 *\n", pushed)  # as the laptop reaches it
    assert "left the server's bare address" in went.stderr
    assert nobody[0] == ""
    assert json.loads(nobody[1]) == {"app": None, "kept_for": "blog"}
    assert second.endswith("503")
    assert "Nothing answers on the server's bare address now" in gone.stderr
    assert after == (52, "")
    assert both == ("v=", "v=")
    assert listed.stdout == "blog.example.com\n"
    assert "blog answers on the server's bare address: http://127.0.0.1\n" in listed.stderr
    assert unset == ""


def test_a_server_of_before_there_was_a_choice_keeps_what_it_had(site: Site) -> None:
    site.cli("domains:remove blog.example.com")
    site.host.run("sed", "-i", "/^bare_address/d", "/etc/pushdeploy/settings.toml")

    site.host.run("pushdeploy", "reconcile")
    answer = visit(site.host, "http://127.0.0.1/").text
    written = site.host.read("/etc/pushdeploy/settings.toml")
    site.cli("domains:add blog.example.com")

    assert answer.startswith("v=")
    assert 'bare_address = "blog"' in written
