"""docs/from-jupyter.md names everything of the Jupyter extension, and only what exists here."""

import re

from tests.documentation.pages import ROOT
from tests.documentation.settings_tables import SECTION, vscode_contributes, vscode_settings

PAGE = (ROOT / "docs" / "from-jupyter.md").read_text(encoding="utf-8")
ROWS = [row.split(" | ") for row in re.findall(r"^\| (.*) \|$", PAGE, re.M)]
THERE, HERE = ([row[column] for row in ROWS if row[0] != "Jupyter"] for column in (0, 1))

COMMANDS = """
Add Empty Cell to File|Add Empty Cell to Notebook File|Change Cell to Code|Change Cell to Markdown|Clear All
Clear Cache|Clear Jupyter Remote Server List|Clear User Jupyter Server Cache|Collapse All Cell Inputs
Continue|Continue Execution|Continue On Codespace|Copy Cell|Create Interactive Window
Create New Jupyter Notebook|Debug Cell|Debug Cell Symbols|Debug Current Cell
Debug Current File in Interactive Window|Delete All Notebook Editor Cells|Delete Selected Cells
Execute with Dependent Cells|Execute with Precedent Cells|Expand All Cell Inputs|Export|Export As
Export Current Python File as Jupyter Notebook|Export to HTML|Export to Jupyter Notebook|Export to PDF
Export to Python Script|Extend Selection By Cell Above|Extend Selection By Cell Below|Filter Kernels
Go to code|Go to Next Cell|Go to Previous Cell|Import Notebook to Script|Insert Cell Above|Insert Cell Below
Insert Cell Below Position|Interrupt Kernel|List Pip Packages|List Variables
Manage Access To Jupyter Kernels|Move Selected Cells Down|Move Selected Cells Up|Open Jupyter Variables View
Refresh Data Viewer|Restart Kernel|Restart Kernel and Run All Cells
Restart Kernel and Run Up To Selected Cell|Run Above|Run All Cells|Run Below|Run by Line|Run Cell
Run Cells Above Current Cell|Run Current Cell|Run Current Cell And Advance|Run Current Cell and Below
Run Current File in Interactive Window|Run From Line in Interactive Window|Run in Dedicated Extension Host
Run Next Line|Run Selection/Line in Interactive Window|Run To Line in Interactive Window
Scroll Cell Into View|Select Cell|Select Cell Contents|Select Dependent Cells
Select Interpreter to Start Jupyter Server|Select Precedent Cells|Show Output
Show Table Of Contents (Outline View)|Step Over|Stop|View Value in Data Viewer
"""
SETTINGS = """
allowUnauthorizedRemoteConnection askForKernelRestart askForLargeDataFrames completionTriggerCharacters
debugJustMyCode debugpyDistPath disableJupyterAutoStart enableExtendedKernelCompletions
enableExtendedPythonKernelCompletions enableKernelCompletions excludeUserSitePackages
executionAnalysis.enabled
experiments.enabled experiments.optInto experiments.optOutFrom exportWithOutputEnabled formatStackTraces
interactiveWindow.cellMarker.codeRegex interactiveWindow.cellMarker.decorateCells
interactiveWindow.cellMarker.default interactiveWindow.cellMarker.markdownRegex
interactiveWindow.codeLens.commands interactiveWindow.codeLens.debugCommands interactiveWindow.codeLens.enable
interactiveWindow.codeLens.enableGotoCell interactiveWindow.creationMode interactiveWindow.notebookRepl
interactiveWindow.splitRunFileIntoCells interactiveWindow.textEditor.autoAddNewCell
interactiveWindow.textEditor.autoMoveToNextCell interactiveWindow.textEditor.cellFolding
interactiveWindow.textEditor.executeSelection interactiveWindow.textEditor.magicCommandsAsComments
interactiveWindow.textEditor.normalizeSelection interactiveWindow.viewColumn jupyterCommandLineArguments
jupyterInterruptTimeout jupyterLaunchRetries jupyterLaunchTimeout kernels.excludePythonEnvironments
kernels.trusted logging.level logKernelOutputSeparately notebookFileRoot pythonCompletionTriggerCharacters
pythonExportMethod runStartupCommands showOutlineButtonInNotebookToolbar showVariableViewWhenDebugging
stopOnFirstLineWhileDebugging themeMatplotlibPlots useDefaultConfigForJupyter variableExplorerExclude
widgetScriptSources
"""
KEYS = """
Shift+Enter Ctrl+Enter Alt+Enter Ctrl+;_S Ctrl+;_B Ctrl+;_A Ctrl+;_X Ctrl+;_U Ctrl+;_D Ctrl+;_M Ctrl+;_C
Ctrl+Alt+] Ctrl+Alt+[ Ctrl+Alt+Shift+] Ctrl+Alt+Shift+[ Ctrl+Alt+\\ Ctrl+Alt+Shift+\\ Escape F10
Ctrl+Alt+Shift+Enter Ctrl+R
"""
"""All of the Jupyter extension 2026.6.1, without its commands for developers."""


def test_the_page_names_everything_in_the_jupyter_extension() -> None:
    commands = {name for cell in THERE for name in cell.split(", ")}
    assert [name for name in re.split(r"[|\n]", COMMANDS.strip()) if name not in commands] == []
    spans = set(re.findall(r"`([^`\n]+)`", PAGE))
    assert [name for name in SETTINGS.split() if f"jupyter.{name}" not in spans] == []
    assert [name for key in KEYS.split() if (name := key.replace("_", " ")) not in spans] == []


def test_everything_that_the_page_names_exists() -> None:
    contributes = vscode_contributes()
    titles = {command["title"] for command in contributes["commands"]}
    theirs = re.compile(r"VS Code's \*[^*]+\*(?: and \*[^*]+\*)?|type \*[^*]+\*")
    named = {name for cell in HERE for name in re.findall(r"\*([^*`]+)\*", theirs.sub("", cell))}
    assert len(named) > 15
    assert named - titles == set()
    settings = {name.removeprefix(SECTION) for name in re.findall(r"`(kernel-bridge\.[\w.]+)`", PAGE)}
    assert len(settings) > 8
    assert settings - set(vscode_settings()) == set()


def test_keys_and_commands_that_are_the_same_exist() -> None:
    contributes = vscode_contributes()
    bound = {binding["key"] for binding in contributes["keybindings"]}
    titles = {command["title"].lower() for command in contributes["commands"]}
    cells = [there for there, here in zip(THERE, HERE, strict=True) if here.startswith("the same")]
    keys = {key.lower() for cell in cells for key in re.findall(r"`([^`]+)`", cell)}
    names = {name.lower() for cell in cells if "`" not in cell for name in cell.split(", ")}
    assert "shift+enter" in keys
    assert "go to next cell" in names
    assert keys - bound == set()
    assert names - titles == set()
