"""The tables of the journal and the steps from one version of them to the next (SQL only, no connection).

A file says whose it is by `application_id` and which step it has reached by `user_version`. A step that was
released never changes; a change of the tables is one more step at the end.
"""

APPLICATION_ID = 0x6B627269  # "kbri"

_VERSION_1 = (
    # A bridge process; whether it lives is seen by the lock it holds (presence.py), pid is for people.
    """CREATE TABLE bridges (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        pid INTEGER NOT NULL,
        started_at TEXT NOT NULL
    )""",
    # What a kernel was when it ran something: records.KernelRecord as JSON, once for all runs that share it.
    """CREATE TABLE kernels (
        key INTEGER PRIMARY KEY,
        description BLOB NOT NULL UNIQUE
    )""",
    # `record` is the wire's Run as JSON but for its source and outputs; `times` are metadata.execution's.
    # Keys are never used again, so that they give the order in which runs were asked for.
    """CREATE TABLE runs (
        key INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        bridge INTEGER NOT NULL REFERENCES bridges (key),
        kernel INTEGER NOT NULL REFERENCES kernels (key),
        kernel_id TEXT NOT NULL,
        uri TEXT,
        open INTEGER NOT NULL,
        record BLOB NOT NULL,
        times BLOB NOT NULL,
        source BLOB NOT NULL
    )""",
    "CREATE INDEX runs_by_kernel ON runs (kernel_id, key)",
    "CREATE INDEX runs_by_document ON runs (uri, key)",
    "CREATE INDEX runs_by_bridge ON runs (bridge)",
    "CREATE INDEX runs_open ON runs (key) WHERE open",
    # A stream output has its name here and its text in chunks; any other is JSON in `body`.
    """CREATE TABLE outputs (
        run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        stream TEXT,
        body BLOB
    )""",
    "CREATE UNIQUE INDEX outputs_in_order ON outputs (run, position)",
    # `start` and `length` count characters, `size` bytes; the text comes last, so that the numbers are read
    # without it. Text is UTF-8 in which lone surrogates may stand.
    """CREATE TABLE chunks (
        run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        start INTEGER NOT NULL,
        length INTEGER NOT NULL,
        size INTEGER NOT NULL,
        text BLOB NOT NULL
    )""",
    "CREATE UNIQUE INDEX chunks_in_order ON chunks (run, position, start)",
    # Files with binary MIME data, removed with their run.
    """CREATE TABLE blobs (
        run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
        path TEXT NOT NULL,
        PRIMARY KEY (run, path)
    ) WITHOUT ROWID""",
)

_VERSION_2 = (
    # What is searched for stands in the record already: nothing is kept twice.
    """ALTER TABLE runs ADD COLUMN state TEXT
        GENERATED ALWAYS AS (json_extract(CAST(record AS TEXT), '$.state')) VIRTUAL""",
    # When it started, else when it was asked for.
    """ALTER TABLE runs ADD COLUMN time TEXT GENERATED ALWAYS AS (coalesce(
        json_extract(CAST(record AS TEXT), '$.startedAt'),
        json_extract(CAST(record AS TEXT), '$.queuedAt')
    )) VIRTUAL""",
    # The notebook, where `uri` is that of one of its cells.
    """ALTER TABLE runs ADD COLUMN document TEXT GENERATED ALWAYS AS (coalesce(
        json_extract(CAST(record AS TEXT), '$.notebookDocument.uri'), uri
    )) VIRTUAL""",
    "CREATE INDEX runs_by_time ON runs (time)",
    "CREATE INDEX runs_of_document ON runs (document, key)",
)

_VERSION_3 = (
    # The number of the last batch from the bridge's spill that is in the tables (spill.py).
    "ALTER TABLE bridges ADD COLUMN batch INTEGER NOT NULL DEFAULT 0",
    # Counts the starts of runs: a clock may be set back, so that times do not tell their order.
    "ALTER TABLE runs ADD COLUMN start INTEGER",
    """UPDATE runs SET start = counted.start FROM (
        SELECT key, row_number() OVER (ORDER BY time, key) AS start FROM runs
        WHERE json_extract(CAST(record AS TEXT), '$.startedAt') NOT NULL
    ) AS counted WHERE counted.key = runs.key""",
    "CREATE INDEX runs_by_start ON runs (start)",
)

STEPS: tuple[tuple[str, ...], ...] = (_VERSION_1, _VERSION_2, _VERSION_3)
"""STEPS[n] are the statements that lead from version n to n + 1; version 0 is an empty file."""

VERSION = len(STEPS)
