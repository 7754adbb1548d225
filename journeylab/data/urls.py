"""The address of an engine: opening it, and writing it down without its secrets."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import ibis

from journeylab.call import literal
from journeylab.errors import BadParameter, SchemaError

#: What follows a user's name and a colon, or a setting whose name speaks of a secret.
_SECRET = re.compile(
    r"(?<=://)[^:/?#@]*:(?P<password>\S*)(?=@)"
    r"|(?<=[?&;/])(?P<setting>[^=?&;/#]*(?:password|passwd|pwd|secret|token|key|credential)[^=?&;/#]*)=(?P<value>[^&;#]*)",
    re.IGNORECASE,
)
_FILES = (".duckdb", ".sqlite", ".db")


def open_url(url: str) -> Any:
    """Return an Ibis backend for a URL; a DuckDB file is opened read-only, and Spark joins a cluster.

    Raises:
        SchemaError: if the engine does not answer, or its driver is not installed; never shows a secret.
        BadParameter: if the URL is none.
    """
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        raise BadParameter(f"{conceal(url)!r} is no address of an engine.", do="Check its host and brackets.") from None
    if not scheme and not url.endswith(_FILES):
        raise BadParameter(f"{conceal(url)!r} is no address of an engine.", do="Files of exports are read by jl.read.")
    try:
        if scheme in {"spark", "sc"}:
            return _spark(url)
        return ibis.connect(url, **({"read_only": True} if _is_duckdb_file(url) else {}))
    except BadParameter:
        raise
    except Exception as error:  # noqa: BLE001 - each driver has errors of its own, and their text may hold the password
        said = str(error)
        for secret in secrets_in(url):
            said = said.replace(secret, "***")
        raise SchemaError(
            f"The engine at {conceal(url)} cannot be opened.",
            why=f"{type(error).__name__}: {said.strip().splitlines()[0] if said.strip() else 'no reason given'}",
            do="Check the address, that it is reachable, and that its driver is installed.",
        ) from None


def _is_duckdb_file(url: str) -> bool:
    scheme, netloc, path, _, _ = urlsplit(url)
    place = netloc + path
    if scheme == "duckdb":
        return bool(place.strip("/")) and not place.startswith((":memory:", "md:", "motherduck:"))
    return scheme in {"", "file"} and place.endswith(".duckdb")


def _spark(url: str) -> Any:
    """Join a standalone cluster (spark://) or a Spark Connect server (sc://)."""
    from pyspark.sql import SparkSession

    parts = urlsplit(url)
    if parts.scheme == "sc":
        return ibis.pyspark.connect(SparkSession.builder.remote(url).getOrCreate())
    master = urlunsplit(("spark", parts.netloc, "", "", ""))
    builder = SparkSession.builder.master(master).appName("journeylab")
    for key, value in parse_qsl(parts.query):
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    joined = session.sparkContext.master
    if joined != master:
        raise BadParameter(
            f"This program already has a Spark session, on {joined}.", do="Stop it, or use that cluster."
        )
    return ibis.pyspark.connect(session)


def secrets_in(url: str) -> list[str]:
    """Return the secrets a URL carries.

    >>> secrets_in("postgres://ann:hush@db/shop?sslmode=require&token=abc")
    ['hush', 'abc']
    """
    found = (match["password"] or match["value"] for match in _SECRET.finditer(url))
    return [secret for secret in found if secret]


def conceal(url: str) -> str:
    """Return a URL with its secrets starred out, for people to read.

    >>> conceal("postgres://ann:hush@db/shop")
    'postgres://ann:***@db/shop'
    """
    return "".join(part if name is None else "***" for part, name in _pieces(url))


def spell(url: str) -> str:
    """Return Python that makes a URL again, with its secrets taken from the environment.

    >>> spell("duckdb:///data/shop.duckdb")
    "'duckdb:///data/shop.duckdb'"
    >>> spell("postgres://ann:hush@db/shop")
    "'postgres://ann:' + os.environ['JOURNEYLAB_PASSWORD'] + '@db/shop'"
    """
    return " + ".join(
        literal(part) if name is None else f"os.environ[{literal(f'JOURNEYLAB_{name}')}]" for part, name in _pieces(url)
    )


def _pieces(url: str) -> list[tuple[str, str | None]]:
    """Cut a URL into what may be shown, with None beside it, and secrets, each beside a name for it."""
    pieces: list[tuple[str, str | None]] = []
    start = 0
    for match in _SECRET.finditer(url):
        group = "password" if match["password"] is not None else "value"
        if match[group]:
            name = re.sub(r"\W+", "_", match["setting"] or "password").upper()
            pieces += [(url[start : match.start(group)], None), (match[group], name)]
            start = match.end(group)
    return [(part, name) for part, name in [*pieces, (url[start:], None)] if part]
