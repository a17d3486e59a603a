"""Two hooks as people write them today, behind nginx, on the same server; root pushes to them.

The tutorial's: one folder, `checkout -f`, `pip install`, `systemctl restart`. Capistrano's way: a
new folder and a new venv for each push, one link, `systemctl restart`.
"""

from dataclasses import dataclass

from bench.machine import Machine

UNIT = """\
[Unit]
Description=gunicorn of {name}
After=network.target

[Service]
User=www-data
Group=www-data
WorkingDirectory={folder}
RuntimeDirectory={name}
Environment=PATH={venv}/bin:/usr/bin:/bin WEB_CONCURRENCY={workers} PYTHONUNBUFFERED=1
ExecStart={venv}/bin/gunicorn --bind unix:/run/{name}/app.sock {arguments}

[Install]
WantedBy=multi-user.target
"""

NGINX = """\
server {{
  listen 127.0.0.1:{port};
  location / {{
    proxy_pass http://unix:/run/{name}/app.sock;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-Proto $scheme;
  }}
}}
"""

TUTORIAL_HOOK = """\
#!/bin/bash
while read -r _ _ ref; do
  [ "$ref" = refs/heads/main ] || continue
  git --work-tree=/srv/tutorial/app --git-dir=/srv/tutorial/repo.git checkout -f main
  /srv/tutorial/venv/bin/pip install -q -r /srv/tutorial/app/requirements.txt
  systemctl restart tutorial
done
"""

CAPISTRANO_HOOK = """\
#!/bin/bash
set -e
base=/srv/capistrano
while read -r _ new ref; do
  [ "$ref" = refs/heads/main ] || continue
  release=$base/releases/$(date +%Y%m%d%H%M%S%N)
  mkdir -p "$release"
  git archive "$new" | tar -x -C "$release"
  python3 -m venv "$release/.venv"
  "$release/.venv/bin/pip" install -q -r "$release/requirements.txt"
  ln -sfn "$release" $base/current.new
  mv -T $base/current.new $base/current
  systemctl restart capistrano
  ls -1d $base/releases/* | head -n -5 | xargs -r rm -rf
done
"""

TUTORIAL_GO = """\
set -e
git --work-tree=/srv/tutorial/app --git-dir=/srv/tutorial/repo.git checkout -f main~{back} -- .
/srv/tutorial/venv/bin/pip install -q -r /srv/tutorial/app/requirements.txt
systemctl restart tutorial
"""

CAPISTRANO_GO = """\
set -e
ln -sfn "$(ls -1d /srv/capistrano/releases/* | tail -n {last} | head -n 1)" \\
  /srv/capistrano/current.new
mv -T /srv/capistrano/current.new /srv/capistrano/current
systemctl restart capistrano
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """One hook with its service and its nginx site."""

    name: str
    port: int
    folder: str
    venv: str
    hook: str
    go: str

    @property
    def repo(self) -> str:
        """The bare repo on the server."""
        return f"/srv/{self.name}/repo.git"

    def rollback(self, back: int) -> str:
        """The shell commands that bring the version live that is `back` pushes old."""
        return self.go.format(back=back, last=back + 1)

    def set_up(self, machine: Machine, workers: str) -> None:
        """Repo, hook, unit, site; nothing runs before the first push."""
        host = machine.host
        values = {
            "name": self.name,
            "port": self.port,
            "folder": self.folder,
            "venv": self.venv,
            "workers": workers,
            "arguments": " ".join(machine.subject.gunicorn),
        }
        host.run("git", "init", "--quiet", "--bare", "--initial-branch=main", self.repo)
        host.write(f"{self.repo}/hooks/post-receive", self.hook, "0755")
        host.write(f"/etc/systemd/system/{self.name}.service", UNIT.format(**values))
        host.write(f"/etc/nginx/conf.d/{self.name}.conf", NGINX.format(**values))
        host.run("systemctl", "daemon-reload")
        host.run("systemctl", "enable", "--quiet", self.name)
        host.run("systemctl", "reload-or-restart", "nginx")
        url = f"root@server:{self.repo}"
        machine.laptop.git(machine.app, "remote", "add", self.name, url)


TUTORIAL = Peer(
    "tutorial", 8101, "/srv/tutorial/app", "/srv/tutorial/venv", TUTORIAL_HOOK, TUTORIAL_GO
)
CAPISTRANO = Peer(
    "capistrano",
    8102,
    "/srv/capistrano/current",
    "/srv/capistrano/current/.venv",
    CAPISTRANO_HOOK,
    CAPISTRANO_GO,
)


def set_up(machine: Machine, workers: str) -> None:
    """Both peers, and the floor's plain repo."""
    host = machine.host
    host.write("/root/.ssh/authorized_keys", machine.laptop.public_key, "0600")
    host.run("chmod", "0700", "/root/.ssh")
    host.run("mkdir", "--parents", "/srv/tutorial/app")
    host.run("python3", "-m", "venv", "/srv/tutorial/venv")
    for peer in (TUTORIAL, CAPISTRANO):
        peer.set_up(machine, workers)
