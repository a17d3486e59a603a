"""Asks MariaDB by Django, which uses PyMySQL in the place of mysqlclient."""

import json

import dj_database_url
import environ
import pymysql
from django.conf import settings

pymysql.version_info = (2, 2, 7, "final", 0)  # of the mysqlclient that Django asks for
pymysql.install_as_MySQLdb()

from django.db import connections  # noqa: E402 - it looks for mysqlclient at once

settings.configure(
    DATABASES={"default": dj_database_url.config(), "environ": environ.Env().db("DATABASE_URL")}
)
found = {}
for name, by in (("default", "dj-database-url"), ("environ", "django-environ")):
    with connections[name].cursor() as cursor:
        cursor.execute("SELECT user()")
        found[by] = cursor.fetchone()[0]
print(json.dumps(found))
