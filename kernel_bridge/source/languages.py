"""One table of languages: their names in editors and kernels, and their comment syntax.

Markdown and its kin are in it too: prose with code in fences, each fence in a language of its own.
"""

from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True, slots=True)
class Language:
    """One language of a document."""

    vscode: tuple[str, ...]  # VS Code's language ids, the usual one first
    kernels: tuple[str, ...]  # `language` of kernelspecs that run it, best first
    comments: tuple[str, ...]  # line-comment prefixes, the usual one first
    extensions: tuple[str, ...]  # of its files, the usual one first
    comment_end: str = ""  # if a comment must be closed on its line
    vim: tuple[str, ...] | None = None  # Neovim's filetypes; None: the same as VS Code's ids
    others: tuple[str, ...] = ()  # names in other editors and kernels
    fenced: bool = False  # prose, with code in fences; no kernel runs it as a whole

    @property
    def filetypes(self) -> tuple[str, ...]:
        return self.vscode if self.vim is None else self.vim

    @property
    def ids(self) -> tuple[str, ...]:
        """All its LSP language ids, VS Code's first."""
        return tuple(dict.fromkeys((*self.vscode, *self.filetypes, *self.others)))


_C = ("//",)
_HASH = ("#",)
_LISP = (";;", ";", ";;;")
_PERCENT = ("%", "%%")

