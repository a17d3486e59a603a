"""Words that people bring from Heroku, Dokku, Kamal, Capistrano and Piku, and what does it here."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pushdeploy.model.refname import push_command

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

P = "pushdeploy"

READS = frozenset(
    {
        *("apps", "certs", "config", "config:get", "domains", "firewall:status", "keys", "logs"),
        *("maintenance", "nginx:show", "ps", "releases", "releases:info", "releases:output"),
        *("static", "storage", "version", "watchdog"),
    }
)
"""Commands that only tell: what may be proposed to whoever typed something unknown."""

DESTROYING = ("destroy", "remove", "unset", "clear", "off", "uninstall", "disable")
"""Verbs that are never proposed for what only looks like them."""

SIMILAR = 0.75
"""Of difflib: `relases` and `releases` are, `statu` and `static` are not meant to be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a word that is not a command: why, and what to type."""

    why: str
    hint: str


_REMOTE = f"git remote add production deploy@HOST:APP; {P} apps lists them"
_PUSH = push_command("")
_DATABASE = (
    "pushdeploy manages PostgreSQL, MariaDB and Redis only: bring your own, and set its URL",
    f"{P} config:set --help",
)
_MYSQL = (
    "`mysql:create` gives an app a MariaDB database on the same server",
    f"{P} mysql:create",
)
_POSTGRES = (
    "`pg:create` gives an app a PostgreSQL database on the same server",
    f"{P} pg:create",
)
_MYSQL_CLI = ("`mysql:cli` opens MariaDB's own client", f"{P} mysql:cli")
_REDIS = ("`redis:create` gives an app a Redis of its own", f"{P} redis:create")
_BUILD = ("each push builds a venv from requirements.txt by itself", _PUSH)
_PORTS = ("nginx answers on ports 80 and 443; each app has a port on 127.0.0.1", f"{P} apps")
_SCALE_DOWN = (
    "web always runs; scale workers to 0, or show a maintenance page",
    f"{P} ps:scale worker=0, or {P} maintenance:on",
)
_ONE_OFF = ("`run` runs a command in the app", f"{P} run bash")
_STATUS = ("`ps` shows what is running, and how it is doing", f"{P} ps")
_PAST = ("every deploy and every change is a release", f"{P} releases")
_BACK = ("`rollback` goes back, to the release before or to one that you name", f"{P} releases")
_VARS = ("`config` shows config vars", f"{P} config")
_KEYS = ("whoever has one of these ssh keys may push", f"{P} keys")
_HTTPS = ("`certs:auto` gets certificates, and renews them", f"{P} certs:auto")
_CHECKS = ("health checks are in app.json, and run in each deploy", f"{P} logs -p web")
_EXPORT = ("`config --shell` prints config vars for a shell", f"{P} config --shell")
_GIT = ("the server is a git remote of your checkout", _REMOTE)
_NO_LOCK = ("each deploy locks the app by itself, and leaves no lock if it is killed", f"{P} ps")
_SITE = ("nginx sites are rewritten by each change; these are the settings", f"{P} nginx:show")
_LOAD = ("a process may use what the server has; `ps` shows how much it uses", f"{P} ps")
_PYTHON = ("there are no buildpacks, just .python-version and requirements.txt", _PUSH)
_NO_DOCKER = ("there are no containers or images, just a venv and systemd", f"{P} ps")
_BACKUPS = ("backups are of the whole server; `backup:list` lists them", f"{P} backup:list")
_NOTICES = ("`notify:add` sends notices to a webhook, chat or mail", f"{P} notify:add --help")
_BACKUP_NOW = ("`backup:create` backs up the whole server now", f"{P} backup:create")
_JOBS = ("scheduled jobs are `cron` in app.json", f"{P} cron")
_UPGRADE = ("a newer installer.sh upgrades the server", f"{P} version")
_HTTP_OFF = ("an app without a certificate is served over plain HTTP", f"{P} certs")

# The words, and why and what instead. `noun:*` is any verb of a noun that is not ours.
_TABLE: tuple[tuple[str, tuple[str, str]], ...] = (
    ("info status apps:info apps:report ps:report ps:info app:info apps:status", _STATUS),
    ("app:details details top htop ps:list ps:show ps:status processes", _STATUS),
    ("doctor checkup diagnose health", ("`ps` shows what is wrong", f"{P} ps")),
    ("report ps:inspect inspect ps:type dyno dynos dyno:*", _STATUS),
    (
        "open urls url apps:open browse dashboard",
        ("`domains` lists the app's addresses", f"{P} domains"),
    ),
    ("git git:* remote remotes clone apps:clone login auth auth:* link fork", _GIT),
    ("letsencrypt letsencrypt:* ssl ssl:* tls certs:generate certs:update https", _HTTPS),
    ("certs:info certs:show certs:report", ("`certs` lists them", f"{P} certs")),
    ("letsencrypt:disable certs:auto:disable ssl:disable", _HTTP_OFF),
    (
        "backup backups backup:info backup:show backup:status backups:* snapshots pg:backups",
        _BACKUPS,
    ),
    (
        "backup:delete backup:remove backup:forget pg:backups:delete",
        ("old backups are deleted by `backup:prune`", f"{P} backup:prune --help"),
    ),
    ("backup:run backup:now backup:start backup:make", _BACKUP_NOW),
    (
        "backup:check backup:test",
        ("`backup:verify` reads all backups back", f"{P} backup:verify"),
    ),
    (
        "pg:backups:schedule pg:backups:schedules pg:backups:unschedule",
        ("`backup:schedule` has backups made automatically", f"{P} backup:schedule daily"),
    ),
    (
        "pg:backups:capture pg:backups:download pg:export",
        ("`pg:dump` writes a dump, and each backup of the server holds one", f"{P} pg:dump"),
    ),
    (
        "pg:backups:restore pg:import",
        (
            "`pg:restore` replaces what the database holds with a dump",
            f"{P} pg:restore --help",
        ),
    ),
    ("pg:* psql postgres postgres:* postgresql:* addons addons:* db db:* database", _POSTGRES),
    ("mysql:connect mysql:console mariadb:connect mariadb:cli mariadb:console", _MYSQL_CLI),
    (
        "mysql:pull mysql:push mysql:copy",
        ("`mysql:dump` writes a dump, `mysql:restore` reads one", f"{P} mysql:dump --help"),
    ),
    ("mysql:* mariadb mariadb:* jawsdb:* cleardb:*", _MYSQL),
    ("mongo:*", _DATABASE),
    (
        "redis:cli redis:connect redis:console",
        ("there is no client for Redis; `redis:info` shows how it is doing", f"{P} redis:info"),
    ),
    ("redis:* key-value keydb:* valkey valkey:*", _REDIS),
    ("sqlite sqlite:* accessory", _DATABASE),
    ("accessory:* memcached:* rabbitmq:*", _DATABASE),
    ("plugin plugin:* plugins plugins:*", ("there are no plugins", f"{P} --help")),
    ("ps:stop stop ps:kill kill apps:stop app:stop halt down ps:pause pause", _SCALE_DOWN),
    (
        "start ps:start apps:start app:start boot app:boot up ps:wait resume",
        ("whatever is live is running; `restart` restarts it", f"{P} ps"),
    ),
    (
        "ps:rebuild reload app:restart app:reboot reboot deploy:restart touch config:live",
        ("`restart` restarts the live code", f"{P} restart"),
    ),
    ("dyno:restart dynos:restart", ("`restart` restarts the live code", f"{P} restart")),
    ("log app:log", ("`logs` shows what the app printed", f"{P} logs")),
    (
        "logs:tail tail logs:follow logs:live app:logs",
        ("`logs -t` shows what the app prints, as it prints it", f"{P} logs -t"),
    ),
    (
        "logs:failed build:logs builds builds:info builds:output deploy:log output logs:deploy",
        ("what a deploy printed is kept", f"{P} releases:output"),
    ),
    ("logs:drain drains drains:* logs:set", ("all logs are in the journal", f"{P} logs")),
    ("env vars env:get config:vars config:all variables envs secrets", _VARS),
    ("config:edit config:export env:export config:shell", _EXPORT),
    (
        "env:set secret:set set secrets:set",
        ("`config:set` sets config vars", f"{P} config:set NAME=value"),
    ),
    (
        "env:push config:push config:load env:import secrets:push",
        ("`config:import` reads a whole .env", f"{P} config:import .env"),
    ),
    ("get", ("`config:get` shows one config var", f"{P} config:get NAME")),
    ("unset env:unset", ("`config:unset` unsets config vars by name", f"{P} config:unset --help")),
    (
        "create new apps:new app:create launch add",
        ("the first push creates an app, or `apps:create` does before", f"{P} apps:create APP"),
    ),
    (
        "destroy delete remove rm app:remove apps:delete apps:remove apps:rm drop",
        (
            "`apps:destroy` deletes an app, and asks for its name",
            f"{P} apps:destroy --help",
        ),
    ),
    ("apps:rename rename apps:favorites apps:transfer", ("an app keeps its name", f"{P} apps")),
    ("apps:lock apps:unlock lock lock:* unlock deploy:check", _NO_LOCK),
    (
        "local local:* foreman honcho server serve dev",
        ("pushdeploy runs on servers", "honcho start"),
    ),
    (
        "uninstall",
        (
            "`sudo ./installer.sh uninstall` in a checkout clears the server",
            f"{P} apps:destroy --help, for one app alone",
        ),
    ),
    ("setup server:* provision bootstrap install", ("this server is set up", _PUSH)),
    ("promote pipelines pipelines:* reviewapps:* ci ci:* pipeline", ("a push deploys", _PUSH)),
    (
        "push publish release ship apps:deploy app:deploy redeploy deploy:app",
        ("a push deploys", _PUSH),
    ),
    ("deploy:rollback deploy:revert revert undo back rollback:* downgrade", _BACK),
    ("history audit events activity releases:show deploys deploy:list", _PAST),
    (
        "deploy:cleanup cleanup prune prune:* gc repo:gc repo:* clean",
        ("old releases are deleted automatically", f"{P} ps"),
    ),
    (
        "scale ps:set ps:resize resize formation",
        ("`ps:scale` scales processes", f"{P} ps:scale web=2"),
    ),
    ("ps:exec exec enter shell bash sh console ssh app:exec run:inside attach python", _ONE_OFF),
    ("run:detached run:list run:logs run:rake rake manage", _ONE_OFF),
    ("scheduler cron:report cron:set schedule scheduler:* clock jobs tasks", _JOBS),
    ("cron:add cron:create cron:edit cron:remove crontab", _JOBS),
    ("access access:* members members:* orgs teams users user:* ssh-keys:list", _KEYS),
    (
        "ssh-keys ssh-keys:* keys:set key key:* keys:new authorize ssh:*",
        ("`keys:add` adds a key", f"{P} keys:add FILE.pub"),
    ),
    ("whoami", ("a key's name is who you are", f"{P} keys")),
    ("logout sessions sessions:*", ("there is no login, only ssh keys", f"{P} keys")),
    ("checks checks:* healthcheck healthchecks healthcheck:*", _CHECKS),
    ("proxy proxy:* ports ports:* port traefik traefik:* caddy:* haproxy:*", _PORTS),
    (
        "network network:* firewall:* ufw",
        ("`firewall:status` shows the firewall", f"{P} firewall:status"),
    ),
    ("nginx:show-config nginx:show-conf nginx:build-config nginx:validate-config", _SITE),
    ("nginx:report nginx:config", _SITE),
    (
        "nginx:access-logs nginx:error-logs nginx:logs",
        ("nginx's logs are in /var/log/nginx", f"{P} logs"),
    ),
    ("domains:report domains:info domain hostname", ("`domains` lists them", f"{P} domains")),
    (
        "domains:set domains:enable domains:update domain:add vhosts",
        ("`domains:add` adds a domain", f"{P} domains:add www.example.com"),
    ),
    (
        "storage:mount storage:create volumes volume volume:* mount disk disks",
        ("`storage:add` adds a folder that outlives deploys", f"{P} storage:add instance"),
    ),
    ("storage:report storage:info", ("`storage` lists them", f"{P} storage")),
    ("build build:* builder:* image image:* registry registry:* docker-options:*", _BUILD),
    ("docker docker:* container container:* compose", _NO_DOCKER),
    ("buildpacks buildpacks:* stack stack:* runtime", _PYTHON),
    ("resource:* limits memory stats metrics metrics:* usage", _LOAD),
    ("regions spaces labs features features:* tags tags:* labels:*", _STATUS),
    (
        "notify:delete notify:rm notify:off notify:set",
        ("`notify:remove` takes the number that `notify` shows", f"{P} notify"),
    ),
    ("webhooks webhooks:* notifications notifications:* alerts alerts:*", _NOTICES),
    ("update upgrade self-update", _UPGRADE),
    (
        "enable disable on off maintenance:status maintenance:show",
        ("visitors can get a maintenance page", f"{P} maintenance"),
    ),
    ("show list ls index", ("`apps` lists all apps", f"{P} apps")),
    ("commands usage:help man topics", ("`--help` lists all commands", f"{P} --help")),
)

_NEW_APP = " APP"
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_ANSWERS = {word: Answer(*said) for words, said in _TABLE for word in words.split()}


def words() -> Iterator[tuple[str, Answer]]:
    """Every word of the table with its answer; `noun:*` stands for any verb."""
    yield from _ANSWERS.items()


def answer(typed: str, following: str = "") -> Answer | None:
    """What does here what the word does elsewhere; `None` for a word that nobody has.

    Args:
        typed: the word in the command's place, such as `letsencrypt:enable`.
        following: the word after it: Kamal says `app logs`.
    """
    word = typed.lower()
    noun, colon, _ = word.partition(":")
    found = (
        (_ANSWERS.get(f"{word}:{following.lower()}") if following and not colon else None)
        or _ANSWERS.get(word)
        or (_ANSWERS.get(f"{noun}:*") if colon else None)
    )
    if found is not None and found.hint.endswith(_NEW_APP) and _NAME.fullmatch(following):
        return Answer(found.why, f"{found.hint.removesuffix(_NEW_APP)} {following}")
    return found


def slip(typed: str, commands: Collection[str]) -> str | None:
    """The command that was meant by one wrong letter in the verb; none if one may destroy."""
    noun, colon, verb = typed.lower().partition(":")
    siblings = [one for one in commands if colon and one.startswith(f"{noun}:")]
    verbs = {one.partition(":")[2]: one for one in siblings}
    found = {said: one for said, one in verbs.items() if _is_slip(verb, said)}
    if not found.keys().isdisjoint(DESTROYING):
        return None
    return min(found.values(), key=lambda one: one not in READS, default=None)


def similar_read(typed: str, commands: Collection[str]) -> str | None:
    """The command that only tells and is most likely meant: its own noun's, else by its letters."""
    word = typed.lower()
    noun, colon, _ = word.partition(":")
    reads = [one for one in commands if one in READS]
    if colon and noun in reads:
        return noun
    close = difflib.get_close_matches(word, reads, n=1, cutoff=SIMILAR)
    return close[0] if close else None


def _is_slip(typed: str, meant: str) -> bool:
    """One letter too many, too few, wrong, or two swapped."""
    if typed == meant:
        return True
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    one, other = typed[start:], meant[start:]
    return (
        one[1:] in (other, other[1:])
        or one == other[1:]
        or (one[:2] == other[1::-1] and one[2:] == other[2:])
    )
