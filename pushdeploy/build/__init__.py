"""From a tree to what it runs on: its packages in a venv, made once, never changed."""
