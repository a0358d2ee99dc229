"""The packages that bring a kernel for a language, and the commands that install them.

From each project's own installation guide, November 2026. A language with several kernels has the one that
works without conda, if there is one.
"""

from dataclasses import dataclass

from ..source.languages import find_language


@dataclass(frozen=True, slots=True)
class Package:
    """A project that brings a kernel."""

    name: str
    command: str  # for a shell; the language itself is installed already
    languages: tuple[str, ...]  # language ids


PACKAGES = (
    Package("ipykernel", "python -m pip install ipykernel", ("python",)),
    Package("IRkernel", """R -e 'install.packages("IRkernel"); IRkernel::installspec()'""", ("r",)),
    Package("IJulia", """julia -e 'using Pkg; Pkg.add("IJulia")'""", ("julia",)),
    Package(
        "bash_kernel", "python -m pip install bash_kernel && python -m bash_kernel.install", ("shellscript",)
    ),
    Package("Deno", "deno jupyter --install", ("typescript", "javascript")),
    Package("xeus-cpp", "conda install -c conda-forge xeus-cpp", ("cpp",)),
    Package("evcxr", "cargo install --locked evcxr_jupyter && evcxr_jupyter --install", ("rust",)),
    Package(
        "GoNB",
        "go install github.com/janpfeifer/gonb@latest && go install golang.org/x/tools/cmd/goimports@latest "
        "&& go install golang.org/x/tools/gopls@latest && gonb --install",
        ("go",),
    ),
    Package("JJava", "python -m pip install jjava", ("java",)),
    Package("Kotlin Kernel", "python -m pip install kotlin-jupyter-kernel", ("kotlin",)),
    Package("Almond", "coursier launch --use-bootstrap almond -- --install", ("scala",)),
    Package(
        ".NET Interactive",
        "dotnet tool install -g Microsoft.dotnet-interactive && dotnet interactive jupyter install",
        ("csharp", "fsharp", "powershell"),
    ),
    Package("IRuby", "gem install iruby && iruby register --force", ("ruby",)),
    Package("octave_kernel", "python -m pip install octave_kernel", ("octave", "matlab")),
    Package("xeus-lua", "conda install -c conda-forge xeus-lua", ("lua",)),
    Package("xeus-sql", "conda install -c conda-forge xeus-sql", ("sql",)),
    Package(
        "Calysto Scheme",
        "python -m pip install calysto-scheme && python -m calysto_scheme install",
        ("scheme",),
    ),
    Package(
        "gnuplot_kernel",
        "python -m pip install gnuplot_kernel && python -m gnuplot_kernel install",
        ("gnuplot",),
    ),
)

_BY_LANGUAGE = {language: package for package in PACKAGES for language in package.languages}


def package_for(language_id: str) -> Package | None:
    """The package that brings a kernel for a language; None: none is known here."""
    language = find_language(language_id)
    return _BY_LANGUAGE.get(language.ids[0]) if language is not None else None
