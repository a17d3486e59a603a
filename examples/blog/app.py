"""What `gunicorn app:app` loads."""

from blog.web import create_app

app = create_app()
