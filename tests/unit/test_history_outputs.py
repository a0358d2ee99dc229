"""The fold's outputs come back from the journal unchanged, for any batches."""

import asyncio
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_bridge.history import writing
from kernel_bridge.history.records import Filter, encode, encode_output, whole
from kernel_bridge.history.selection import Selection
from kernel_bridge.history.store import open_reader
from kernel_bridge.protocol.vocabulary import Output
from kernel_bridge.runs.changes import Append, Clear, FoldChange, Replace, Rewrite
from kernel_bridge.runs.events import Stream
from kernel_bridge.runs.fold import Outputs, apply
from kernel_bridge.runs.live import LiveOutputs
from tests.outputs import display
from tests.unit.history_samples import add, make_run, opened, printed

TEXT = st.text(st.sampled_from("ab\né😀\ud800"), max_size=12) | st.builds(
    lambda part, times: part * times, st.sampled_from(["x", "né\n", "😀"]), st.sampled_from([4000, 150_000])
)


@st.composite
def batches(draw: st.DrawFn) -> list[list[FoldChange]]:
    """Changes that a fold could make, with the outputs they apply to."""
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


def everything(runs: Selection) -> list[list[Output]]:
    return [[whole(output) for output in record.outputs] for record in runs]


@settings(max_examples=60)
@given(batches())
def test_stored_outputs_equal_those_of_the_fold(batches: list[list[FoldChange]]) -> None:
    async def journalled(path: Path) -> list[Output]:
        async with opened(path) as (journal, warnings):
            add(journal, make_run())
            for batch in batches:
                for change in batch:
                    journal.outputs_changed("run-1", [change])
                await journal.flush()
            (outputs,) = await journal.read_runs(Filter(), everything)
            assert warnings == []
            return outputs

    expected: list[Output] = []
    for batch in batches:
        for change in batch:
            apply(expected, change)
    with tempfile.TemporaryDirectory() as folder:
        assert asyncio.run(journalled(Path(folder) / "history.db")) == expected


@given(
    st.dictionaries(st.sampled_from(["text/plain", "data", "é"]), TEXT | st.just({"data": {}}), max_size=3)
)
def test_an_output_in_pieces_is_the_same_json(data: Output) -> None:
    output = {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": None}
    assert json.loads(b"".join(encode_output(output))) == json.loads(encode(output))


async def test_the_fold_may_change_an_output_after_reporting_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "history.db") as (journal, _):
        change = printed("a")
        add(journal, make_run(), [change])
        change.output["text"] += "b"
        assert (await journal.read_output("run-1", 0, 0, 9))[0] == "a"


async def test_many_short_prints_make_few_rows(tmp_path: Path) -> None:
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


PRINTED = st.text("aé😀\n", max_size=9) | st.just("é\n" * 3000)
PRINTS = st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), PRINTED), max_size=12)


@settings(max_examples=40)
@given(PRINTS, st.integers(0, 9000))
def test_get_run_elides_as_live_outputs_do(prints: list[tuple[str, str]], budget: int) -> None:
    fold, live = Outputs(), LiveOutputs(budget)
    told = [fold.fold(Stream(name, text)) for name, text in prints]
    for changes in told:
        live.apply(changes)

    async def journalled(path: Path) -> list[Output] | None:
        async with opened(path) as (journal, _):
            add(journal, make_run())
            for changes in told:
                journal.outputs_changed("run-1", changes)
            return (await journal.get_run("run-1", budget)).outputs

    with tempfile.TemporaryDirectory() as folder:
        assert asyncio.run(journalled(Path(folder) / "history.db")) == live.outputs
