"""Modules whose package has another name at the index: `import yaml` comes with `pyyaml`."""

from __future__ import annotations

PACKAGES = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cairosvg": "CairoSVG",
    "Crypto": "pycryptodome",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "decouple": "python-decouple",
    "discord": "discord.py",
    "django_filters": "django-filter",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "environ": "django-environ",
    "fitz": "pymupdf",
    "flask_bcrypt": "flask-bcrypt",
    "flask_cors": "flask-cors",
    "flask_login": "flask-login",
    "flask_migrate": "flask-migrate",
    "flask_sqlalchemy": "flask-sqlalchemy",
    "flask_wtf": "flask-wtf",
    "git": "gitpython",
    "google.protobuf": "protobuf",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "ldap": "python-ldap",
    "magic": "python-magic",
    "markdown_it": "markdown-it-py",
    "memcache": "python-memcached",
    "multipart": "python-multipart",
    "MySQLdb": "mysqlclient",
    "nacl": "pynacl",
    "OpenSSL": "pyopenssl",
    "PIL": "pillow",
    "pkg_resources": "setuptools<81",
    "psycopg2": "psycopg2-binary",
    "psycopg": "psycopg[binary]",
    "pythonjsonlogger": "python-json-logger",
    "pymysql": "pymysql",
    "redis": "redis",
    "rest_framework": "djangorestframework",
    "rest_framework_simplejwt": "djangorestframework-simplejwt",
    "corsheaders": "django-cors-headers",
    "crispy_forms": "django-crispy-forms",
    "debug_toolbar": "django-debug-toolbar",
    "django_extensions": "django-extensions",
    "allauth": "django-allauth",
    "storages": "django-storages",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "socketio": "python-socketio",
    "engineio": "python-engineio",
    "telegram": "python-telegram-bot",
    "uvicorn_worker": "uvicorn-worker",
    "uvicorn.workers": "uvicorn",
    "usb": "pyusb",
    "websocket": "websocket-client",
    "werkzeug": "werkzeug",
    "whitenoise": "whitenoise",
    "xlsxwriter": "XlsxWriter",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
"""Seen in repos that people deploy; what is not here has the module's own name."""


def package_of(module: str) -> str:
    """The package that brings a module: `pyyaml` for `yaml`, `google-auth` for `google_auth`."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        found = PACKAGES.get(".".join(parts[:length]))
        if found is not None:
            return found
    return parts[0].replace("_", "-")
