"""As `django-admin startproject` writes it, but shorter."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - as Django does

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
