"""Named queries: how files are read, and that every one of them runs and finds its index."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from signoff.contract_gen import ApprovalStatus, ExecutionStatus
from signoff.server.store import migrations, queries
from signoff.server.store.queries import Query
from signoff.server.store.sqlite import connect, migrate
from tests.server.often_asked import OFTEN, bound, is_sorted

QUERIES = queries.load("?{}".format, "sqlite")

TEXT = """
-- Before the first name a comment is about the file.

-- name: find
-- Finds things
-- by what is given.
SELECT * FROM things WHERE owner = :owner AND at::text <> ':'
--? status: AND status = :status
--? words: AND word IN (:words)
ORDER BY owner = :owner LIMIT :limit
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "signoff.db")
    migrate(connection)
    yield connection
    connection.close()


def test_a_file_is_read_into_queries() -> None:
    [query] = queries.parse(TEXT, "${}".format)
    assert (query.name, query.doc) == ("find", "Finds things by what is given.")
    sql, values = query.bind({"owner": "o", "limit": 3, "status": None})
    assert sql.splitlines() == [
        "SELECT * FROM things WHERE owner = $1 AND at::text <> ':'",
        "AND status = $2",
        "ORDER BY owner = $1 LIMIT $3",
    ]
    assert values == ("o", None, 3)


def test_a_tuple_is_a_list() -> None:
    [query] = queries.parse(TEXT, "?{}".format)
    for words in (("a",), ("a", "b", "c")):
        sql, values = query.bind({"owner": "o", "limit": 3, "words": words})
        marks = ", ".join(f"?{n}" for n in range(2, 2 + len(words)))
        assert f"AND word IN ({marks})" in sql
        assert values == ("o", *words, 3)
    for wrong in ((), "abc", None):
        with pytest.raises(TypeError, match="words must be a tuple"):
            query.bind({"owner": "o", "limit": 3, "words": wrong})


@pytest.mark.parametrize(
    "text, wrong",
    [
        ("SELECT 1", "SQL before the first name"),
        ("-- name: a\nSELECT 1", "needs a comment"),
        ("-- name: a\n-- Only words.", "and SQL"),
    ],
)
def test_a_file_that_is_wrong_says_so(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        queries.parse(text, "?{}".format)


def test_a_dialect_replaces_shared_queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = "-- name: a\n-- A.\nSELECT 1\n-- name: b\n-- B.\nSELECT 2\n"
    (tmp_path / "all.sql").write_text(shared)
    (tmp_path / "sqlite").mkdir()
    (tmp_path / "sqlite" / "own.sql").write_text("-- name: a\n-- A.\nSELECT 3\n")
    monkeypatch.setattr(queries, "files", lambda _: tmp_path)
    loaded = {name: query.bind({})[0] for name, query in queries.load(str, "sqlite").items()}
    assert loaded == {"a": "SELECT 3", "b": "SELECT 2"}
    (tmp_path / "again.sql").write_text("-- name: b\n-- B.\nSELECT 2\n")
    with pytest.raises(ValueError, match="b is defined twice"):
        queries.load(str, "postgres")


def all_params(query: Query, *, options: bool) -> dict[str, Any]:
    lines = [text for option, text in query.lines if options or option is None]
    names = set(re.findall(r"(?<!:):([a-z]\w*)", "\n".join(lines)))
    names |= {option for option, _ in query.lines if options and option is not None}
    return {name: ("a", "b") if name in query.lists else 1 for name in names}


@pytest.mark.parametrize("options", [False, True])
@pytest.mark.parametrize("name", sorted(QUERIES))
def test_every_query_fits_the_schema(
    database: sqlite3.Connection, name: str, options: bool
) -> None:
    sql, values = QUERIES[name].bind(all_params(QUERIES[name], options=options))
    database.execute(f"EXPLAIN {sql}", values).fetchall()


@pytest.mark.parametrize("name, params, index", OFTEN)
def test_what_is_asked_often_has_its_index(
    database: sqlite3.Connection, name: str, params: dict[str, Any], index: str
) -> None:
    sql, values = bound(QUERIES[name], params)
    plan = database.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    steps = " / ".join(row[3] for row in plan)
    assert re.search(rf"(?<= )({index}|sqlite_autoindex_({index})_1) ", f"{steps} ")
    if is_sorted(name, params):
        assert "TEMP B-TREE" not in steps


def words_of(database: sqlite3.Connection, table: str) -> set[str]:
    [(sql,)] = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", [table]).fetchall()
    listed = re.search(r"CHECK \(status IN\s*\(([^)]*)\)", sql)
    assert listed is not None
    return set(re.findall(r"'(\w+)'", listed[1]))


def test_the_checks_repeat_the_words_of_the_contract(database: sqlite3.Connection) -> None:
    assert words_of(database, "executions") == set(ExecutionStatus)
    assert words_of(database, "approval_requests") == set(ApprovalStatus)


def test_no_query_writes_a_status_word() -> None:
    words = "|".join({*ExecutionStatus, *ApprovalStatus})
    for query in QUERIES.values():
        text = "\n".join(line for _, line in query.lines)
        assert re.search(f"'({words})'", text) is None, query.name


def test_migrations_are_numbered_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "files", lambda _: tmp_path)
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "0002_more.sqlite.sql").write_text("SELECT 2;\n")
    (tmp_path / "0002_more.postgres.sql").write_text("SELECT 3;\n")
    (tmp_path / "0001_first.sql").write_text("-- One;\nSELECT 1; \n\nSELECT\n  ';' || 1;\n")
    steps = migrations.load("sqlite")
    assert [(step.version, step.title) for step in steps] == [(1, "first"), (2, "more")]
    assert steps[0].statements() == ["SELECT 1", "SELECT\n  ';' || 1"]
    assert migrations.missing(steps, {1}) == steps[1:]
    (tmp_path / "0001_again.sql").write_text("")
    with pytest.raises(ValueError, match="two migrations have the number 1"):
        migrations.load("sqlite")
    (tmp_path / "0001_again.sql").unlink()
    (tmp_path / "first.sql").write_text("")
    with pytest.raises(ValueError, match="is not named NNNN_title"):
        migrations.load("sqlite")
