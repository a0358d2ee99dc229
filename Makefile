# Every command of the project; `make help` lists them. Each one first sets up .venv, which needs only
# Python 3.11 or newer and pip.

PYTHON ?= python3
WORKERS ?= 2
SECONDS ?= 60
BIN := .venv/bin
# Most tests of a module run on one worker, which then starts only once what they share.
SPREAD := -n $(WORKERS) --dist worksteal
STAMP := .venv/installed
VSCODE := editors/vscode
VSCODE_STAMP := $(VSCODE)/node_modules/.package-lock.json
VSCODE_TESTS_STAMP := .venv/installed-vscode
FIGURES := tests/editors/vscode/figures
FIGURES_STAMP := $(FIGURES)/node_modules/.package-lock.json
SOURCES := kernel_bridge tests docs/examples editors/generate.py
NVIM := editors/neovim
STYLUA := $(NVIM)/scripts/node_modules

.PHONY: help setup demo nvim test test-unit test-slow test-editors test-plugins test-vscode kernels examples \
    check check-text check-py check-lua check-ts fix bench fuzz build clean
.DEFAULT_GOAL := help

help: ## list the commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

setup: $(STAMP) ## set up .venv

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

demo: $(STAMP) ## run a tour on a real kernel and write it as a notebook
	@$(BIN)/python docs/examples/demo.py

nvim: $(STAMP) ## open Neovim with the plugin on the tour
	@PATH="$(CURDIR)/$(BIN):$$PATH" \
	    $(BIN)/nvim --clean -u editors/neovim/example/init.lua docs/examples/tour.py

test: $(STAMP) ## the server, kernel-bridge run and Neovim, with real kernels
	$(BIN)/python -m pytest $(SPREAD) -m 'not slow and not plugins and not kitty'

test-unit: $(STAMP) ## the tests that need no kernel
	$(BIN)/python -m pytest $(SPREAD) tests/unit

test-slow: $(STAMP) ## the rest: floods, faults, hostile files, random sessions, documented commands
	$(BIN)/python -m pytest $(SPREAD) -m 'slow and not plugins and not kitty'

EDITORS := emacs vim kitty Xvfb import tmux debootstrap
EDITOR_PACKAGES := emacs-nox elpa-eglot elpa-lsp-mode vim-nox vim-ale vim-youcompleteme kitty libgl1 libegl1 libgl1-mesa-dri xvfb imagemagick tmux debootstrap

test-editors: $(STAMP) ## real Emacs and Vim without a plugin, and Neovim's pictures in a real kitty
	@for program in $(EDITORS); do command -v $$program >/dev/null || \
	    { echo "make test-editors needs $$program: apt install $(EDITOR_PACKAGES) (Debian 13 has no elpa-eglot and needs none)" >&2; exit 1; }; done
	$(BIN)/python -m pytest tests/editors/plain
	@$(BIN)/python -m tests.editors.neovim.kitty
	$(BIN)/python -m pytest -m kitty tests/editors/neovim

test-plugins: $(STAMP) ## Neovim beside other plugins, fetched once
	@$(BIN)/python -m tests.editors.neovim.kitty
	$(BIN)/python -m pytest -m plugins tests/editors/neovim

$(STYLUA): $(NVIM)/scripts/package-lock.json
	@npm ci --prefix $(NVIM)/scripts --silent --no-audit --no-fund || \
	    { echo "make check formats Lua with StyLua, which npm brings: Node.js 20 or newer is needed" >&2; exit 1; }
	@touch $@

$(FIGURES_STAMP): $(FIGURES)/package-lock.json
	@npm ci --prefix $(FIGURES) --silent
	@touch $@

test-vscode: $(VSCODE_TESTS_STAMP) $(FIGURES_STAMP) $(VSCODE_STAMP) ## the extension in a real VS Code
	@$(BIN)/python -m tests.editors.vscode.install
	$(BIN)/python -m pytest tests/editors/vscode --capture=no --timeout=300 -o faulthandler_timeout=280

kernels: $(STAMP) ## install and try kernels of other languages
	@$(BIN)/python -m tests.compatibility

examples: $(STAMP) ## compare outputs with nbclient's: its notebooks, scripts of matplotlib and seaborn (hours)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,examples]'
	@$(BIN)/python -m tests.compatibility.examples

check: check-text check-py check-lua check-ts ## lint, types, import rules and wording

check-text: $(STAMP) ## wording, and what no committed file may name
	$(BIN)/python -m tests.wording
	@! git grep -nIE '(pypi|pythonhosted|npmjs|debian)[.](org|com)' || \
	    { echo "a committed file names a registry's host" >&2; exit 1; }
	@! git grep -nIF -e '$(CURDIR)/' $(if $(HOME),-e '$(HOME)/') || \
	    { echo "a committed file names a path of this machine" >&2; exit 1; }

check-py: $(STAMP) ## ruff, mypy and import-linter
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

check-lua: $(STYLUA) ## StyLua and luacheck
	cd $(NVIM) && node scripts/format.mjs --check $$(git ls-files '*.lua')
	@command -v luacheck >/dev/null || \
	    { echo "make check needs luacheck: apt install lua-check, or luarocks install luacheck" >&2; exit 1; }
	cd $(NVIM) && luacheck -q .

check-ts: $(VSCODE_STAMP) ## Biome and tsc
	cd $(VSCODE) && npm run --silent check

fix: $(STAMP) $(STYLUA) $(VSCODE_STAMP) ## format, fix what lint can fix, and write generated files
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/python -m kernel_bridge.protocol.schema
	$(BIN)/python editors/generate.py
	$(BIN)/python -m tests.documentation.reference
	cd $(NVIM) && node scripts/format.mjs $$(git ls-files '*.lua')
	cd $(VSCODE) && npm run --silent fix

bench: $(STAMP) ## measure against the performance marks
	@$(BIN)/python -m tests.benchmarks

# With TRIPLES=1, also every triple of commands in every way (about an hour).
fuzz: $(STAMP) ## random sessions for SECONDS
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS)
	@$(if $(TRIPLES),$(BIN)/python -m tests.fuzz --triples)

build: $(STAMP) $(VSCODE_STAMP) ## the wheel, the source archive and the extension, in dist/
	rm -rf dist
	$(BIN)/python -m build
	cd $(VSCODE) && npm run --silent package
	mv $(VSCODE)/kernel-bridge.vsix dist/

clean: ## remove everything that the other commands made
	rm -rf $(FIGURES)/node_modules $(VSCODE)/node_modules $(VSCODE)/dist $(VSCODE)/*.vsix .venv build dist tour.ipynb .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
