"""The raw layer: packings, encodings, delimiters, and everything that is not a table."""

from __future__ import annotations

import gzip
import random
import zipfile
from datetime import datetime

import duckdb
import pytest

import journeylab as jl
from journeylab.data.readers.files import Limits
from tests.data.readers.exports import column, events, ledger, note, rows, shopify_line, write_csv

KEY = b"k" * 16
EVENTS = b"visitor_id,event,timestamp\na,view,2026-03-01 10:00:00\nb,view,2026-03-02 10:00:00\n"


def fails(path, *words, **options):
    """Read a file that cannot be read, and return the sentence."""
    with pytest.raises(jl.SchemaError) as error:
        jl.read(path, **options)
    said = str(error.value)
    assert path.name in said
    for word in words:
        assert word in said
    return said


def save(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_delimiter_is_found(tmp_path, delimiter):
    line = shopify_line(Lineitem_name="Mug, large; blue | old")
    shop = jl.read(write_csv(tmp_path / "orders.csv", [line], delimiter=delimiter))
    assert column(shop, "order_lines", "product") == ["Mug, large; blue | old"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_any_encoding_is_read(tmp_path, encoding):
    shop = jl.read(
        write_csv(tmp_path / "orders.csv", [shopify_line(Lineitem_name="Tasse für Ñandú")], encoding=encoding)
    )
    assert column(shop, "order_lines", "product") == ["Tasse für Ñandú"]


def test_a_file_of_mixed_encodings_is_read_and_said(tmp_path):
    data = EVENTS + "ü,view,2026-03-01\n".encode() + "ö€,view,2026-03-01\n".encode("cp1252")
    shop = jl.read(save(tmp_path / "e.csv", data))
    assert {"ü", "ö€"} < set(column(shop, "events", "visitor_id"))
    assert note(shop, "events", "Windows-1252").count == 2


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n"])
def test_any_line_ending_is_read(tmp_path, end):
    assert len(rows(jl.read(save(tmp_path / "e.csv", EVENTS.replace(b"\n", end))), "events")) == 2


def test_lines_that_end_in_several_ways_are_read(tmp_path):
    data = b"visitor_id,event,timestamp\na,view,2026-03-01\r\nb,view,2026-03-01\nc,view,2026-03-01\r\n"
    assert column(jl.read(save(tmp_path / "e.csv", data)), "events", "visitor_id") == ["a", "b", "c"]


def test_a_cell_may_hold_line_breaks_and_quotes(tmp_path):
    shop = jl.read(write_csv(tmp_path / "o.csv", [shopify_line(Lineitem_name='A "big"\r\nmug\nof 2')]))
    assert column(shop, "order_lines", "product") == ['A "big"\r\nmug\nof 2']


def test_a_preamble_before_the_header_is_passed_over(tmp_path):
    data = b"sep=,\n# Export\n#\n" + EVENTS
    assert len(rows(jl.read(save(tmp_path / "e.csv", data)), "events")) == 2


def test_gz_zip_and_parquet_give_the_same_tables_as_csv(tmp_path):
    lines = [shopify_line(Name=f"#{n}", Id=n, Lineitem_price=f"{n}.50") for n in range(1, 30)]
    plain = write_csv(tmp_path / "orders.csv", lines)
    packed = [save(tmp_path / "orders.csv.gz", gzip.compress(plain.read_bytes()))]
    with zipfile.ZipFile(tmp_path / "orders.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../orders.csv", plain.read_bytes())
        archive.writestr("__MACOSX/._orders.csv", b"\0\1")
    packed.append(tmp_path / "orders.zip")
    duckdb.sql(f"COPY (FROM read_csv('{plain}', all_varchar = true)) TO '{tmp_path / 'orders.parquet'}'")
    packed.append(tmp_path / "orders.parquet")
    first = jl.read(plain, key=KEY)
    for path in packed:
        shop = jl.read(path, key=KEY)
        for table in ("orders", "order_lines", "customers"):
            assert rows(shop, table) == rows(first, table), path


def test_a_zip_may_hold_several_files_and_unknown_ones_are_said(tmp_path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("events.csv", EVENTS)
        archive.writestr("orders.csv", write_csv(tmp_path / "o.csv", [shopify_line()]).read_bytes())
        archive.writestr("other.csv", b"a,b\n1,2\n")
    shop = jl.read(path)
    assert set(shop.tables) == {"customers", "events", "order_lines", "orders"}
    assert {book.source for book in shop.ledgers} == {"all.zip: events.csv", "all.zip: orders.csv"}
    assert any(n.examples == ("all.zip: other.csv",) for book in shop.ledgers for n in book.notes)


def test_files_of_one_kind_are_appended_in_any_order(tmp_path):
    one = events(tmp_path / "one.csv", ["2026-03-01 10:00:00"], visitors=["a"])
    two = events(tmp_path / "two.csv", ["25/03/2026"], visitors=["b"])
    shop, other = jl.read(one, two), jl.read(two, one)
    assert rows(shop, "events") == rows(other, "events")
    assert shop.fingerprint == other.fingerprint
    assert [book.source for book in shop.ledgers] == ["one.csv", "two.csv"]


def test_the_same_file_twice_is_read_once_and_said(tmp_path):
    one, two = save(tmp_path / "one.csv", EVENTS), save(tmp_path / "two.csv", EVENTS)
    shop = jl.read(one, two)
    assert len(rows(shop, "events")) == 2
    assert note(shop, "events", "read once").examples == ("two.csv",)
    assert shop.fingerprint == jl.read(one).fingerprint


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"visitor_id,event,timestamp\n", "a header and no rows"),
        (b"visitor_id,event,timestamp", "a header and no rows"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "a picture"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), "an Excel file of the old kind"),
        (bytes(range(256)) * 50, "bytes that are no text"),
        (EVENTS + b"\0\0\0", "bytes that are no text"),
        (b"PAR1 and nothing more", "damaged Parquet"),
        (b"PK\x03\x04 and nothing more", "damaged"),
        (b"\x1f\x8b and nothing more", "damaged"),
        (gzip.compress(EVENTS, mtime=0)[:-12], "damaged"),
        (b"some words\nand more\n", "no source journeylab knows"),
    ],
)
def test_what_is_no_table_gets_a_clear_sentence(tmp_path, data, words):
    fails(save(tmp_path / "orders.csv", data), words)


