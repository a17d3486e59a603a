"""A Django project with static files."""
