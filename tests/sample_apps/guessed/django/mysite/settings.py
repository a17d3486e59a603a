"""The least that a project needs to answer."""

SECRET_KEY = "of-a-test"  # noqa: S105 - it guards nothing
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "mysite.urls"
INSTALLED_APPS = []
MIDDLEWARE = []

WSGI_APPLICATION = "mysite.wsgi.application"
