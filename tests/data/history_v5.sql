-- A journal as written by version 5 of the schema. Released, so it must never change.
PRAGMA application_id = 1801613929;
PRAGMA user_version = 5;
CREATE TABLE bridges (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        pid INTEGER NOT NULL,
        started_at TEXT NOT NULL
    );
CREATE TABLE kernels (
        key INTEGER PRIMARY KEY,
        description BLOB NOT NULL UNIQUE
    );
CREATE TABLE runs (
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
    );
CREATE INDEX runs_by_kernel ON runs (kernel_id, key);
CREATE INDEX runs_by_document ON runs (uri, key);
CREATE INDEX runs_by_bridge ON runs (bridge);
CREATE INDEX runs_open ON runs (key) WHERE open;
CREATE TABLE outputs (
        run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        stream TEXT,
        body BLOB
    );
CREATE UNIQUE INDEX outputs_in_order ON outputs (run, position);
CREATE TABLE chunks (
        run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        start INTEGER NOT NULL,
        length INTEGER NOT NULL,
        size INTEGER NOT NULL,
        text BLOB NOT NULL
    );
CREATE UNIQUE INDEX chunks_in_order ON chunks (run, position, start);
CREATE TABLE blobs (
        run INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
        path TEXT NOT NULL,
        PRIMARY KEY (run, path)
    ) WITHOUT ROWID;
ALTER TABLE runs ADD COLUMN state TEXT
        GENERATED ALWAYS AS (json_extract(CAST(record AS TEXT), '$.state')) VIRTUAL;
ALTER TABLE runs ADD COLUMN time TEXT GENERATED ALWAYS AS (coalesce(
        json_extract(CAST(record AS TEXT), '$.startedAt'),
        json_extract(CAST(record AS TEXT), '$.queuedAt')
    )) VIRTUAL;
ALTER TABLE runs ADD COLUMN document TEXT GENERATED ALWAYS AS (coalesce(
        json_extract(CAST(record AS TEXT), '$.notebookDocument.uri'), uri
    )) VIRTUAL;
CREATE INDEX runs_by_time ON runs (time);
CREATE INDEX runs_of_document ON runs (document, key);
ALTER TABLE bridges ADD COLUMN batch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN start INTEGER;
CREATE INDEX runs_by_start ON runs (start);
ALTER TABLE chunks ADD COLUMN lines INTEGER;
CREATE INDEX chunks_with_lines ON chunks (run, position, size, lines);
ALTER TABLE runs ADD COLUMN heard INTEGER;
ALTER TABLE runs ADD COLUMN options BLOB;
INSERT INTO bridges VALUES (1, '00000000-0000-4000-8000-000000000000', 1, '2026-01-01T00:00:00+00:00', 0);
INSERT INTO kernels VALUES (1, CAST('{"name":"python3","display_name":"Python 3","language":"python","cwd":null,"language_info":{"name":"python","file_extension":".py"}}' AS BLOB));
INSERT INTO runs (key, id, bridge, kernel, kernel_id, uri, open, start, heard, record, times, source, options) VALUES (1, '11111111-0000-4000-8000-000000000001', 1, 1, 'kernel-1', 'cell:1', 0, 1, 7,
    CAST('{"id":"11111111-0000-4000-8000-000000000001","kernelId":"kernel-1","epoch":1,"source":"","origin":"bridge","state":"ok","queuedAt":"2026-01-01T00:00:00.000000Z","textDocument":{"uri":"cell:1"},"notebookDocument":{"uri":"file:///a.ipynb","version":3},"unit":"cell","executionCount":1,"startedAt":"2026-01-01T00:00:01.000000Z","endedAt":"2026-01-01T00:00:02.000000Z"}' AS BLOB),
    CAST('{}' AS BLOB),
    CAST('print(''hé'')
' AS BLOB),
    CAST('{"store_history":true,"stop_on_error":true,"allow_stdin":true,"after":null,"message_id":null,"location":{"uri":"cell:1","version":null,"range":null,"span":[0,11],"lines":"print(''hé'')","unit":"cell","notebook":["file:///a.ipynb",3],"cell_id":null}}' AS BLOB));
INSERT INTO runs (key, id, bridge, kernel, kernel_id, uri, open, start, heard, record, times, source, options) VALUES (2, '11111111-0000-4000-8000-000000000002', 1, 1, 'kernel-1', NULL, 1, 2, 11,
    CAST('{"id":"11111111-0000-4000-8000-000000000002","kernelId":"kernel-1","epoch":1,"source":"","origin":"bridge","state":"running","queuedAt":"2026-01-01T00:00:00.000000Z","startedAt":"2026-01-01T00:00:01.000000Z"}' AS BLOB),
    CAST('{}' AS BLOB),
    CAST('while True: pass' AS BLOB),
    CAST('{"store_history":true,"stop_on_error":false,"allow_stdin":true,"after":null,"message_id":null,"location":null}' AS BLOB));
INSERT INTO outputs VALUES (1, 0, 'stdout', NULL);
INSERT INTO chunks VALUES (1, 0, 0, 3, 4, CAST('hé
' AS BLOB), 1);
INSERT INTO outputs VALUES (1, 1, NULL, CAST('{"output_type":"display_data","data":{"text/plain":"1"},"metadata":{}}' AS BLOB));
