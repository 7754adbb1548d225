"""The words by which comments are typed into six kinds of pain; a list that anybody can read, and the user can edit.

The six kinds are a common way to sort the pain points of a customer journey. The words are ours: beginnings of words in
English, German, French, Spanish, Italian and Dutch, matched wherever a word begins with them. With a blank in them they
match across words, and with a full stop at the end only the whole word fits ("fee." is no "feeling"). A word that could
be of two kinds stands where shops' customers mostly mean it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from journeylab.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from journeylab.data.dataset import Dataset

#: Kind of pain, and what it is.
PAINS = {
    "navigational": "cannot find the way or the thing",
    "usability": "can find it, and cannot work with it",
    "emotional": "feels let down, unsure or annoyed",
    "financial": "price, fees, refunds",
    "support": "asks, and gets no good help",
    "performance": "slow, late or broken: the promise is not kept",
}
UNTYPED = "not typed"
#: Where the user's own words are kept beside the data.
EDIT = "pain_words"

USUAL: dict[str, tuple[str, ...]] = {
    "navigational": (
        "find", "search", "menu", "filter", "navigat", "lost", "looking for", "categor", "where is",
        "suche", "finde", "gefunden", "navigation", "kategorie",
        "cherch", "trouv", "recherche", "busca", "encontr", "cerca", "trovar", "trovat", "zoek", "gevonden", "vinden",
    ),
    "usability": (
        "form.", "forms.", "confus", "complicat", "difficult", "button", "login", "password", "register", "log in",
        "sign up", "unclear", "click", "payment fail", "paying on", "failed",
        "formular", "kompliziert", "verwirr", "umständlich", "passwort", "anmeld", "unübersichtlich", "bedien",
        "formulaire", "compliqu", "mot de passe", "difficile", "complicad", "contraseña", "confund", "difícil",
        "complicat", "modulo", "ingewikkeld", "onduidelijk", "wachtwoord", "lastig",
    ),
    "emotional": (
        "disappoint", "frustrat", "angry", "annoy", "upset", "trust", "worr", "sad.", "shame", "rude", "unfriendly",
        "let down", "unhappy",
        "enttäusch", "ärger", "frustrier", "vertrauen", "schade", "traurig", "unfreundlich", "wütend",
        "déçu", "décep", "énerv", "confiance", "triste", "decepcion", "molest", "enfad", "confianza", "delus",
        "arrabbiat", "fiducia", "teleurgest", "boos", "vertrouwen", "jammer",
    ),
    "financial": (
        "expensive", "price", "fee.", "fees.", "cost", "refund", "charge", "overpriced", "discount", "voucher",
        "coupon", "money", "teuer", "preis", "gebühr", "kosten", "erstatt", "rabatt", "gutschein", "geld",
        "cher.", "chère", "prix", "frais", "rembours", "argent", "caro.", "cara.", "precio", "gastos", "reembols",
        "dinero", "prezzo", "costos", "rimbors", "duur.", "prijs", "terugbetal", "korting",
    ),
    "support": (
        "answer", "reply", "replie", "support", "service", "help.", "hotline", "phone call", "e-mail", "email",
        "contact", "no response", "chat",
        "antwort", "hilfe", "kundendienst", "rückmeld", "erreich", "hotline", "kontakt",
        "répon", "aide", "contacter", "respond", "respuest", "ayuda", "atención", "rispost", "assistenza", "aiuto",
        "antwoord", "klantenservice", "hulp",
    ),
    "performance": (
        "slow", "late.", "delay", "wait", "took", "days", "week", "broken", "crack", "damag", "crash", "error", "load",
        "torn", "lost parcel", "useless", "not in time", "moved twice", "too long", "missing", "defect", "neighbour",
        "tracking", "stale", "flat.",
        "langsam", "spät", "verspät", "wart", "kaputt", "beschädigt", "fehler", "lade", "dauer", "woche", "defekt",
        "lent.", "lente.", "retard", "attend", "cassé", "panne", "semaine", "tard", "retras", "esper", "roto", "lento",
        "semana", "ritard", "rotto", "aspett", "settiman", "traag", "laat.", "vertrag", "kapot", "wacht", "stuk",
    ),
}  # fmt: skip


def kept(shop: Dataset) -> dict[str, list[str]]:
    """Return the words that the user gave to kinds of pain; what is no list of texts is left out."""
    found = shop.edits.get(EDIT)
    told = found.items() if isinstance(found, dict) else ()
    return {
        pain: stems
        for pain, stems in told
        if pain in PAINS and isinstance(stems, list) and all(isinstance(stem, str) for stem in stems)
    }


def checked(words: Mapping[str, Sequence[str]] | None) -> dict[str, tuple[str, ...]]:
    """Return the words of each kind of pain, the usual ones where none are given; blanks and capitals do not matter.

    Raises:
        BadParameter: if there is no such kind, or its words are no texts.
    """
    given = words or {}
    for pain, stems in given.items():
        if pain not in PAINS:
            raise BadParameter(f"There is no kind of pain called {pain!r}.", do=f"The kinds are {', '.join(PAINS)}.")
        if isinstance(stems, str) or not all(isinstance(stem, str) for stem in stems):
            raise BadParameter(f"The words of {pain} must be a list of texts.")
    found = {pain: given.get(pain, USUAL[pain]) for pain in PAINS}
    return {
        pain: tuple(dict.fromkeys(stem for word in stems if (stem := " ".join(word.lower().split())).strip(".")))
        for pain, stems in found.items()
    }


def shares(comments: Iterable[str], words: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Return the share of comments that hold a word of each kind of pain; a comment may hold several.

    >>> found = shares(["Far too SLOW", "slow, and expensive"], checked(None))
    >>> found["performance"], found["financial"], found["support"]
    (1.0, 0.5, 0.0)
    """
    texts = [" ".join(comment.lower().split()) for comment in comments]
    out = {}
    for pain, stems in words.items():
        if not stems or not texts:
            out[pain] = 0.0
            continue
        seek = re.compile("|".join(_pattern(stem) for stem in stems))
        out[pain] = sum(bool(seek.search(text)) for text in texts) / len(texts)
    return out


def _pattern(stem: str) -> str:
    """Return the pattern of a stem: at the start of a word, but anywhere in scripts without blanks."""
    start, end = (r"\b" if stem[0] < "\u2e80" else ""), (r"\b" if stem.endswith(".") else "")
    return start + re.escape(stem.removesuffix(".")) + end