def test_an_unknown_header_names_the_columns_and_the_nearest_source(tmp_path):
    said = fails(save(tmp_path / "x.csv", b"visitor_id,event,colour\n1,2,3\n"))
    assert "visitor_id, event, colour" in said
    assert "The nearest is Events, which also needs a time" in said


def test_a_missing_file_and_a_folder_are_said(tmp_path):
    fails(tmp_path / "nowhere.csv", "There is no file")
    fails(tmp_path, "There is no file")
    with pytest.raises(jl.BadParameter):
        jl.read()


def test_a_file_over_the_limit_is_said(tmp_path):
    fails(save(tmp_path / "e.csv", EVENTS), "the limit is", limits=Limits(file=10))


def test_ragged_rows_are_set_aside_with_their_lines(tmp_path):
    shop = jl.read(save(tmp_path / "e.csv", EVENTS + b"c,view\nd,view,2026-03-01,x\ne,view,2026-03-01\n"))
    book = ledger(shop, "events")
    assert (book.read, book.kept) == (5, 3)
    assert note(shop, "events", "too few columns").examples == ("line 4",)
    assert note(shop, "events", "too many columns").examples == ("line 5",)


def test_a_file_most_of_whose_rows_are_ragged_is_refused(tmp_path):
    fails(save(tmp_path / "e.csv", EVENTS + b"x,y\n" * 5), "do not fit its header", "line 4")


def test_duplicate_column_names_are_said_and_the_first_is_read(tmp_path):
    data = b"visitor_id,event,timestamp,event\na,view,2026-03-01,other\n"
    shop = jl.read(save(tmp_path / "e.csv", data))
    assert column(shop, "events", "event") == ["view"]
    assert note(shop, "events", "occur twice").examples == ("event",)


def test_two_thousand_columns_are_read_and_six_thousand_refused(tmp_path):
    for width, fine in ((2_000, True), (6_000, False)):
        more = b"".join(b",c%d" % n for n in range(width - 3))
        data = b"visitor_id,event,timestamp" + more + b"\na,view,2026-03-01" + b"," * (width - 3) + b"\n"
        path = save(tmp_path / f"{width}.csv", data)
        if fine:
            assert len(rows(jl.read(path), "events")) == 1
        else:
            fails(path, "6,000 columns")