LANGUAGES: tuple[Language, ...] = (
    Language(
        ("python",),
        ("python", "python3", "ipython"),
        _HASH,
        (".py", ".pyi", ".ipy", ".pyw"),
        others=("python3", "ipython", "ipython3"),
    ),
    Language(("r",), ("r", "ark"), _HASH, (".R", ".r")),
    Language(("julia",), ("julia",), _HASH, (".jl",)),
    Language(
        ("shellscript",),
        ("bash", "zsh", "sh", "shell"),
        _HASH,
        (".sh", ".bash", ".zsh"),
        vim=("sh", "bash", "zsh"),
        others=("ksh",),
    ),
    Language(("fish",), ("fish",), _HASH, (".fish",)),
    Language(("nushell",), ("nushell", "nu"), _HASH, (".nu",), vim=("nu",)),
    Language(("xonsh",), ("xonsh",), _HASH, (".xsh", ".xonshrc")),
    Language(("matlab",), ("matlab", "octave"), ("%",), (".m",)),
    Language(("octave",), ("octave", "matlab"), ("%", "#"), (".m",)),
    Language(("scilab",), ("scilab",), _C, (".sci", ".sce")),
    # A TypeScript kernel runs JavaScript, but not the reverse.
    Language(
        ("javascript", "javascriptreact"),
        ("javascript", "js", "node", "typescript", "ts"),
        _C,
        (".js", ".mjs", ".cjs", ".jsx"),
        others=("js", "jsx"),
    ),
    Language(
        ("typescript", "typescriptreact"),
        ("typescript", "ts"),
        _C,
        (".ts", ".mts", ".cts", ".tsx"),
        others=("typescript.tsx", "ts", "tsx"),
    ),
    Language(("coffeescript",), ("coffeescript", "coffee"), _HASH, (".coffee",), vim=("coffee",)),
    Language(("c",), ("c",), _C, (".c", ".h")),
    Language(
        ("cpp", "cuda-cpp"),
        ("c++", "cpp", "c++11", "c++14", "c++17", "c++20", "c++23"),
        _C,
        (".cpp", ".cc", ".cxx", ".hpp", ".hh", ".cu"),
        vim=("cpp", "cuda"),
        others=("c++",),
    ),
    Language(("csharp",), ("c#", "csharp"), _C, (".cs", ".csx"), vim=("cs",), others=("c#",)),
    Language(("fsharp",), ("f#", "fsharp"), _C, (".fs", ".fsx"), others=("f#",)),
    Language(("vb",), ("vb", "visual basic"), ("'",), (".vb",)),
    Language(
        ("powershell",), ("powershell", "pwsh"), _HASH, (".ps1", ".psm1"), vim=("ps1",), others=("pwsh",)
    ),
    Language(("java",), ("java",), _C, (".java", ".jsh")),
    Language(("kotlin",), ("kotlin",), _C, (".kt", ".kts")),
    Language(("scala",), ("scala",), _C, (".scala", ".sc")),
    Language(("groovy",), ("groovy",), _C, (".groovy",)),
    Language(("clojure",), ("clojure",), _LISP, (".clj", ".cljc", ".cljs")),
    Language(("go",), ("go",), _C, (".go",)),
    Language(("rust",), ("rust",), _C, (".rs",)),
    Language(("zig",), ("zig",), _C, (".zig",)),
    Language(("d",), ("d",), _C, (".d",)),
    Language(("swift",), ("swift",), _C, (".swift",)),
    Language(("dart",), ("dart",), _C, (".dart",)),
    Language(("ruby",), ("ruby",), _HASH, (".rb",)),
    Language(("crystal",), ("crystal",), _HASH, (".cr",)),
    Language(("perl",), ("perl", "perl5"), _HASH, (".pl", ".pm")),
    Language(("raku", "perl6"), ("raku", "perl6"), _HASH, (".raku", ".rakumod", ".p6"), vim=("raku",)),
    Language(("php",), ("php",), ("//", "#"), (".php",)),
    Language(("lua",), ("lua",), ("--",), (".lua",)),
    Language(("haskell",), ("haskell",), ("--",), (".hs", ".lhs"), vim=("haskell", "lhaskell")),
    Language(("elm",), ("elm",), ("--",), (".elm",)),
    Language(("purescript",), ("purescript",), ("--",), (".purs",)),
    Language(("ocaml",), ("ocaml",), ("(*",), (".ml", ".mli"), "*)"),
    Language(("sml",), ("sml", "standard ml"), ("(*",), (".sml",), "*)"),
    Language(("coq",), ("coq", "rocq"), ("(*",), (".v",), "*)"),
    Language(("elixir",), ("elixir",), _HASH, (".exs", ".ex")),
    Language(("erlang",), ("erlang",), _PERCENT, (".erl", ".hrl")),
    Language(("scheme",), ("scheme", "calysto_scheme", "calysto scheme"), _LISP, (".scm", ".ss")),
    Language(("racket",), ("racket",), _LISP, (".rkt",)),
    Language(
        ("lisp",),
        ("common-lisp", "common lisp", "lisp"),
        _LISP,
        (".lisp", ".lsp", ".cl"),
        others=("commonlisp", "common-lisp"),
    ),
    Language(("hy",), ("hy",), _LISP, (".hy",)),
    Language(("prolog",), ("prolog",), _PERCENT, (".pro", ".prolog")),
    Language(
        ("sql",),
        ("sql", "mysql", "postgresql", "sqlite", "tsql"),
        ("--",),
        (".sql",),
        vim=("sql", "mysql", "plsql"),
        others=("pgsql",),
    ),
    Language(("stata",), ("stata",), ("//", "*"), (".do", ".ado")),
    Language(("sas",), ("sas",), ("/*",), (".sas",), "*/"),
    Language(("gnuplot",), ("gnuplot",), _HASH, (".gp", ".gnuplot", ".plt")),
    Language(("latex",), ("latex", "tex", "tikz"), _PERCENT, (".tex",), vim=("tex", "plaintex")),
    Language(
        ("fortran", "FortranFreeForm"),
        ("fortran",),
        ("!",),
        (".f90", ".f95", ".f03"),
        vim=("fortran",),
        others=("fortran-modern",),
    ),
    Language(("ada",), ("ada",), ("--",), (".adb", ".ads")),
    Language(("vhdl",), ("vhdl",), ("--",), (".vhd",)),
    Language(("tcl",), ("tcl",), _HASH, (".tcl",)),
    Language(("sagemath",), ("sage", "sagemath", "python"), _HASH, (".sage",), vim=("sage",)),
    Language(
        ("wolfram",),
        ("wolfram language", "wolfram", "mathematica"),
        ("(*",),
        (".wl", ".wls", ".wolfram"),
        "*)",
        vim=("mma",),
        others=("mathematica",),
    ),
    Language(("maxima",), ("maxima",), ("/*",), (".mac",), "*/"),
    Language(("gap",), ("gap", "gap 4"), _HASH, (".g", ".gap")),
    Language(("forth",), ("forth",), ("\\",), (".fth", ".4th")),
    Language(("nim",), ("nim",), _HASH, (".nim",)),
    Language(
        ("robotframework",),
        ("robotframework", "robot framework"),
        _HASH,
        (".robot", ".resource"),
        vim=("robot",),
    ),
    Language(("coconut",), ("coconut",), _HASH, (".coco",), vim=()),
    Language(("apl",), ("apl",), ("⍝",), (".apl",)),
    Language(("j",), ("j",), ("NB.",), (".ijs",)),
    Language(("q",), ("q",), ("/",), (".q",), others=("kdb",)),
    Language(("idl",), ("idl", "gdl"), (";",), (".idl",)),
    Language(("markdown",), (), (), (".md", ".markdown"), others=("pandoc", "myst"), fenced=True),
    Language(("quarto",), (), (), (".qmd",), fenced=True),
    Language(("rmd",), (), (), (".Rmd",), others=("rmarkdown",), fenced=True),
)

