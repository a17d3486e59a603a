"""Asks MariaDB by every library, and prints what each found, as JSON.

PyPI has no mysqlclient that needs no compiler: Debian's is taken in its place.
"""

import json
import os
import sys

sys.path.append("/usr/lib/python3/dist-packages")

import MySQLdb
import pymysql
import sqlalchemy

URL = os.environ["DATABASE_URL"]
ASK = "SELECT user()"
found = {}


def by(connection):
    with connection.cursor() as cursor:
        cursor.execute(ASK)
        return cursor.fetchone()[0]


def by_sqlalchemy(scheme):
    url = URL.replace("mysql://", f"{scheme}://", 1)
    with sqlalchemy.create_engine(url).connect() as connection:
        return connection.execute(sqlalchemy.text(ASK)).scalar()


told = sqlalchemy.make_url(URL)
name, socket = told.username, told.query["unix_socket"]
found["mysqlclient"] = by(MySQLdb.connect(user=name, db=name, unix_socket=socket))
found["pymysql"] = by(pymysql.connect(user=name, database=name, unix_socket=socket))
found["sqlalchemy"] = by_sqlalchemy("mysql")
found["sqlalchemy+mysqldb"] = by_sqlalchemy("mysql+mysqldb")
found["sqlalchemy+pymysql"] = by_sqlalchemy("mysql+pymysql")
print(json.dumps(found))
