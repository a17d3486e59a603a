"""An app that is deployed once for a file of tests, none of which changes it."""

from collections.abc import Callable, Iterator

from tests.host.host import Host
from tests.host.laptop import Laptop
from tests.host.story import Site

DEPLOYED = "refs/deployed"
"""In the laptop's repo: what is live."""


def standing(host: Host, laptop: Laptop) -> Iterator[Callable[[], Site]]:
    """Gives version 1 of `tiny`, live as v1: the same app for as long as that is so."""
    made: list[Site] = []

    def give() -> Site:
        if not made or made[-1].current != "v1":
            made.append(Site.new(host, laptop))
            made[-1].deploy("tiny")
            laptop.git(made[-1].app, "update-ref", DEPLOYED, "HEAD")
        become_what_is_live(made[-1])
        return made[-1]

    yield give
    for site in made:
        site.destroy()


def become_what_is_live(site: Site) -> None:
    """On the laptop, on top of what the server got last: a push that failed stays there."""
    repo = f"{site.root}/repo.git"
    tip = site.host.run("git", "-C", repo, "rev-parse", "main", user="deploy").stdout.strip()
    git, app = site.laptop.git, site.app
    git(app, "switch", "-q", "--discard-changes", "-C", "main", tip)
    git(app, "clean", "-q", "--force", "-d", "-x")
    if git(app, "rev-parse", DEPLOYED).stdout.strip() != tip:
        git(app, "read-tree", "-u", "--reset", DEPLOYED)
        git(app, "commit", "-q", "--allow-empty", "-m", "Become what is live")
