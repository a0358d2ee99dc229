"""What the fold said comes back from the journal as it was, whatever the batches."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.history import writing
from kernel_bridge.history.store import open_reader
from kernel_bridge.runs.changes import Append, Clear, FoldChange, Output, Replace, Rewrite
from kernel_bridge.runs.fold import apply
from tests.unit.history_samples import add, make_run, opened, printed

TEXT = st.text(st.sampled_from("ab\né😀\ud800"), max_size=12) | st.builds(
    lambda part, times: part * times, st.sampled_from(["x", "né\n", "😀"]), st.sampled_from([4000, 150_000])
)


def display(text: str) -> Output:
    return {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}


@st.composite
def batches(draw: st.DrawFn) -> list[list[FoldChange]]:
    """Changes as a fold could give them, with the outputs that they act on."""
    outputs: list[Output] = []
    batches: list[list[FoldChange]] = [[]]
    for _ in range(draw(st.integers(1, 20))):
        streams = [index for index, output in enumerate(outputs) if output["output_type"] == "stream"]
        displays = [index for index, output in enumerate(outputs) if output["output_type"] != "stream"]
        kinds = ["stream", "display", "clear", "batch"]
        kinds += ["rewrite"] * 6 if streams else []
        kinds += ["replace"] if displays else []
        change: FoldChange
        match draw(st.sampled_from(kinds)):
            case "stream":
                change = printed(draw(TEXT), draw(st.sampled_from(["stdout", "stderr"])))
            case "display":
                change = Append(display(draw(TEXT)))
            case "rewrite":
                index = draw(st.sampled_from(streams))
                length = len(outputs[index]["text"])
                start = draw(st.just(length) | st.integers(0, length))
                change = Rewrite(index, start, draw(TEXT))
            case "replace":
                change = Replace(draw(st.sampled_from(displays)), display(draw(TEXT)))
            case "clear":
                change = Clear()
            case _:
                batches.append([])
                continue
        apply(outputs, change)
        batches[-1].append(change)
    return batches


@settings(max_examples=150, deadline=None)
@given(batches())
def test_outputs_are_those_of_the_fold(batches: list[list[FoldChange]]) -> None:
    async def journalled(path: Path) -> list[Output]:
        async with opened(path) as (journal, warnings):
            add(journal, make_run())
            for batch in batches:
                for change in batch:
                    journal.outputs_changed("run-1", [change])
                await journal.flush()
            (record,) = await journal.runs_to_export()
            assert warnings == []
            return record.run.outputs or []

    expected: list[Output] = []
    for batch in batches:
        for change in batch:
            apply(expected, change)
    with tempfile.TemporaryDirectory() as folder:
        assert asyncio.run(journalled(Path(folder) / "history.db")) == expected


async def test_the_folds_own_output_may_grow_after_it_was_told(tmp_path: Path) -> None:
    async with opened(tmp_path / "history.db") as (journal, _):
        change = printed("a")
        add(journal, make_run(), [change])
        change.output["text"] += "b"
        assert (await journal.read_output("run-1", 0, 0, 9))[0] == "a"


async def test_one_line_prints_make_few_rows(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    async with opened(path) as (journal, _):
        add(journal, make_run(), [printed("")])
        for number in range(2000):
            journal.outputs_changed("run-1", [Rewrite(0, number * 10, "123456789\n")])
            if number % 4 == 0:
                await journal.flush()
        await journal.flush()
        reader = open_reader(path)
        (rows,) = reader.execute("SELECT count(*) FROM chunks").fetchone()
        reader.close()
        assert rows <= 20_000 / writing.SMALL + 1


async def check_slice(path: Path, text: str, start: int, length: int) -> None:
    async with opened(path) as (journal, _):
        add(journal, make_run(), [printed(text)])
        assert await journal.read_output("run-1", 0, start, length) == (
            text[start : start + length],
            len(text),
        )


async def test_read_output_over_chunk_borders(tmp_path: Path) -> None:
    text = "😀é\n" * (writing.PIECE // 2)
    for number, (start, length) in enumerate(
        [
            (0, 5),
            (writing.PIECE - 1, 2),
            (writing.PIECE, 1),
            (writing.PIECE - 2, writing.PIECE // 2 + 9),
            (len(text) - 3, 100),
            (len(text), 1),
            (len(text) + 5, 1),
            (7, 0),
        ]
    ):
        await check_slice(tmp_path / f"{number}.db", text, start, length)


async def check_elided(
    path: Path, texts: list[str], budget: int, expected: list[tuple[str, int, str] | str]
) -> None:
    async with opened(path) as (journal, _):
        add(journal, make_run(), [printed(text, f"s{number}") for number, text in enumerate(texts)])
        seen: list[tuple[str, int, str] | str] = []
        for output in (await journal.get_run("run-1", budget)).outputs or []:
            elided = output.get("elided")
            seen.append((output["text"], elided["omitted"], elided["tail"]) if elided else output["text"])
        assert seen == expected


async def test_get_run_elides_over_the_budget(tmp_path: Path) -> None:
    await check_elided(tmp_path / "1", ["abc", "de"], 5, ["abc", "de"])
    await check_elided(tmp_path / "2", ["abc", "de"], 4, ["abc", ("d", 1, "e")])
    await check_elided(tmp_path / "3", ["abc", "de", "f"], 2, [("ab", 1, "c"), ("", 2, "de"), ("", 1, "f")])
    await check_elided(tmp_path / "4", ["é😀é"], 5, [("é", 6, "😀é")])
    tail = "é" * 2048
    await check_elided(tmp_path / "5", ["x" * 9 + "é" * 9000], 9, [("x" * 9, 18000, tail)])
    await check_elided(tmp_path / "6", ["x" * 9 + "é" * 9000 + "x"], 9, [("x" * 9, 18001, tail[1:] + "x")])
