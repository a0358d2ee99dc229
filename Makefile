# One command each: `make demo` (see it work), `make test`, `make test-vscode`, `make check`, `make fix`, `make bench`, `make fuzz`.
# All of them set up .venv first, which takes nothing but Python 3.11 or newer and pip.

PYTHON ?= python3
WORKERS ?= 2
SECONDS ?= 60
BIN := .venv/bin
STAMP := .venv/installed
VSCODE := editors/vscode
VSCODE_STAMP := $(VSCODE)/node_modules/.package-lock.json
VSCODE_TESTS_STAMP := .venv/installed-vscode
SOURCES := kernel_bridge tests docs/examples editors/generate.py
NVIM := editors/neovim
STYLUA := $(NVIM)/scripts/node_modules

.PHONY: setup demo nvim test test-vscode test-editors kernels check fix bench fuzz clean
.DEFAULT_GOAL := demo

setup: $(STAMP)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "kernel-bridge needs Python 3.11 or newer; name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || \
	    { echo "$(PYTHON) cannot make a virtual environment; Debian has that in python3-venv" >&2; exit 1; }
	@echo "setting up .venv, once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

$(VSCODE_STAMP): $(VSCODE)/package-lock.json
	@echo "setting up $(VSCODE), once"
	@npm ci --prefix $(VSCODE) --silent
	@touch $@

$(VSCODE_TESTS_STAMP): $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,vscode]'
	@touch $@

demo: $(STAMP)
	@$(BIN)/python docs/examples/demo.py

nvim: $(STAMP)
	@PATH="$(CURDIR)/$(BIN):$$PATH" \
	    $(BIN)/nvim --clean -u editors/neovim/example/init.lua docs/examples/tour.py

test: $(STAMP)
	$(BIN)/python -m pytest -n $(WORKERS)

test-editors: $(STAMP)
	@for program in emacs vim; do command -v $$program >/dev/null || \
	    { echo "make test-editors needs $$program: apt install emacs-nox elpa-eglot elpa-lsp-mode vim-nox vim-ale vim-youcompleteme" >&2; exit 1; }; done
	$(BIN)/python -m pytest tests/editors/plain

$(STYLUA): $(NVIM)/scripts/package-lock.json
	@npm ci --prefix $(NVIM)/scripts --silent --no-audit --no-fund || \
	    { echo "make check formats Lua with StyLua, which npm brings: Node.js 20 or newer is needed" >&2; exit 1; }
	@touch $@

test-vscode: $(VSCODE_TESTS_STAMP)
	@$(BIN)/python -m tests.editors.vscode.install
	$(BIN)/python -m pytest tests/editors/vscode --capture=no --timeout=300 -o faulthandler_timeout=280

kernels: $(STAMP)
	@$(BIN)/python -m tests.compatibility

check: $(STAMP) $(STYLUA) $(VSCODE_STAMP)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd $(NVIM) && node scripts/format.mjs --check $$(git ls-files '*.lua')
	@command -v luacheck >/dev/null || \
	    { echo "make check needs luacheck: apt install lua-check, or luarocks install luacheck" >&2; exit 1; }
	cd $(NVIM) && luacheck -q .
	cd $(VSCODE) && npm run --silent check
	@! git grep -nIE '(pypi|pythonhosted|npmjs|debian)[.](org|com)' || \
	    { echo "a committed file names a registry's host" >&2; exit 1; }
	@! git grep -nIF -e '$(CURDIR)/' $(if $(HOME),-e '$(HOME)/') || \
	    { echo "a committed file names a path of this machine" >&2; exit 1; }

fix: $(STAMP) $(STYLUA) $(VSCODE_STAMP)
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)
	cd $(NVIM) && node scripts/format.mjs $$(git ls-files '*.lua')
	cd $(VSCODE) && npm run --silent fix

bench: $(STAMP)
	@$(BIN)/python -m tests.benchmarks

# New random sessions for SECONDS, then, with TRIPLES=1, every triple of commands in every way (about an hour).
fuzz: $(STAMP)
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS)
	@$(if $(TRIPLES),$(BIN)/python -m tests.fuzz --triples)

clean:
	rm -rf $(VSCODE)/node_modules $(VSCODE)/dist $(VSCODE)/*.vsix .venv build dist tour.ipynb .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
