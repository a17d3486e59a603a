"""Files in storage that say what is to go wrong."""

from pathlib import Path


def there(name):
    return (Path("instance") / name).exists()


def crash_if(name):
    if there(name):
        raise RuntimeError(f"{name} is there")
