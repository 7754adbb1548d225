from __future__ import annotations

import os
import re

import duckdb
import pytest

from journeylab.data.urls import conceal, open_url, secrets_in, spell
from journeylab.errors import BadParameter, SchemaError

SECRETS = [
    ("postgres://ann:hush@db:5432/shop", "hush"),
    ("postgres://ann:h'u\"s{h}@db/shop?sslmode=require", "h'u\"s{h}"),
    ("snowflake://ann:a:b@account/shop?warehouse=w", "a:b"),
    ("duckdb://md:shop?motherduck_token=hush", "hush"),
    ("sc://host:15002/;token=hush;user_id=ann", "hush"),
    ("bigquery://project/set?credentials_path=x&api_key=hush", "hush"),
]


@pytest.mark.parametrize(("url", "secret"), SECRETS)
def test_a_secret_is_neither_shown_nor_written_down(url: str, secret: str):
    assert secret in secrets_in(url)
    assert secret not in conceal(url)
    assert secret not in spell(url)


@pytest.mark.parametrize(("url", "secret"), SECRETS)
def test_the_written_url_is_the_same_once_the_secret_is_in_the_environment(
    url: str, secret: str, monkeypatch: pytest.MonkeyPatch
):
    for name, value in zip(re.findall(r"os\.environ\['(\w+)'\]", spell(url)), secrets_in(url), strict=True):
        monkeypatch.setenv(name, value)
    assert eval(spell(url), {"os": os}) == url


def test_a_url_without_secrets_is_written_as_it_is():
    assert eval(spell("duckdb:///a/b.duckdb?threads=2")) == "duckdb:///a/b.duckdb?threads=2"


def test_an_engine_that_does_not_answer_is_said_without_its_password():
    with pytest.raises(SchemaError) as error:
        open_url("nosuchengine://ann:hush@db/shop")
    assert "nosuchengine://ann:***@db/shop" in str(error.value)
    assert "hush" not in str(error.value)
    assert error.value.__cause__ is None


def test_a_missing_duckdb_file_is_not_created(tmp_path):
    with pytest.raises(SchemaError, match="cannot be opened"):
        open_url(f"duckdb://{tmp_path}/absent.duckdb")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["duckdb://{}", "{}"])
def test_a_duckdb_file_is_opened_read_only(tmp_path, form):
    path = tmp_path / "shop.duckdb"
    duckdb.connect(str(path)).close()
    backend = open_url(form.format(path))
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        backend.raw_sql("CREATE TABLE t (a INT)")
    backend.disconnect()


def test_a_file_of_exports_is_no_engine():
    with pytest.raises(BadParameter, match=r"jl\.read"):
        open_url("orders.csv")


@pytest.mark.parametrize("password", ["pa/ss", "pa@ss", "pa?s#s"])
def test_a_password_with_marks_of_its_own_is_not_shown(password):
    assert conceal(f"postgres://ann:{password}@db/shop") == "postgres://ann:***@db/shop"


def test_an_address_that_is_malformed_is_refused_without_its_password():
    with pytest.raises(BadParameter, match="no address") as error:
        open_url("postgres://ann:hush@[db/shop")
    assert "hush" not in str(error.value)
