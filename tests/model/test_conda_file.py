"""What environment.yml asks for, of the YAML that such files are written in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.conda_file import (
    CondaFile,
    channels_of,
    name_of,
    parse_conda,
    parse_conda_file,
    pip_words,
    render_conda,
)

WHOLE = """\
# made by hand
name: shop
channels:
  - conda-forge   # first
  - "https://conda.example.com/ours"
  - nodefaults
dependencies:
  - python=3.13
  - 'numpy >=2,<3'
  - conda-forge::gdal=3.*=*_1
  - pip
  - pip:
    - flask==3.1  # web
    - git+https://example.com/a.git#egg=a
    - -r requirements.txt
    - -e .
  - zlib
variables:
  DEBUG: "1"
prefix: /home/ada/miniconda3/envs/shop
"""


def test_a_whole_file_is_read() -> None:
    found = parse_conda_file(WHOLE)

    assert found == CondaFile(
        channels=("conda-forge", "https://conda.example.com/ours"),
        packages=("python=3.13", "numpy >=2,<3", "conda-forge::gdal=3.*=*_1", "pip", "zlib"),
        pip=("flask==3.1", "git+https://example.com/a.git#egg=a", "-r requirements.txt", "-e ."),
        variables=True,
    )
    assert [name_of(one) for one in found.packages] == ["python", "numpy", "gdal", "pip", "zlib"]
    assert pip_words(found)[2:] == ("--requirement=requirements.txt", "--editable=.")
    assert parse_conda(render_conda(found)) == found


def test_lists_may_stand_in_one_line_and_without_indentation() -> None:
    text = (
        "channels: [conda-forge, 'defaults']\ndependencies:\n- python\n- pip:\n  - flask\n- six\n"
    )

    found = parse_conda_file(text)

    assert found.channels == ("conda-forge", "defaults")
    assert (found.packages, found.pip) == (("python", "six"), ("flask",))


def test_a_python_is_solved_for_that_nobody_names() -> None:
    assert parse_conda_file("dependencies: [numpy]\n").specs == ("python", "numpy")
    assert parse_conda_file("dependencies: [python=3.12]\n").specs == ("python=3.12",)


@pytest.mark.parametrize(
    "text",
    [
        "name: shop\n",
        "dependencies: flask\n",
        "dependencies:\n  flask: 3\n",
        "dependencies:\n  - {pip: [flask]}\n",
        "dependencies:\n  - &a flask\n",
        "dependencies:\n  - ==3\n",
        "dependencies:\n  - pip:\n    - --trusted-host x\n",
        "dependencies:\n\t- flask\n",
        "dependency: []\n",
        "just words\n",
        "dependencies:\n" + "  - a\n" * 1001,
    ],
)
def test_what_such_files_do_not_have_is_refused(text: str) -> None:
    with pytest.raises(RefusedInputError, match=r"environment\.yml"):
        parse_conda_file(text)


def test_config_vars_say_where_packages_are_before_the_file_does() -> None:
    file = CondaFile(channels=("ours",))

    assert channels_of(CondaFile(), {}) == ("conda-forge",)
    assert channels_of(file, {}) == ("ours",)
    chosen = {"CONDA_CHANNELS": "https://ada:hunter2@mirror.example.com/a, b"}
    assert channels_of(file, chosen) == ("${CONDA_CHANNELS}",)


@given(st.text(alphabet="-: #'\"[]{},=pi\n a1", max_size=200))
def test_any_text_is_parsed_or_refused_with_a_hint(text: str) -> None:
    try:
        found = parse_conda_file(f"dependencies:\n{text}")
        outcome: object = parse_conda(render_conda(found)) == found
    except RefusedInputError as refusal:
        outcome = refusal.hint

    assert outcome


@pytest.mark.parametrize("text", ["", "[]", '{"channels": 1}', "[" * 100_000])
def test_a_record_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RefusedInputError):
        parse_conda(text)
