"""Exports that were cut, shuffled, retyped, doubled and mixed up give a Dataset or a sentence; never anything else."""

from __future__ import annotations

import faulthandler
import gzip
import hashlib
import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

import journeylab as jl

SAMPLES = Path(__file__).resolve().parents[3] / "sample_data"
CELLS = (
    "", "-1", "1e999", "NaN", "99999999999999999999", "1.234,56", "(5.00)", "2026-02-30", "31/12/2026", "12/31/26",
    "1772359200000000", "9999-12-31", "=1+1", "'; DROP TABLE orders; --", "\x00", "ada@example.com", "+49 151 2345678",
    '{"a": [1,', "not stocked", "\u202e", "é" * 300, '"', "true", "null", "2026-03-29 02:30:00", "#1001", "🙂",
)  # fmt: skip
SECONDS = 60


def seeds(shared: Path) -> dict[str, bytes]:
    """The head of every sample export, and of every file of the demo store."""
    found = {path.name: path.read_bytes()[:6000] for path in sorted((shared / "data" / "exports").iterdir())}
    for path in sorted(SAMPLES.iterdir()):
        if path.name.endswith((".csv", ".csv.gz")):
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found[path.name.removesuffix(".gz")] = b"\n".join(data.splitlines()[:15]) + b"\n"
    found["events.jsonl"] = (
        b'{"event_timestamp": "1772359200000000", "event_name": "view", "user_pseudo_id": "1", '
        b'"event_params": [{"key": "ga_session_id", "value": {"int_value": "7"}}]}\n' * 4
    )
    return found


def mutated(data: bytes, other: bytes, luck: random.Random) -> bytes:
    """One to three kinds of damage, one after the other."""
    for _ in range(luck.randint(1, 3)):
        data = luck.choice(DAMAGE)(data, other, luck)
    return data


def _cut(data, _other, luck):
    return data[: luck.randrange(len(data) + 1)]


def _double(data, _other, luck):
    lines = data.splitlines(keepends=True)
    at = luck.randrange(len(lines) + 1)
    return b"".join([*lines[:at], *lines])


def _shuffle(data, _other, luck):
    lines = data.splitlines(keepends=True)
    luck.shuffle(lines)
    return b"".join(lines)


def _shuffle_columns(data, _other, luck):
    lines = [line.split(b",") for line in data.splitlines()]
    order = list(range(max(map(len, lines), default=0)))
    luck.shuffle(order)
    return b"\n".join(b",".join(line[place] for place in order if place < len(line)) for line in lines)


def _retype(data, _other, luck):
    cells = data.split(b",")
    for _ in range(luck.randint(1, 12)):
        cells[luck.randrange(len(cells))] = luck.choice(CELLS).encode()
    return b",".join(cells)


def _rename(data, _other, luck):
    head, _, rest = data.partition(b"\n")
    names = head.split(b",")
    names[luck.randrange(len(names))] = luck.choice([*names, b"", b'"', b"day", b"Email", b"source", b"aside"])
    return b",".join(names) + b"\n" + rest


def _bytes(data, _other, luck):
    damaged = bytearray(data)
    for _ in range(luck.randint(1, 20)):
        if damaged:
            damaged[luck.randrange(len(damaged))] = luck.randrange(256)
    return bytes(damaged)


def _encode(data, _other, luck):
    return data.decode("utf-8", "replace").encode(luck.choice(["utf-16", "utf-8-sig", "cp1252"]), "replace")


def _mix(data, other, luck):
    at = luck.randrange(len(data) + 1)
    return data[:at] + other[luck.randrange(len(other) + 1) :]


def _separate(data, _other, luck):
    return data.replace(b",", luck.choice([b";", b"\t", b"|", b" "]))


DAMAGE = (_cut, _double, _shuffle, _shuffle_columns, _retype, _retype, _rename, _bytes, _encode, _mix, _separate)


def run(shared: Path, folder: Path, times: int, seed: int) -> int:
    """Read so many damaged files; return how many became a Dataset."""
    luck = random.Random(seed)
    found = seeds(shared)
    read = 0
    for number in range(times):
        name = luck.choice(sorted(found))
        data = mutated(found[name], found[luck.choice(sorted(found))], luck)
        path = folder / f"{number}-{name}"
        path.write_bytes(data)
        before = hashlib.sha256(data).digest()
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        try:
            shop = jl.read(path, time_zone="Europe/Berlin", root=folder)
        except jl.JourneylabError as error:
            if not str(error):
                raise AssertionError("an error without a word") from error
        except BaseException as error:
            raise AssertionError(f"seed {seed}, number {number}, {name}: {type(error).__name__}: {error}") from error
        else:
            read += 1
            for book in shop.ledgers:
                assert 0 <= book.kept <= book.read, (number, name)
            shop.close()
        finally:
            faulthandler.cancel_dump_traceback_later()
        assert hashlib.sha256(path.read_bytes()).digest() == before
        path.unlink()
        assert not list(folder.iterdir())
    return read


def test_a_few_damaged_exports_give_a_shop_or_a_sentence(shared, tmp_path):
    assert 0 < run(shared, tmp_path, 40, seed=1) < 40


@pytest.mark.slow
def test_two_thousand_damaged_exports_give_a_shop_or_a_sentence(shared, tmp_path):
    # in chunks of their own seeds, so that they are the same on however many cores
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        folders = [tmp_path / str(seed) for seed in range(20)]
        for folder in folders:
            folder.mkdir()
        read = list(pool.map(run, [shared] * 20, folders, [100] * 20, range(20)))
    assert all(0 < n < 100 for n in read)
    assert 200 < sum(read) < 2000
