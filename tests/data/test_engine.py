"""The embedded engine: threads, its folder, and the ways out of it."""

from __future__ import annotations

import gc
import threading

import duckdb
import ibis
import pytest

from journeylab.data.engine import EmbeddedEngine, literal, quote


@pytest.fixture
def engine(tmp_path):
    engine = EmbeddedEngine(tmp_path)
    yield engine
    engine.close()


def test_six_threads_get_the_same_answer_from_one_table(engine):
    engine.sql("CREATE TABLE t AS SELECT range AS x FROM range(100000)")
    table, answers = engine.table("t"), []

    def ask():
        answers.extend(int(engine.run(table.agg(s=table.x.sum())).s[0]) for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [4_999_950_000] * 30


def test_a_sealed_engine_reads_and_writes_no_file(engine, tmp_path):
    path = tmp_path / "secret.csv"
    path.write_text("a\n1\n")
    engine.seal()
    for query in (
        f"SELECT * FROM read_csv({literal(str(path))})",
        f"COPY (SELECT 1) TO {literal(str(tmp_path / 'out.csv'))}",
        f"ATTACH {literal(str(tmp_path / 'other.duckdb'))}",
        "INSTALL httpfs",
        "SET enable_external_access = true",
    ):
        with pytest.raises(duckdb.Error):
            engine.sql(query)
    assert engine.sql("SELECT 1") == [(1,)]


def test_closing_deletes_the_folder_and_may_be_repeated(tmp_path):
    engine = EmbeddedEngine(tmp_path)
    engine.sql("CREATE TABLE t AS SELECT 1 AS x")
    engine.close()
    engine.close()
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_is_forgotten_deletes_its_folder(tmp_path):
    engine = EmbeddedEngine(tmp_path)
    del engine
    assert list(tmp_path.iterdir()) == []


def test_two_engines_do_not_see_each_other(tmp_path):
    one, other = EmbeddedEngine(tmp_path), EmbeddedEngine(tmp_path)
    one.sql("CREATE TABLE t AS SELECT 1 AS x")
    with pytest.raises(duckdb.CatalogException):
        other.sql("FROM t")
    one.close()
    other.close()


@pytest.mark.parametrize("name", ['"; drop table t; --', "o'brien", 'a"b', "täble 🛒"])
def test_any_name_and_any_text_can_be_quoted(engine, name):
    engine.sql(f"CREATE TABLE {quote(name)} AS SELECT {literal(name)} AS {quote(name)}")
    assert engine.sql(f"SELECT {quote(name)} FROM {quote(name)}") == [(name,)]


def test_the_engine_counts_in_utc_whatever_the_machine_says(engine):
    assert engine.sql("SELECT current_setting('TimeZone')") == [("UTC",)]


def test_what_is_kept_stays_as_it_was_and_is_of_the_types_that_were_said(engine):
    engine.sql("CREATE TABLE t AS SELECT range AS x FROM range(10)")
    table = engine.table("t")
    asked = table.mutate(kind=ibis.ifelse(table.x > 4, 1, 0), total=table.x.sum().over())
    kept = engine.keep(asked)
    engine.sql("DELETE FROM t")
    assert kept.schema() == asked.schema()
    rows = engine.run(kept)
    assert (len(rows), set(rows["kind"]), set(rows["total"])) == (10, {0, 1}, {45})
    with engine.batches(kept) as batches:
        assert batches.schema == next(iter(batches)).schema


def test_what_is_kept_goes_when_nothing_reads_it_any_more(engine):
    engine.sql("CREATE TABLE t AS SELECT 1 AS x")

    def tables():
        return {name for (name,) in engine.sql("SHOW TABLES")}

    kept = engine.keep(engine.table("t"))
    reader, name = kept.filter(kept.x > 0), kept.op().name
    del kept
    gc.collect()
    engine.keep(engine.table("t"))
    assert name in tables()
    assert len(engine.run(reader)) == 1
    del reader
    gc.collect()
    engine.keep(engine.table("t"))
    assert name not in tables()


def test_a_sealed_engine_still_keeps(engine):
    engine.sql("CREATE TABLE t AS SELECT 1 AS x")
    engine.seal()
    assert len(engine.run(engine.keep(engine.table("t")))) == 1
