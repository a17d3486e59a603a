"""Asks Redis by every library, and prints what each found, as JSON."""

import json
import os

import django
import redis
from celery import Celery
from django.conf import settings
from django.core.cache import cache, caches
from rq import Queue

URL = os.environ["REDIS_URL"]
CELERY_URL = URL.replace("unix://", "redis+socket://", 1)

settings.configure(
    CACHES={
        "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": URL},
        "django": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": URL},
    }
)
django.setup()
found = {}


def by_django():
    caches["django"].set("key", "value")
    return caches["django"].get("key")


def by_django_redis():
    cache.set("key", "value")
    return cache.get("key")


def by_redis():
    client = redis.from_url(URL)
    client.set("plain", "value")
    return client.get("plain").decode()


def by_rq():
    queue = Queue("mine", connection=redis.from_url(URL))
    queue.enqueue("os.getpid")
    return len(queue)


def by_celery(url):
    app = Celery("app", broker=url, backend=url)
    app.send_task("tasks.one")
    with app.connection_for_read() as connection:
        return connection.default_channel.client.llen("celery")


def by_celery_from_the_environment():
    os.environ["CELERY_BROKER_URL"] = os.environ["CELERY_RESULT_BACKEND"] = CELERY_URL
    app = Celery("app", broker=URL)
    app.send_task("tasks.one")
    app.backend.set("result", "stored")
    with app.connection_for_read() as connection:
        return connection.default_channel.client.llen("celery")


def by_celery_as_it_is():
    try:
        by_celery(URL)
    except KeyError as error:  # kombu knows no such transport
        return type(error).__name__
    return "taken"


found["redis"] = by_redis()
found["django-redis"] = by_django_redis()
found["django"] = by_django()
found["rq"] = by_rq()
found["celery"] = by_celery(CELERY_URL)
found["celery, as it is"] = by_celery_as_it_is()
found["celery, told by its own variables"] = by_celery_from_the_environment()
print(json.dumps(found))
