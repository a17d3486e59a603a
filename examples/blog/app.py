"""What `gunicorn app:app` loads."""

from blog import create_app

app = create_app()
