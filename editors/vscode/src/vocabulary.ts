// Tables for use without the server, generated from its modules by editors/generate.py.

import type { RunState } from "./protocol";

/** States of a run that has ended. */
export const ENDS: ReadonlySet<RunState> = new Set<RunState>(["ok", "error", "aborted", "cancelled", "lost"]);

/** Comment prefixes of the languages that have a kernel, by VS Code's language ID. */
export const COMMENTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["python", ["#"]],
  ["r", ["#"]],
  ["julia", ["#"]],
  ["shellscript", ["#"]],
  ["fish", ["#"]],
  ["nushell", ["#"]],
  ["xonsh", ["#"]],
  ["matlab", ["%"]],
  ["octave", ["%", "#"]],
  ["scilab", ["//"]],
  ["javascript", ["//"]],
  ["javascriptreact", ["//"]],
  ["typescript", ["//"]],
  ["typescriptreact", ["//"]],
  ["coffeescript", ["#"]],
  ["c", ["//"]],
  ["cpp", ["//"]],
  ["cuda-cpp", ["//"]],
  ["csharp", ["//"]],
  ["fsharp", ["//"]],
  ["vb", ["'"]],
  ["powershell", ["#"]],
  ["java", ["//"]],
  ["kotlin", ["//"]],
  ["scala", ["//"]],
  ["groovy", ["//"]],
  ["clojure", [";;", ";", ";;;"]],
  ["go", ["//"]],
  ["rust", ["//"]],
  ["zig", ["//"]],
  ["d", ["//"]],
  ["swift", ["//"]],
  ["dart", ["//"]],
  ["ruby", ["#"]],
  ["crystal", ["#"]],
  ["perl", ["#"]],
  ["raku", ["#"]],
  ["perl6", ["#"]],
  ["php", ["//", "#"]],
  ["lua", ["--"]],
  ["haskell", ["--"]],
  ["elm", ["--"]],
  ["purescript", ["--"]],
  ["ocaml", ["(*"]],
  ["sml", ["(*"]],
  ["coq", ["(*"]],
  ["elixir", ["#"]],
  ["erlang", ["%", "%%"]],
  ["scheme", [";;", ";", ";;;"]],
  ["racket", [";;", ";", ";;;"]],
  ["lisp", [";;", ";", ";;;"]],
  ["hy", [";;", ";", ";;;"]],
  ["prolog", ["%", "%%"]],
  ["sql", ["--"]],
  ["stata", ["//", "*"]],
  ["sas", ["/*"]],
  ["gnuplot", ["#"]],
  ["latex", ["%", "%%"]],
  ["fortran", ["!"]],
  ["FortranFreeForm", ["!"]],
  ["ada", ["--"]],
  ["vhdl", ["--"]],
  ["tcl", ["#"]],
  ["sagemath", ["#"]],
  ["wolfram", ["(*"]],
  ["maxima", ["/*"]],
  ["gap", ["#"]],
  ["forth", ["\\"]],
  ["nim", ["#"]],
  ["robotframework", ["#"]],
  ["coconut", ["#"]],
  ["apl", ["⍝"]],
  ["j", ["NB."]],
  ["q", ["/"]],
  ["idl", [";"]],
]);

/** Words in brackets that mark a text cell. */
export const TEXT_KINDS: readonly string[] = ["markdown", "md", "raw"];

/** Languages whose documents are prose with code in fences, by VS Code's language ID. */
export const FENCED: ReadonlySet<string> = new Set(["markdown", "quarto", "rmd"]);

/** Names in an info string, in lower case, that make a fence a code cell. */
export const FENCE_NAMES: ReadonlySet<string> = new Set(["python", "python3", "ipython", "ipython3", "r", "julia", "shellscript", "sh", "bash", "zsh", "ksh", "fish", "nushell", "nu", "xonsh", "matlab", "octave", "scilab", "javascript", "javascriptreact", "js", "jsx", "typescript", "typescriptreact", "typescript.tsx", "ts", "tsx", "coffeescript", "coffee", "c", "cpp", "cuda-cpp", "cuda", "c++", "csharp", "cs", "c#", "fsharp", "f#", "vb", "powershell", "ps1", "pwsh", "java", "kotlin", "scala", "groovy", "clojure", "go", "rust", "zig", "d", "swift", "dart", "ruby", "crystal", "perl", "raku", "perl6", "php", "lua", "haskell", "lhaskell", "elm", "purescript", "ocaml", "sml", "coq", "elixir", "erlang", "scheme", "racket", "lisp", "commonlisp", "common-lisp", "hy", "prolog", "sql", "mysql", "plsql", "pgsql", "stata", "sas", "gnuplot", "latex", "tex", "plaintex", "fortran", "fortranfreeform", "fortran-modern", "ada", "vhdl", "tcl", "sagemath", "sage", "wolfram", "mma", "mathematica", "maxima", "gap", "forth", "nim", "robotframework", "robot", "coconut", "apl", "j", "q", "kdb", "idl", "py", "pyi", "ipy", "pyw", "ark", "jl", "shell", "xsh", "xonshrc", "m", "sci", "sce", "node", "mjs", "cjs", "mts", "cts", "h", "c++11", "c++14", "c++17", "c++20", "c++23", "cc", "cxx", "hpp", "hh", "cu", "csx", "fs", "fsx", "visual basic", "psm1", "jsh", "kt", "kts", "sc", "clj", "cljc", "cljs", "rs", "rb", "cr", "perl5", "pl", "pm", "rakumod", "p6", "hs", "lhs", "purs", "ml", "mli", "standard ml", "rocq", "v", "exs", "ex", "erl", "hrl", "calysto_scheme", "calysto scheme", "scm", "ss", "rkt", "common lisp", "lsp", "cl", "pro", "postgresql", "sqlite", "tsql", "do", "ado", "gp", "plt", "tikz", "f90", "f95", "f03", "adb", "ads", "vhd", "wolfram language", "wl", "wls", "mac", "gap 4", "g", "fth", "4th", "robot framework", "resource", "coco", "ijs", "gdl"]);

/** Names in braces that do not: their code is part of the page. */
export const IN_PAGE: ReadonlySet<string> = new Set(["js"]);
