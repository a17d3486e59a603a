"""Asks the databases by every library, and prints what each found, as JSON."""

import asyncio
import json
import os

import asyncpg
import dj_database_url
import environ
import psycopg
import psycopg2
import sqlalchemy
from django.conf import settings
from django.db import connections
from sqlalchemy.ext.asyncio import create_async_engine

URL = os.environ["DATABASE_URL"]
ASK = "SELECT current_user::text"
found = {}


def by_psycopg():
    with psycopg.connect(URL) as connection:
        return connection.execute(ASK).fetchone()[0]


def by_psycopg2():
    with psycopg2.connect(URL) as connection, connection.cursor() as cursor:
        cursor.execute(ASK)
        return cursor.fetchone()[0]


def by_sqlalchemy(scheme):
    url = URL.replace("postgresql://", f"{scheme}://", 1)
    with sqlalchemy.create_engine(url).connect() as connection:
        return connection.execute(sqlalchemy.text(ASK)).scalar()


async def by_sqlalchemy_asyncpg():
    url = URL.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        answer = (await connection.execute(sqlalchemy.text(ASK))).scalar()
    await engine.dispose()
    return answer


async def by_asyncpg():
    connection = await asyncpg.connect(URL)
    answer = await connection.fetchval(ASK)
    await connection.close()
    return answer


def by_django(name):
    with connections[name].cursor() as cursor:
        cursor.execute(ASK)
        return cursor.fetchone()[0]


settings.configure(
    DATABASES={
        "default": dj_database_url.config(conn_max_age=600),
        "environ": environ.Env().db("DATABASE_URL"),
    }
)
found["psycopg"] = by_psycopg()
found["psycopg2"] = by_psycopg2()
found["sqlalchemy"] = by_sqlalchemy("postgresql")
found["sqlalchemy+psycopg2"] = by_sqlalchemy("postgresql+psycopg2")
found["sqlalchemy+psycopg"] = by_sqlalchemy("postgresql+psycopg")
found["sqlalchemy+asyncpg"] = asyncio.run(by_sqlalchemy_asyncpg())
found["asyncpg"] = asyncio.run(by_asyncpg())
found["dj-database-url"] = by_django("default")
found["django-environ"] = by_django("environ")
print(json.dumps(found))
