"""The table of packages that bring kernels."""

from pathlib import Path

from kernel_bridge.kernels.packages import PACKAGES, package_for
from kernel_bridge.source.languages import find_language

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "kernels.md"


def test_each_package_is_for_languages_of_the_table_and_in_the_guide() -> None:
    page = PAGE.read_text(encoding="utf-8")
    languages = [language for package in PACKAGES for language in package.languages]
    assert len(languages) == len(set(languages))
    for language in languages:
        known = find_language(language)
        assert known is not None
        assert known.ids[0] == language
    for package in PACKAGES:
        assert f"| {package.name} | `{package.command}` |" in page


def test_a_language_is_found_by_any_of_its_names() -> None:
    assert (found := package_for("sh"))
    assert found.name == "bash_kernel"
    assert package_for("brainfuck") is None
