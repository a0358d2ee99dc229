import pytest

from kernel_bridge.source.languages import (
    LANGUAGES,
    comment_prefixes,
    extension_of,
    is_python,
    kernel_languages,
    language_of_path,
    speaks,
)


def test_no_language_id_is_in_two_rows() -> None:
    ids = [name.lower() for language in LANGUAGES for name in language.ids]
    assert len(LANGUAGES) >= 30
    assert len(ids) == len(set(ids))
    assert all(name == name.lower() for language in LANGUAGES for name in language.kernels)


@pytest.mark.parametrize(
    ("kernel", "document", "expected"),
    [
        ("python", "python", True),
        ("R", "r", True),
        ("R", "rmd", False),  # its fences do
        ("bash", "sh", True),
        ("bash", "shellscript", True),
        ("octave", "matlab", True),
        ("typescript", "javascript", True),
        ("javascript", "typescript", False),
        ("C++17", "cpp", True),
        ("C#", "csharp", True),
        ("scheme", "scheme", True),
        ("python", "r", False),
        ("Brainfuck", "brainfuck", True),
        ("python", "brainfuck", False),
    ],
)
def test_which_kernel_runs_which_document(kernel: str, document: str, expected: bool) -> None:
    assert speaks(kernel, document) is expected


def test_unknown_languages_have_defaults() -> None:
    assert comment_prefixes("brainfuck") == ("#",)
    assert kernel_languages("Brainfuck") == ("brainfuck",)
    assert extension_of("brainfuck") == ".txt"
    assert language_of_path("a.unknown") is None
    assert language_of_path("Makefile") is None


@pytest.mark.parametrize(
    ("path", "language_id"),
    [("/a b/x.py", "python"), ("x.R", "r"), ("x.r", "r"), ("x.m", "matlab"), ("x.test.ts", "typescript")],
)
def test_a_file_name_shows_its_language(path: str, language_id: str) -> None:
    assert language_of_path(path) == language_id


@pytest.mark.parametrize(
    ("kernel", "extension"),
    [
        ("python", ".py"),
        ("R", ".R"),
        ("octave", ".m"),
        ("typescript", ".ts"),
        ("C++17", ".cpp"),
        ("bash", ".sh"),
    ],
)
def test_a_kernel_language_has_a_file_extension(kernel: str, extension: str) -> None:
    assert extension_of(kernel) == extension


def test_only_python_is_python() -> None:
    assert is_python("python")
    assert not is_python("sage")
    assert not is_python("unheard-of")
