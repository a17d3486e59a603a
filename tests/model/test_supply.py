"""What an app misses is given by the command that makes it work, and not by a placeholder."""

from __future__ import annotations

import pytest

from pushdeploy.model.database import Database
from pushdeploy.model.supply import own, supply

URL = "postgresql://pd-blog@/pd-blog?host=/run/postgresql"
SOCKET = "/run/pushdeploy-redis/blog/redis.sock"
PG_CREATE = "pushdeploy pg:create --app blog --yes"
REDIS_CREATE = "pushdeploy redis:create --app blog --yes"
LIBPQ = "PGHOST=/run/postgresql PGPORT=5432 PGUSER=pd-blog PGPASSWORD=unused PGDATABASE=pd-blog"


@pytest.mark.parametrize(
    ("names", "config", "commands"),
    [
        (["API_KEY"], {}, "pushdeploy config:set API_KEY=VALUE --app blog"),
        (
            ["SECRET_KEY"],
            {},
            "pushdeploy config:set SECRET_KEY=$(openssl rand -hex 32) --app blog",
        ),
        (["DATABASE_URL"], {}, PG_CREATE),
        (["REDIS_URL"], {}, REDIS_CREATE),
        (
            ["REDIS_URL", "A", "DATABASE_URL"],
            {},
            f"{PG_CREATE}; {REDIS_CREATE}; pushdeploy config:set A=VALUE --app blog",
        ),
        (
            ["CELERY_BROKER_URL"],
            {"REDIS_URL": f"unix://{SOCKET}"},
            f"pushdeploy config:set CELERY_BROKER_URL=redis+socket://{SOCKET} --app blog",
        ),
        (["PGDATABASE"], {}, f"{PG_CREATE}; pushdeploy config:set {LIBPQ} --app blog"),
        (
            ["PGUSER"],
            {"DATABASE_URL": URL, "PGHOST": "/run/postgresql"},
            f"pushdeploy config:set {LIBPQ.partition(' ')[2]} --app blog",
        ),
    ],
)
def test_each_config_var_is_given_by_its_own_command(
    names: list[str], config: dict[str, str], commands: str
) -> None:
    assert sorted(supply(names, "blog", config).split()) == sorted(commands.split())


def test_only_the_own_address_counts_as_the_own_database() -> None:
    assert own(Database.POSTGRES, "blog", {"DATABASE_URL": URL})
    assert not own(Database.POSTGRES, "blog", {"DATABASE_URL": "postgresql://elsewhere/x"})
    assert not own(Database.POSTGRES, "blog", {})