_BY_ID = {name.lower(): language for language in LANGUAGES for name in language.ids}
_BY_EXTENSION: dict[str, Language] = {}
for _language in LANGUAGES:
    for _extension in _language.extensions:
        _BY_EXTENSION.setdefault(_extension.lower(), _language)
_BY_NAME = {name.lower(): language for language in LANGUAGES if not language.fenced for name in language.ids}
for _language in LANGUAGES:
    for _name in (*_language.kernels, *(one[1:].lower() for one in _language.extensions)):
        if not _language.fenced:
            _BY_NAME.setdefault(_name, _language)


def find_language(language_id: str) -> Language | None:
    """The table's row for an LSP language id or Neovim filetype, ignoring case."""
    return _BY_ID.get(language_id.lower())


def is_fenced(language_id: str) -> bool:
    """Whether documents of this language are prose with code in fences."""
    language = find_language(language_id)
    return language is not None and language.fenced


def fence_names() -> dict[str, str]:
    """The names of languages after a fence, in lower case, and the language id that each one means."""
    return {name: language.ids[0] for name, language in _BY_NAME.items()}


def language_of_fence(name: str) -> str | None:
    """The language id that a name after a fence means: an id, a kernel's language or a file extension."""
    language = _BY_NAME.get(name.lower())
    return language.ids[0] if language else None


def is_python(language_id: str) -> bool:
    """Whether statements of this language are found with Python's grammar."""
    return find_language(language_id) is LANGUAGES[0]


def comment_prefixes(language_id: str) -> tuple[str, ...]:
    """The line-comment prefixes, the usual one first; `#` for unknown languages."""
    language = find_language(language_id)
    return language.comments if language else _HASH


def option_prefixes(language_id: str) -> tuple[str, ...]:
    """What begins a line of Quarto's options in that language, such as `#|`."""
    return tuple(f"{prefix}|" for prefix in comment_prefixes(language_id))


def kernel_languages(language_id: str) -> tuple[str, ...]:
    """The kernelspec languages (in lower case) that run documents of this language, best first."""
    language = find_language(language_id)
    return language.kernels if language else (language_id.lower(),)


def speaks(kernel_language: str, language_id: str) -> bool:
    """Whether a kernel of this kernelspec language runs documents of this language id."""
    return kernel_language.lower() in kernel_languages(language_id)


def language_of_kernel(kernel_language: str) -> str:
    """The language id of the code that a kernel of this kernelspec language runs."""
    language = _of_kernel(kernel_language)
    return language.ids[0] if language else kernel_language.lower()


def name_of(language_id: str) -> str:
    """The name that people know a language by: its kernels', such as `bash` for `shellscript`."""
    return next(iter(kernel_languages(language_id)), language_id)


def language_of_path(path: str) -> str | None:
    """The language id for a file's extension; None if the table has none."""
    language = _BY_EXTENSION.get(PurePath(path).suffix.lower())
    return language.ids[0] if language else None


def extension_of(kernel_language: str) -> str:
    """The usual file extension (with its dot) of a kernelspec language; `.txt` for unknown ones."""
    language = _of_kernel(kernel_language)
    return language.extensions[0] if language else ".txt"


def _of_kernel(kernel_language: str) -> Language | None:
    wanted = kernel_language.lower()
    for language in LANGUAGES:
        if wanted in language.kernels[:1]:
            return language
    for language in LANGUAGES:
        if wanted in language.kernels or wanted in language.ids:
            return language
    return None