def test_zip_bombs_are_stopped(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("orders.csv", bytes(40 * 2**20))
    fails(path, "unpacks to more than")
    fails(save(tmp_path / "bomb.csv.gz", gzip.compress(bytes(40 * 2**20))), "unpacks to more than")
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(300):
            archive.writestr(f"{number}.csv", EVENTS)
    fails(tmp_path / "many.zip", "300 files")
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", bytes(40 * 2**20))
    fails(tmp_path / "book.xlsx", "unpacks to more than")
    inner = tmp_path / "bomb.zip"
    for depth in range(3):
        outer = tmp_path / f"nested{depth}.zip"
        with zipfile.ZipFile(outer, "w") as archive:
            archive.write(inner, "orders.zip")
        inner = outer
    fails(inner, "packed more than twice")


def test_a_sheet_that_reaches_too_far_is_refused(tmp_path):
    import xlsxwriter

    for cell, fine in (("C2", True), ("XFD1048576", False)):
        path = tmp_path / f"{cell}.xlsx"
        book = xlsxwriter.Workbook(str(path))
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["visitor_id", "event", "timestamp"])
        sheet.write_row(1, 0, ["v", "view", "2026-03-01"])
        sheet.write(cell, "2026-03-01")
        book.close()
        if fine:
            assert column(jl.read(path), "events", "visitor_id") == ["v"]
        else:
            fails(path, "more than 40,000,000 cells")


def test_each_sheet_of_a_workbook_is_a_table(tmp_path):
    import xlsxwriter

    path = tmp_path / "book.xlsx"
    book = xlsxwriter.Workbook(str(path))
    for name in ("May", "June", "Notes"):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, ["visitor_id", "event", "timestamp"] if name != "Notes" else ["Remember", "this"])
        sheet.write_row(1, 0, [name, True, 46082.5])
        sheet.write_datetime(1, 2, datetime(2026, 3, 1, 12), book.add_format({"num_format": "dd/mm/yy hh:mm"}))
    book.close()
    shop = jl.read(path)
    assert column(shop, "events", "visitor_id") == ["June", "May"]
    assert set(column(shop, "events", "occurred_at")) == {datetime(2026, 3, 1, 12)}
    assert "book.xlsx: Notes" in [words for book in shop.ledgers for n in book.notes for words in n.examples]


def test_a_path_like_a_pattern_is_a_path(tmp_path):
    save(tmp_path / "orders1.csv", b"a,b\n1,2\n")
    assert len(rows(jl.read(save(tmp_path / "orders[1]*.csv", EVENTS)), "events")) == 2


def test_text_that_is_called_gz_is_read_as_text(tmp_path):
    assert len(rows(jl.read(save(tmp_path / "events.csv.gz", EVENTS)), "events")) == 2


def test_customers_of_two_sources_are_one_row_each_and_equal_order_numbers_are_refused(tmp_path):
    line = {"InvoiceNo": "9", "StockCode": "A", "Quantity": "1", "InvoiceDate": "2026-01-05 10:00:00", "UnitPrice": "3"}
    shopify = write_csv(tmp_path / "orders.csv", [shopify_line()])
    invoices = write_csv(tmp_path / "lines.csv", [line | {"Email": "ada@example.com"}])
    shop = jl.read(shopify, invoices)
    ((_, acquired, country, _),) = rows(shop, "customers")
    assert (acquired, country) == (datetime(2026, 1, 5, 10), "DE")
    assert column(shop, "orders", "order_id") == ["#1", "9"]
    same = write_csv(tmp_path / "same.csv", [line | {"InvoiceNo": "#1"}])
    with pytest.raises(jl.SchemaError, match="the same order numbers"):
        jl.read(shopify, same)


def test_a_column_may_be_called_anything(tmp_path):
    name = '"; drop table orders; --'
    row = shopify_line(Lineitem_name="=HYPERLINK(1)", Lineitem_sku="<script>alert(1)</script>") | {name: "'; --"}
    path = write_csv(tmp_path / "o'r\"d;ers.csv", [row, row])
    shop = jl.read(path)
    assert column(shop, "order_lines", "product") == ["=HYPERLINK(1)"] * 2
    assert column(shop, "order_lines", "sku") == ["<script>alert(1)</script>"] * 2
    parquet = tmp_path / "odd.parquet"
    duckdb.sql(f"COPY (SELECT 1 AS visitor_id, 2 AS event, DATE '2026-03-01' AS time, 3 AS {name!r}) TO '{parquet}'")
    assert len(rows(jl.read(parquet), "events")) == 1


def test_the_call_reads_the_files_again(tmp_path):
    path = save(tmp_path / 'e "1"\n.csv', EVENTS)
    shop = jl.read(path, time_zone="Europe/Berlin", day_first=True)
    space = {"jl": jl}
    exec(shop.calls[0], space)
    assert space["shop"].fingerprint == shop.fingerprint
    assert jl.read(path, time_zone="Europe/Berlin", names={path: "orders.csv"}).calls == (
        'shop = jl.read("orders.csv", time_zone="Europe/Berlin")',
    )


