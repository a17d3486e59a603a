"""nginx: our files in its `conf.d`, tested before they count, reloaded once they do.

A deploy never reloads nginx: its upstream is a path through `current`. A change of a site does.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pushdeploy.errors import CommandFailedError, UnavailableError
from pushdeploy.model.layout import SERVER
from pushdeploy.model.room_layouts import ProxyLayout
from pushdeploy.system import nginx_logs, nginx_program, nginx_workers
from pushdeploy.system.failpoints import Point, reached
from pushdeploy.system.files import File, make_folder, sync_folder, write
from pushdeploy.system.locks import held
from pushdeploy.system.nginx_features import features
from pushdeploy.system.nginx_files import MODE, OURS, site_files
from pushdeploy.system.nginx_loaded import LoadedNote
from pushdeploy.system.nginx_reading import MAIN, read
from pushdeploy.system.nginx_refusal import refusal
from pushdeploy.system.nginx_welcome import Welcome
from pushdeploy.system.rendering import render
from pushdeploy.system.unit_files import PROXY_GROUP

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from pushdeploy.model.nginx_file import Directive
    from pushdeploy.model.site import NginxFeatures, Site

MISSING = (
    "nginx is not installed",
    "sudo apt-get install nginx-light, then: pushdeploy reconcile",
)
CONFIGURATION = Path("/etc/nginx")

LOCK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Nginx:
    """The nginx of this machine."""

    state: Path
    """Our folder that lasts: challenges and pages lie in it."""
    configuration: Path = CONFIGURATION

    @property
    def folder(self) -> Path:
        """Where our files go; Debian's nginx.conf includes `conf.d/*.conf` in its http block."""
        return self.configuration / "conf.d"

    @property
    def _ours(self) -> ProxyLayout:
        return ProxyLayout(self.state)

    @property
    def snippets(self) -> Path:
        """The server owner's own files, a folder an app."""
        return self.configuration / OURS

    @property
    def _note(self) -> LoadedNote:
        return LoadedNote(self._ours.loaded)

    @property
    def _welcome(self) -> Welcome:
        note = self._ours.welcome
        return Welcome(self.configuration / "sites-enabled" / "default", note)

    @property
    def serves_domains(self) -> bool:
        """As soon as it is installed."""
        return True

    def is_installed(self) -> bool:
        """True when there is an nginx here."""
        return self.folder.is_dir() and nginx_program.is_there()

    def require(self) -> None:
        """See that there is one."""
        if not self.is_installed():
            text, hint = MISSING
            raise UnavailableError(text, hint=hint)

    def obstacles(self, sites: Sequence[Site], bare: str | None) -> list[tuple[str, str]]:
        """What keeps visitors from these sites, and what cures it."""
        if not self.is_installed():
            return [MISSING]
        from pushdeploy.system.nginx_obstacles import obstacles  # slow

        return [*obstacles(sites, bare, self.features(), self.others(), self.at_boot())]

    def features(self) -> NginxFeatures:
        """What this nginx can do."""
        return features(self._ours, self.snippets, self.others())

    def others(self) -> list[Directive]:
        """What nginx reads of other people's files."""
        ours = f"{self.folder}/{OURS}"
        found = read(self.configuration).directives
        return [one for one in found if not one.file.startswith((f"{ours}.conf", f"{ours}-"))]

    def has_bare_address(self, app: str) -> bool:
        """False when our file for the app leaves port 80 to somebody else's `default_server`."""
        try:
            text = (self.folder / f"{OURS}-{app}.conf").read_text()
        except OSError:
            return True  # nobody has looked yet
        return "default_server" in text

    def worker(self) -> str:
        """The user that its workers run as, or will after a reload."""
        return nginx_workers.worker_user(self.others(), nginx_program.built())

    def apply(self, look: Callable[[], Sequence[Site]], kept: Collection[str] = ()) -> list[str]:
        """Make nginx serve exactly the sites that are found; returns the files that changed.

        Of the apps in `kept` it is not known what they should be: their files stay as they are.

        Looked up, written, tested by `nginx -t`, reloaded, all under one lock of the machine; what
        does not pass is taken back before anybody else can see it. A run that was killed before the
        reload is made up for.

        Raises:
            UnavailableError: nginx refuses; the message names the file to blame, which may be
                somebody else's. The files are as they were.
        """
        with self._lock():
            sites = look()
            self._make_folders(sites)
            changed = self._welcome.turn_off()
            wanted = self._wanted(sites, kept)
            before = self._present()
            was_loaded = self._is_loaded(before)
            if before != _contents(wanted):
                self._note.remove()
            gone = [path for path in before if path not in wanted]
            changed += [file.path.name for file in wanted.values() if write(file)]
            reached(Point.SITE_ADDED)
            for path in gone:
                path.unlink()
            if self._let_in(self.worker()):
                changed.append(f"the members of the group {PROXY_GROUP}")
            if not changed and not gone and was_loaded and self._serves(sites):
                self._check_included()
                return []
            sync_folder(self.folder)
            reached(Point.SITE_WRITTEN)
            self._take_up(wanted, before, was_loaded=was_loaded)
            self._note.write(_contents(wanted), self.worker())
            reached(Point.SITE_NOTED)
            return [*changed, *(path.name for path in gone)]

    def _take_up(
        self, wanted: Mapping[Path, File], before: dict[Path, str], *, was_loaded: bool
    ) -> None:
        """Have nginx test and load the files; what it refuses is put back."""
        try:
            self._check_included()
            nginx_program.test()
            reached(Point.SITE_TESTED)
            self._reload()
            reached(Point.SITE_RELOADED)
        except (CommandFailedError, UnavailableError) as error:
            self._put_back(before, set(wanted))
            if was_loaded:
                self._note.write(before, self.worker())
            if not before:
                self._welcome.turn_on()
            raise refusal(error, set(wanted)) from error

    def _check_included(self) -> None:
        """A configuration of somebody's may not read our folder, and `nginx -t` finds no fault.

        Raises:
            UnavailableError: so it is.
        """
        if not self._is_included():
            raise UnavailableError(
                f"`{self.configuration / MAIN}` does not read `{self.folder}`",
                hint=f"put this line into its http block: include {self.folder}/*.conf;",
            )

    def _is_included(self) -> bool:
        return self.folder / f"{OURS}.conf" in read(self.configuration).files

    def let_in(self) -> list[str]:
        """Let nginx's workers reach the apps' sockets; an nginx that runs is reloaded soon."""
        if not self.is_installed():
            return []
        with self._lock():
            user = self.worker()
            if not self._let_in(user):
                return []
            nginx_program.reload_soon()
        return [f"let nginx's user {user} reach the apps again"]

    def _let_in(self, user: str) -> bool:
        """Let nginx's workers reach the apps' sockets; they learn of it by a reload."""
        nginx_workers.own_sockets(SERVER.run)
        return nginx_workers.ensure_member(user)

    def _serves(self, sites: Sequence[Site]) -> bool:
        """False when it should run and does not."""
        return not sites or bool(nginx_program.workers(self.others()))

    def _wanted(self, sites: Sequence[Site], kept: Collection[str]) -> dict[Path, File]:
        present = self._present()
        paths = [self.folder / f"{OURS}-{app}.conf" for app in sorted(kept)]
        left = [File(path, present[path], MODE) for path in paths if path in present]
        made = site_files(self.folder, self.features(), sites, left)
        return {file.path: file for file in [*made, *left]}

    def is_as(self, sites: Sequence[Site], kept: Collection[str] = ()) -> bool:
        """True when nginx serves exactly these sites, and those that are kept; only looks."""
        wanted = self._wanted(sites, kept)
        if not nginx_workers.is_member(self.worker()) or not self._serves(sites):
            return False
        if not self._is_included():
            return False
        return self._present() == _contents(wanted) and self._is_loaded(_contents(wanted))

    def _is_loaded(self, contents: Mapping[Path, str]) -> bool:
        return self._note.says(contents, self.worker())

    def at_boot(self) -> str:
        """Whether systemd starts it: `enabled`, `disabled`, `masked`, … (systemctl(1))."""
        return nginx_program.at_boot()

    def _reload(self) -> None:
        nginx_program.reload(self.others())

    def test_and_reload(self) -> None:
        """Take up what changed outside our files, such as a renewed certificate.

        Raises:
            UnavailableError: nginx refuses and goes on as it was.
        """
        with self._lock():
            try:
                nginx_program.test()
                self._reload()
            except CommandFailedError as error:
                raise refusal(error, set()) from error

    def maintenance_page(self, message: str) -> str:
        """Shown as long as it lies in the app's folder."""
        return render("pages/page.html.j2", title="Down for maintenance", text=message)

    def leave(self) -> None:
        """Take our files away and turn the welcome site on again, if we turned it off."""
        with self._lock():
            present = self._present()
            self._note.remove()
            for path in present:
                path.unlink()
            if self._welcome.turn_on() or present:
                nginx_program.test()
                self._reload()

    def _present(self) -> dict[Path, str]:
        return {path: path.read_text() for path in self.folder.glob(f"{OURS}*.conf")}

    def _put_back(self, before: dict[Path, str], wanted: set[Path]) -> None:
        for path in wanted - set(before):
            path.unlink(missing_ok=True)
        for path, text in before.items():
            write(File(path, text, MODE))

    def _make_folders(self, sites: Sequence[Site]) -> None:
        make_folder(self._ours.acme, mode=0o755)
        make_folder(self._ours.pages, mode=0o755)
        make_folder(self.snippets, mode=0o755)
        for site in sites:
            make_folder(self.snippets / site.app, mode=0o755)
        nginx_logs.ensure(site.app for site in sites)
        text = "It is being started or repaired. Please try again in a moment."
        page = render("pages/page.html.j2", title="We will be right back", text=text)
        write(File(self._ours.down, page))

    @contextmanager
    def _lock(self) -> Iterator[None]:
        path = self._ours.lock
        with held(path, who="pushdeploy", what="a change of nginx", seconds=LOCK_SECONDS):
            yield


def _contents(files: Mapping[Path, File]) -> dict[Path, str]:
    return {path: file.content for path, file in files.items()}
