"""Text from outside never becomes markup."""

import pytest

from journeylab.report.markdown import escape


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[link](javascript:alert(1))",
        "![x](http://evil.example/a.png)",
        "**bold** _em_ `code` ~~gone~~",
        "$x$ costs $5",
        "a | b",
        "&lt;b&gt;",
        "# heading",
    ],
)
def test_every_character_with_a_meaning_is_escaped(hostile: str) -> None:
    text = escape(hostile)
    for place, letter in enumerate(text):
        if letter in "<>[]*_`~$|&#":
            assert text[place - 1] == "\\"


@pytest.mark.parametrize("shortcode", [":tada:", ":material/home:", ":red[x]", "a@example.com", "www.example.com"])
def test_shortcodes_icons_colours_and_addresses_are_broken(shortcode: str) -> None:
    assert "\u2060" in escape(shortcode)


@pytest.mark.parametrize("start", ["- item", "+ item", "1. item", "2) item", "=== x"])
def test_a_line_never_starts_a_list_or_a_rule(start: str) -> None:
    assert "\\" in escape(start)[: start.index(" ") + 1]


def test_lines_become_one_line() -> None:
    assert escape("a\n\n# b\r\nc") == "a \\# b c"
