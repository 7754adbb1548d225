"""How words fit into the room they have on a picture: wrapped, cut, and freed of signs that draw nothing."""

from __future__ import annotations

import re
import unicodedata

#: Width of letters as a share of the size of bold type, about; signs of Chinese and emoji are wide.
_LETTER, _WIDE = 0.58, 1.06
_WIDTHS = {
    **dict.fromkeys("ijl.,:;'|!’", 0.3), **dict.fromkeys("ftrI ()[]-/“”·", 0.37), **dict.fromkeys("mwMW@%…—", 0.9),
    **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZ", 0.7), **dict.fromkeys("ckszvyxJ0123456789", 0.555),
}  # fmt: skip
#: What stays on one line, a number with its unit, and what holds it together meanwhile.
_TOGETHER, _HELD = re.compile(r"\d %|\bn = \d|\d (?:k|m)\b"), "\u00a0"
#: Signs that turn the direction of the words around them.
_TURNS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


def clean(text: str) -> str:
    r"""Return text on one line without control signs, so that nothing in it disturbs a drawing.

    >>> clean("a\tb\x00\u202ec")
    'a bc'
    """
    line = " ".join(text.split())
    return "".join(sign for sign in line if unicodedata.category(sign) not in {"Cc", "Cs"} and ord(sign) not in _TURNS)


def width(text: str, size: float) -> float:
    """Return about how wide text is."""
    letters = 0.0
    for sign in text:
        if unicodedata.combining(sign) or unicodedata.category(sign) in {"Mn", "Cf"}:
            continue
        wide = unicodedata.east_asian_width(sign) in {"W", "F"}
        letters += _WIDE if wide else _WIDTHS.get(sign, _LETTER)
    return letters * size


def shorter(text: str, room: float, size: float) -> str:
    """Return text cut to its room, with an ellipsis if it was.

    >>> shorter("a long name of something", 60, 12)
    'a long n…'
    """
    text = clean(text)
    if width(text, size) <= room:
        return text
    while text and width(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text.rstrip()}…" if text else ""


def fit(text: str, room: float, size: float, most: int) -> list[str]:
    """Return text as at most `most` lines that fit the room; the last is cut if there is more.

    >>> fit("looks at a product: 5 % of all", 60, 12, 3)
    ['looks at a', 'product:', '5 % of all']
    """
    lead = len(text) - len(text.lstrip(" "))
    whole = _TOGETHER.sub(lambda found: found.group().replace(" ", _HELD), clean(text))
    rest, lines = f"{' ' * lead}{whole}".split(" "), [""]
    while rest:
        word = rest.pop(0)
        longer = f"{lines[-1]} {word}" if lines[-1] or (not word and len(lines) == 1) else word
        if width(longer, size) <= room:
            lines[-1] = longer
        elif width(word, size) > room and not lines[-1].strip():
            cut = len(word)
            while cut > 1 and width(word[:cut], size) > room:
                cut -= 1
            lines[-1] = word[:cut]
            if cut < len(word):
                rest.insert(0, word[cut:])
                lines.append("")
        else:
            lines.append("")
            rest.insert(0, word)
    if len(lines) > most:
        lines = [*lines[: most - 1], shorter(" ".join(lines[most - 1 :]).replace(_HELD, " "), room, size)]
    return [line.replace(_HELD, " ") for line in lines if line]