def test_options_change_the_fingerprint_and_names_and_keys_do_not(tmp_path):
    path = save(tmp_path / "e.csv", EVENTS)
    first = jl.read(path)
    assert first.fingerprint == jl.read(path, names={path: "x.csv"}, key=KEY).fingerprint
    assert first.fingerprint != jl.read(path, time_zone="Europe/Berlin").fingerprint
    assert first.fingerprint != jl.read(save(path, EVENTS + b"\n")).fingerprint


def test_progress_only_grows_and_says_what_is_done(tmp_path):
    heard = []
    jl.read(save(tmp_path / "e.csv", EVENTS), progress=lambda share, words: heard.append((share, words)))
    shares = [share for share, _ in heard]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert any("e.csv" in words for _, words in heard)


def test_a_stop_in_progress_leaves_nothing(tmp_path):
    root = tmp_path / "root"
    root.mkdir()

    def stop(_share, _words):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jl.read(save(tmp_path / "e.csv", EVENTS), root=root, progress=stop)
    assert list(root.iterdir()) == []


def test_a_bad_option_is_said(tmp_path):
    path = save(tmp_path / "e.csv", EVENTS)
    for options in ({"currency": "euro"}, {"time_zone": "Mars"}, {"time_zone": "'; --"}):
        with pytest.raises(jl.BadParameter):
            jl.read(path, **options)


_CELLS = (b"", b"NaN", b"1e309", b"-", b"0x1", b"'", b'"', b"9" * 40, b"\xff", b"2026-99-99", b"1,5", b"\r", b"{a}")
_SWAPS = ((b",", b";"), (b"\n", b"\r\n"), (b'"', b""), (b" ", b"\t"), (b"0", b""))


def _retyped(data, chance):
    cells = data.split(b",")
    for _ in range(3):
        cells[chance.randrange(len(cells))] = chance.choice(_CELLS)
    return b",".join(cells)


def _spliced(data, chance):
    where = chance.randrange(len(data))
    return data[:where] + bytes(chance.choices(range(256), k=chance.randrange(1, 8))) + data[where:]


def _recoded(data, chance):
    return data.decode("utf-8", "replace").encode(
        chance.choice(["utf-16", "utf-16-le", "cp1252", "utf-8-sig"]), "replace"
    )


def _shortened(data, chance):
    return b"\n".join(b",".join(line.split(b",")[: chance.randrange(1, 90)]) for line in data.split(b"\n"))


_MUTATIONS = (
    lambda data, chance: data[: chance.randrange(len(data))],
    lambda data, chance: b"".join(chance.sample(data.splitlines(keepends=True), min(9, len(data.splitlines())))),
    lambda data, chance: data + b"".join(chance.choices(data.splitlines(keepends=True), k=3)),
    lambda data, chance: data + "ÿ,Ü\n".encode(chance.choice(["latin-1", "utf-16", "utf-8"])),
    lambda data, chance: data.replace(*chance.choice(_SWAPS)),
    _retyped,
    _spliced,
    _recoded,
    _shortened,
)


@pytest.mark.parametrize("source", ["shopify", "invoices", "events"])
def test_damaged_files_give_a_shop_or_a_clear_sentence(tmp_path, source):
    chance = random.Random(source)
    sample = {
        "shopify": write_csv(
            tmp_path / "s.csv",
            [shopify_line(Name=f"#{n // 2}", Id=n, Lineitem_name="Ümug, big") for n in range(8)],
        ).read_bytes(),
        "invoices": b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
        + b"".join(b'C%d,A%d,"x, y",%d,1/2/2011 8:26,2.55,17850.0\n' % (n, n, n) for n in range(12)),
        "events": EVENTS * 3,
    }[source]
    path = tmp_path / "file.csv"
    read = 0
    for _ in range(70):
        data = sample
        for _ in range(chance.randrange(1, 4)):
            data = chance.choice(_MUTATIONS)(data, chance) or b"\n"
        path.write_bytes(data)
        try:
            shop = jl.read(path)
        except jl.JourneylabError:
            continue
        read += 1
        for book in shop.ledgers:
            assert 0 <= book.set_aside <= book.read
        shop.close()
    assert read > 10


def test_a_damaged_lzma_zip_is_refused_in_words(tmp_path):
    path = tmp_path / "events.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("events.csv", "visitor_id,event,timestamp\n" + "v,view,2026-03-01 10:00:00\n" * 500)
    data = bytearray(path.read_bytes())
    data[45:70] = b"\xff" * 25
    path.write_bytes(data)
    with pytest.raises(jl.SchemaError, match="events"):
        jl.read(path)
