"""What `installer.sh` does in Python: `install`, by the tool's own venv, and `uninstall`.

`uninstall` runs from a checkout, by any Python: the standard library has to do.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pushdeploy.cli.style import PROBLEM
from pushdeploy.errors import INTERRUPTED, PushdeployError, UnavailableError
from pushdeploy.install.wishes import Wishes
from pushdeploy.system.disk_refusal import refusal


def main() -> int:
    """Install or uninstall; an error is shown with the command that helps."""
    arguments = _parser().parse_args()
    try:
        if arguments.verb == "check":
            from pushdeploy.install.check import check  # needs few

            check(_wishes(arguments), only=arguments.check)
        elif arguments.verb == "install":
            from pushdeploy.install.server import install  # has packages

            return install(arguments.tool, _wishes(arguments))
        else:
            from pushdeploy.install.uninstall import uninstall  # needs few

            uninstall(purge=arguments.purge, sure=arguments.yes)
    except PushdeployError as error:
        for text in (error.message, error.hint):
            if text:
                print(PROBLEM + text, file=sys.stderr)
        return error.exit_code
    except OSError as error:
        refused = refusal(error)
        if refused is None:
            raise
        for text in refused:
            print(PROBLEM + text, file=sys.stderr)
        return UnavailableError.exit_code
    except KeyboardInterrupt:
        print(PROBLEM + "Interrupted; run it again to continue where it stopped.", file=sys.stderr)
        return INTERRUPTED
    return 0


def _wishes(arguments: argparse.Namespace) -> Wishes:
    return Wishes(
        app=arguments.app,
        key=arguments.key,
        port=arguments.port,
        domains=tuple(arguments.domain),
        email=arguments.email,
        acme_server=arguments.acme_server,
        firewall=arguments.firewall,
        sure=arguments.yes,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="installer.sh", allow_abbrev=False)
    verbs = parser.add_subparsers(dest="verb", required=True)
    check = verbs.add_parser("check", prog="installer.sh", allow_abbrev=False)
    install = verbs.add_parser("install", prog="installer.sh", allow_abbrev=False)
    install.add_argument("--tool", type=Path, required=True, help=argparse.SUPPRESS)
    for verb in (check, install):
        _add_wishes(verb)
    uninstall = verbs.add_parser("uninstall", prog="installer.sh uninstall", allow_abbrev=False)
    uninstall.add_argument("--purge", action="store_true", help="delete all apps' data too")
    uninstall.add_argument("--yes", action="store_true", help="do not ask")
    return parser


def _add_wishes(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--app", help="create this app")
    verb.add_argument("--key", type=Path, help="let this public ssh key push")
    verb.add_argument("--port", type=int, help="where the app answers on 127.0.0.1")
    verb.add_argument("--domain", action="append", default=[], help="the app's name")
    verb.add_argument("--email", help="get a certificate; who is told of problems with it")
    verb.add_argument("--acme-server", metavar="URL", help="another one than Let's Encrypt's")
    verb.add_argument("--firewall", action="store_true", help="let in ssh, HTTP and HTTPS only")
    verb.add_argument("--check", action="store_true", help="only look, and change nothing")
    verb.add_argument("--yes", action="store_true", help="agree to what changes for others")


if __name__ == "__main__":
    sys.exit(main())
