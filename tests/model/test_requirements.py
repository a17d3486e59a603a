"""A requirements file gives up what it names and what of the tree it refers to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushdeploy.errors import RefusedInputError
from pushdeploy.model.requirements import Reference, ReferenceKind, names, references

INCLUDE, CONSTRAINT, LOCAL = ReferenceKind


@pytest.mark.parametrize(
    ("line", "kind", "path"),
    [
        ("-r base.txt", INCLUDE, "base.txt"),
        ("-rbase.txt", INCLUDE, "base.txt"),
        ("  -r   base.txt  # shared", INCLUDE, "base.txt"),
        ("--requirement base.txt", INCLUDE, "base.txt"),
        ("--requirement=base.txt", INCLUDE, "base.txt"),
        ("-r requirements/./base.txt", INCLUDE, "requirements/base.txt"),
        ("-c constraints.txt", CONSTRAINT, "constraints.txt"),
        ("--constraint constraints.txt", CONSTRAINT, "constraints.txt"),
        (".", LOCAL, "."),
        (".[dev]", LOCAL, "."),
        (".[dev] --hash=sha256:ab", LOCAL, "."),
        ("./lib/blog", LOCAL, "lib/blog"),
        ("./lib/blog[s3,pdf] ; python_version > '3.9'", LOCAL, "lib/blog"),
        ("lib/blog", LOCAL, "lib/blog"),
        ("vendor/blog-1.0-py3-none-any.whl", LOCAL, "vendor/blog-1.0-py3-none-any.whl"),
        ("blog-1.0.tar.gz --hash=sha256:ab", LOCAL, "blog-1.0.tar.gz"),
        ("-e .", LOCAL, "."),
        ("-e.", LOCAL, "."),
        ("-e ./lib[dev]", LOCAL, "lib"),
        ("-e lib", LOCAL, "lib"),
        ("--editable=./lib", LOCAL, "lib"),
        ("file:lib", LOCAL, "lib"),
        ("file:./lib#egg=blog", LOCAL, "lib"),
        ("blog @ file:lib", LOCAL, "lib"),
        ("blog[s3] @ file:./lib ; python_version > '3.9'", LOCAL, "lib"),
        ("blog@file:./lib", LOCAL, "lib"),
        ("-f vendor", LOCAL, "vendor"),
        ("--find-links=./vendor/", LOCAL, "vendor"),
    ],
)
def test_what_is_in_the_tree_is_a_reference(line: str, kind: ReferenceKind, path: str) -> None:
    assert references(f"flask\n{line}\n") == (Reference(kind, path, 2),)


@pytest.mark.parametrize(
    "line",
    [
        "flask",
        "flask==3.0 ; python_version > '3.9'",
        "flask==3.0 --hash=sha256:ab/cd",
        "# -r base.txt",
        "-r https://example.com/base.txt",
        "-c https://example.com/constraints.txt",
        "-e git+https://example.com/x.git#egg=x",
        "git+https://example.com/x.git@main#egg=x",
        "blog @ https://example.com/blog-1.0.tar.gz",
        "https://example.com/blog-1.0.tar.gz",
        "--index-url https://example.com/simple",
        "-i https://example.com/simple",
        "--find-links https://example.com/wheels",
        "--no-binary :all:",
        "--pre",
        "",
    ],
)
def test_a_package_a_url_or_an_option_is_no_reference(line: str) -> None:
    assert references(line) == ()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("-r ../base.txt", "a path outside the repository: `../base.txt`"),
        ("-r a/../../base.txt", "a path outside the repository"),
        ("-c /etc/passwd", "an absolute path: `/etc/passwd`"),
        ("-e ..", "a path outside the repository: `..`"),
        ("../lib", "a path outside the repository"),
        ("~/lib", "an absolute path"),
        ("file:///srv/lib", "an absolute path: `/srv/lib`"),
        ("file://localhost/srv/lib", "an absolute path: `/srv/lib`"),
        ("git+file:///srv/lib", "an absolute path"),
        ("blog @ file:///srv/lib", "an absolute path"),
        ("blog @ file:../lib", "a path outside the repository"),
        ("blog @ file://${PROJECT_ROOT}/lib", "a variable in a path"),
        ("-r ${DIR}/base.txt", "a variable in a path"),
        ("-r C:\\base.txt", "a Windows path"),
        ("-r \\\n ../base.txt", "a path outside the repository"),
        ("--find-links /srv/wheels", "an absolute path"),
    ],
)
def test_a_path_out_of_the_tree_is_refused_with_its_line(line: str, problem: str) -> None:
    with pytest.raises(RefusedInputError) as refusal:
        references(f"flask\n\n{line}\n")

    assert f"line 3 of the requirements has {problem}" in refusal.value.message


def test_an_include_is_relative_to_its_file_and_a_local_path_to_the_root() -> None:
    text = "-r ../base.txt\n-c pins.txt\n-e ./lib\n"

    assert references(text, folder="requirements") == (
        Reference(INCLUDE, "base.txt", 1),
        Reference(CONSTRAINT, "requirements/pins.txt", 2),
        Reference(LOCAL, "lib", 3),
    )


def test_continued_lines_are_joined_and_keep_the_number_of_the_first() -> None:
    text = "\ufeffflask==3.0 \\\r\n  --hash=sha256:ab\r\n-r \\\r\n  base.txt\r\n-e lib\\\n"

    assert references(text) == (Reference(INCLUDE, "base.txt", 3), Reference(LOCAL, "lib", 5))


def test_names_are_normalised_and_free_of_versions_and_options() -> None:
    text = (
        "# web\nGunicorn==23.0\nFlask_Login>=0.6,<1\nzope.interface[testing] ; python_version>'3'\n"
        "psycopg[binary]\nx\nhashed==1 \\\n  --hash=sha256:ab\nbare --hash=sha256:cd\n"
        "blog @ file:./lib\ngit+https://example.com/y.git#egg=From_Git\n-e ./lib\n-r base.txt\n"
        "--pre\n./vendor/z\nspaced == 2\n"
    )

    assert names(text) == {
        "gunicorn",
        "flask-login",
        "zope-interface",
        "psycopg",
        "x",
        "hashed",
        "bare",
        "blog",
        "from-git",
        "spaced",
    }


def test_a_comment_does_not_name_a_package() -> None:
    assert names("# gunicorn\nflask  # not gunicorn\n") == {"flask"}


@given(st.text())
def test_any_text_gives_names(text: str) -> None:
    assert all(name == name.lower() for name in names(text))


@given(st.text(alphabet="./~-recf: \\\n#@abx${}[]"))
def test_a_reference_never_leaves_the_tree(text: str) -> None:
    try:
        found = references(text)
    except RefusedInputError:
        found = ()

    assert not any(reference.path.split("/")[0] in {"", ".."} for reference in found)


def test_a_line_of_blanks_alone_costs_no_more_than_its_length() -> None:
    text = " " * 65_000 + "x"

    assert names(text) == {"x"}
    assert references("./a" + text) == (Reference(LOCAL, "a" + text, 1),)
