"""The journal's tables, and the migrations between their versions (SQL only).

A file is identified by `application_id`; `user_version` is the last migration applied. A released migration
never changes; a new version adds one at the end.
"""

APPLICATION_ID = 0x6B627269  # "kbri"

_VERSION_1 = (
    # A bridge process. It is alive while it holds its lock (recovery.py); pid is only informative.
    """CREATE TABLE bridges (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        pid INTEGER NOT NULL,
        started_at TEXT NOT NULL
    )""",
    # The kernel of a run as it was then: records.KernelRecord as JSON, shared by all runs that it describes.
    """CREATE TABLE kernels (
        key INTEGER PRIMARY KEY,
        description BLOB NOT NULL UNIQUE
    )""",
    # `record` is the wire's Run as JSON without source and outputs; `times` are those of metadata.execution.
    # Keys are never reused, so they give the order in which runs were requested.
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
    # A stream output has its name here and its text in chunks; any other output is JSON in `body`.
    """CREATE TABLE outputs (
        run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        stream TEXT,
        body BLOB
    )""",
    "CREATE UNIQUE INDEX outputs_in_order ON outputs (run, position)",
    # `start` and `length` are in characters, `size` in bytes. The text is the last column, so that the
    # numbers can be read without it. It is UTF-8 that may contain lone surrogates.
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
    # Search columns are computed from the record: nothing is stored twice.
    """ALTER TABLE runs ADD COLUMN state TEXT
        GENERATED ALWAYS AS (json_extract(CAST(record AS TEXT), '$.state')) VIRTUAL""",
    # When the run started or, if it never did, when it was queued.
    """ALTER TABLE runs ADD COLUMN time TEXT GENERATED ALWAYS AS (coalesce(
        json_extract(CAST(record AS TEXT), '$.startedAt'),
        json_extract(CAST(record AS TEXT), '$.queuedAt')
    )) VIRTUAL""",
    # The notebook, if `uri` is one of its cells.
    """ALTER TABLE runs ADD COLUMN document TEXT GENERATED ALWAYS AS (coalesce(
        json_extract(CAST(record AS TEXT), '$.notebookDocument.uri'), uri
    )) VIRTUAL""",
    "CREATE INDEX runs_by_time ON runs (time)",
    "CREATE INDEX runs_of_document ON runs (document, key)",
)

_VERSION_3 = (
    # The last batch of the bridge's spill that is in the tables (spill.py).
    "ALTER TABLE bridges ADD COLUMN batch INTEGER NOT NULL DEFAULT 0",
    # Counts run starts: times do not give their order, since a clock may be set back.
    "ALTER TABLE runs ADD COLUMN start INTEGER",
    """UPDATE runs SET start = counted.start FROM (
        SELECT key, row_number() OVER (ORDER BY time, key) AS start FROM runs
        WHERE json_extract(CAST(record AS TEXT), '$.startedAt') NOT NULL
    ) AS counted WHERE counted.key = runs.key""",
    "CREATE INDEX runs_by_start ON runs (start)",
)

_VERSION_4 = (
    # Newlines in the text; NULL: not counted. They are behind the text in the row, hence the index.
    "ALTER TABLE chunks ADD COLUMN lines INTEGER",
    "CREATE INDEX chunks_with_lines ON chunks (run, position, size, lines)",
)

_VERSION_5 = (
    # The number of the last kernel message that the run's state and outputs contain (kernels/numbering).
    "ALTER TABLE runs ADD COLUMN heard INTEGER",
    # records.Options as JSON. NULL: not known, since an earlier version stored the run.
    "ALTER TABLE runs ADD COLUMN options BLOB",
)

STEPS: tuple[tuple[str, ...], ...] = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5)
"""STEPS[n] migrates from version n to n + 1; version 0 is an empty file."""

VERSION = len(STEPS)
