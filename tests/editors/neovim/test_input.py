"""A run that asks for input opens a prompt and does not block the editor."""

from tests.editors.neovim.neovim import Neovim


def ask(editor: Neovim, code: str, keys: str = "") -> None:
    """Runs code that asks for input, then types some keys."""
    editor.open(code)
    editor.lua(
        "test.questions = {} vim.ui.input = function(options, answer)"
        " table.insert(test.questions, { prompt = options.prompt, answer = answer }) end"
    )
    editor.api.input(keys)
    editor.until("vim.api.nvim_get_mode().mode == ...", keys[:1] or "n")
    editor.command("run_cell")


def test_an_answer(buffer: Neovim) -> None:
    ask(buffer, "name = input('Who? ')\nname.upper()\n")
    buffer.until("#test.questions == 1")
    assert buffer.lua("return test.questions[1].prompt") == "Who? "
    buffer.lua("test.questions[1].answer('Ada')")
    (result,) = buffer.until_ended()
    assert result["lines"][-1] == "│ 'ADA'"


def test_cancelling_interrupts(buffer: Neovim) -> None:
    ask(buffer, "input('Who? ')\n")
    buffer.until("#test.questions == 1")
    buffer.lua("test.questions[1].answer(nil)")
    (result,) = buffer.until_ended()
    assert result["state"] == "error"
    assert "KeyboardInterrupt" in "\n".join(result["lines"])


def test_the_prompt_closes_when_its_run_ends(buffer: Neovim) -> None:
    ask(buffer, "input('Who? ')\n")
    buffer.until("#test.questions == 1")
    buffer.command("interrupt")
    buffer.until_ended()
    buffer.until("not require('kernel_bridge.prompt').is_open()")
    buffer.lua("test.questions[1].answer('late')")


def test_the_prompt_waits_for_normal_mode(buffer: Neovim) -> None:
    ask(buffer, "input('Who? ')\n", "i")
    buffer.until("require('kernel_bridge.prompt').is_open()")
    assert buffer.lua("return #test.questions") == 0
    here = "test.results(vim.api.nvim_get_current_buf())[1]"
    buffer.until(f"{here}.mark:find('waiting for input') and true")
    assert buffer.results()[0]["lines"][-1] == "│ Who? ▏ · :KernelBridge answer"
    assert buffer.lua("return require('kernel_bridge').statusline()").endswith(" · waiting for input")
    assert any("waits for an answer" in message for message in buffer.messages())
    buffer.api.input("<Esc>")
    buffer.until("#test.questions == 1")
    buffer.lua("test.questions[1].answer('x')")
    (result,) = buffer.until_ended()
    assert result["lines"] == ["│ Who? x", "│ 'x'"]


def test_a_command_answers_from_insert_mode(buffer: Neovim) -> None:
    ask(buffer, "input('Who? ') + input('And? ')\n", "i")
    buffer.until("require('kernel_bridge.prompt').is_open()")
    buffer.command("answer Ada Lovelace")
    asked = "│ And? ▏ · :KernelBridge answer"
    buffer.until("test.results(vim.api.nvim_get_current_buf())[1].lines[2] == ...", asked)
    assert buffer.api.api.get_mode()["mode"] == "i"
    buffer.command("answer")  # shows the question at once
    buffer.until("#test.questions == 1")
    buffer.lua("test.questions[1].answer('Bob')")
    (result,) = buffer.until_ended()
    assert result["lines"] == ["│ Who? Ada Lovelace", "│ And? Bob", "│ 'Ada LovelaceBob'"]
    buffer.command("answer nobody")
    buffer.until_message("no code waits for an answer")
    buffer.api.input("<Esc>")
    buffer.until("vim.api.nvim_get_mode().mode == 'n'")


def test_a_password_is_hidden(buffer: Neovim) -> None:
    buffer.open("from getpass import getpass\nlen(getpass('Key: '))\n")
    buffer.lua("vim.fn.inputsecret = function(options) test.secret = options.prompt return 'hunter2' end")
    buffer.command("run_cell")
    (result,) = buffer.until_ended()
    assert buffer.lua("return test.secret") == "Key: "
    assert result["lines"] == ["│ 7"]
    assert "hunter2" not in buffer.api.command_output("messages")
