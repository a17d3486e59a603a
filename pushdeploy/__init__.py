"""pushdeploy: `git push` puts a Python web app live on one server, `rollback` takes it back."""

__version__ = "0.1.0"
