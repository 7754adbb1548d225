"""What a saved shop of a warehouse must not carry out of it: whoever its ids and texts point to.

The ids of persons become pseudonyms by a secret key, the same in every table, so that joins and counts stay as they
are; e-mail addresses in any other text are blanked. Readers of files do the same as they read.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from journeylab.data.readers.values import EMAIL
from journeylab.data.schema import PERSONAL_IDS

if TYPE_CHECKING:
    import pyarrow as pa


def hidden(batch: pa.RecordBatch, key: bytes) -> pa.RecordBatch:
    """Return some rows of a canonical table with pseudonyms for persons, and without e-mail addresses."""
    import pyarrow as pa

    columns = [
        _pseudonyms(column, key) if name in PERSONAL_IDS else _without_emails(column)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def pseudonym(given: str, key: bytes) -> str:
    """Return 16 hexadecimal digits of SHA-256 over the key and an id, as a reader makes them of an e-mail address.

    An e-mail address is folded, so that its spellings are one person; any other id counts as it is written.

    >>> pseudonym("Ann@shop.test ", b"k") == pseudonym("ann@shop.test", b"k")
    True
    >>> pseudonym("A1", b"k") == pseudonym("a1", b"k")
    False
    """
    folded = given.strip().lower() if "@" in given else given
    return hashlib.sha256(f"{key.hex()}{folded}".encode()).hexdigest()[:16]


def _pseudonyms(column: pa.Array, key: bytes) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    coded = pc.dictionary_encode(column.cast(pa.string()))
    names = pa.array([pseudonym(value, key) for value in coded.dictionary.to_pylist()], pa.string())
    return names.take(coded.indices).cast(column.type)


def _without_emails(column: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    return pc.replace_substring_regex(column, EMAIL, "(e-mail)")
