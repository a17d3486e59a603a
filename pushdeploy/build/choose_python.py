"""Which of the server's Pythons a venv is made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pushdeploy.build.fetch_python import fetch_python
from pushdeploy.errors import RefusedInputError, UnavailableError
from pushdeploy.events import PythonChosen, PythonFetching, Report, Warned
from pushdeploy.model.asked_python import PYPROJECT, AskedPython
from pushdeploy.model.end_of_life import end_of_life, is_over
from pushdeploy.model.python_version import PythonVersion, Wanted, missing, newest
from pushdeploy.records.server_settings import server_settings
from pushdeploy.system import pythons, uv

if TYPE_CHECKING:
    from pushdeploy.machine.machine import Machine
    from pushdeploy.model.tree import Tree

OWN = "the server's own"


def choose_python(machine: Machine, tree: Tree, report: Report) -> pythons.Interpreter:
    """The Python that the tree asks for; the server's own when it asks for none.

    Raises:
        RefusedInputError: it is not here.
    """
    own = pythons.interpreter(machine.server_python)
    wanted = AskedPython(tree.python_version, tree.python_file).wanted
    if wanted is None:
        report(PythonChosen(str(own.version), OWN))
        return own
    chosen = _chosen(machine, own, wanted, tree.python_file, report)
    exact = isinstance(wanted, PythonVersion) and wanted.patch is not None
    other = exact and wanted != chosen.version
    report(PythonChosen(str(chosen.version), tree.python_file, str(wanted) if other else ""))
    if chosen.path != own.path and is_over(chosen.version, machine.now()):
        report(_ended(chosen.version, tree.python_file, own.version))
    return chosen


def _chosen(
    machine: Machine,
    own: pythons.Interpreter,
    wanted: Wanted,
    file: str,
    report: Report,
) -> pythons.Interpreter:
    """A version is looked for among all; of several that will do, the server's own is taken.

    So an app that only says from where on it runs keeps its Python when another is installed.
    """
    if not isinstance(wanted, PythonVersion) and wanted.matches(own.version):
        return own
    found = pythons.interpreters(machine.server_python, machine.layout.pythons)
    present = {one.version: one for one in found}
    version = newest(wanted, present)
    if version is not None:
        return present[version]
    fetchable = uv.fetchable(machine.uv)
    fetched = newest(wanted, fetchable)
    if fetched is None or not server_settings(machine).fetch_pythons:
        raise missing(wanted, file, present, fetchable)
    report(PythonFetching(str(fetched), file))
    try:
        return fetch_python(machine, fetched, who="a push")
    except UnavailableError as error:
        refused = missing(wanted, file, present, fetchable)
        raise RefusedInputError(f"{refused.message}; {error.message}", hint=error.hint) from error


def _ended(version: PythonVersion, file: str, own: PythonVersion) -> Warned:
    key = "`requires-python`" if file == PYPROJECT else file
    return Warned(
        f"Python {version.major}.{version.minor} gets no security fixes since "
        f"{end_of_life(version)}",
        hint=f"ask for a newer one in {key}, such as {own.major}.{own.minor}",
    )
