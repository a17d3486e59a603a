"""Make what servers are booted from, while something else is done: `python -m tests.host.prefetch`.

Whoever wants one meanwhile waits for it, and makes it when this could not.
"""

from tests.host import image, wheelhouse


def main() -> None:
    """A disk and a folder of Python packages for each suite."""
    for suite in image.SUITES:
        image.build(suite)
        wheelhouse.build(suite)


if __name__ == "__main__":
    main()
