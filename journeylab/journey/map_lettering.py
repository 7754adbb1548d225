"""How words fit into the room they have on a picture: wrapped, cut, and freed of signs that draw nothing."""

from __future__ import annotations

import unicodedata

#: Mean width of a letter as a share of the size of the type; wide signs, such as those of Chinese or emoji, take two.
_LETTER = 0.53
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
        letters += 2.0 if unicodedata.east_asian_width(sign) in {"W", "F"} else 1.0
    return letters * size * _LETTER


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

    >>> fit("looks at a product", 60, 12, 2)
    ['looks at', 'a product']
    """
    lead = len(text) - len(text.lstrip(" "))
    rest, lines = f"{' ' * lead}{clean(text)}".split(" "), [""]
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
        return [*lines[: most - 1], shorter(" ".join(lines[most - 1 :]), room, size)]
    return [line for line in lines if line]
