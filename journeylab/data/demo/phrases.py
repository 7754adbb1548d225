"""Sentences that simulated customers write: an opening, a core by topic and mood, and an ending, put together."""

from __future__ import annotations

import numpy as np

_GLAD = ("", "Great shop. ", "Very happy. ", "As always: ", "Nice. ", "Really pleased, ", "Lovely things, ")
_CROSS = ("", "Sorry, but ", "Disappointed: ", "Not again. ", "To be honest, ", "This time ", "Hm. ")
_END_GLAD = ("", ".", ". Thank you", ". Would order again", ", keep it up", ". Five stars from me")
_END_CROSS = ("", ".", ". Please fix this", ". I expected better", ". Not what I am used to", ". A pity")

_CORES: dict[tuple[str, bool], tuple[str, ...]] = {
    ("delivery", False): (
        "the parcel arrived too late for the birthday",
        "delivery took more than a week and nobody told me why",
        "the courier left the parcel with a neighbour I do not know",
        "the tracking link showed nothing for days",
        "the gift came after the date, so the delivery was useless",
        "shipping is far too slow, I had to buy something else in the end",
        "the delivery date was moved twice",
        "late delivery, the present was not there in time",
    ),
    ("delivery", True): (
        "delivery was quick and on the day that was promised",
        "fast shipping, the parcel was here the next day",
        "the courier was friendly and on time",
        "the tracking was exact and the delivery came early",
    ),
    ("product", False): (
        "one of the mugs had a crack",
        "the beans taste flat this time",
        "the colour is not the one in the picture",
        "the fabric is thinner than I thought",
    ),
    ("product", True): (
        "the quality is wonderful",
        "the coffee tastes fresh every time",
        "the bowls are even nicer than in the photo",
        "the linen feels lovely and washes well",
    ),
    ("website", False): (
        "I could not find what I was looking for",
        "the search shows things that have nothing to do with my words",
        "the pages load slowly on my phone",
        "the filters reset when I go back",
    ),
    ("website", True): (
        "the website is clear and quick",
        "easy to find everything",
        "good photos and honest descriptions",
    ),
    ("checkout", False): (
        "paying on the phone failed twice",
        "I only saw the shipping fee at the very end",
        "the form asked for my address again and again",
    ),
    ("checkout", True): (
        "paying was quick and simple",
        "the checkout is short and clear",
        "I was through the checkout in a minute",
    ),
    ("price", False): (
        "it has become rather expensive",
        "the price went up again",
        "too expensive for what it is",
    ),
    ("price", True): (
        "the price is fair",
        "good value for money",
        "the discount code worked at once",
    ),
    ("packaging", False): (
        "so much plastic around such small things",
        "the box was torn at one side",
    ),
    ("packaging", True): (
        "beautifully packed and without plastic",
        "the packaging alone is a present",
    ),
    ("service", False): (
        "nobody answered my e-mail",
        "I had to ask three times before I got an answer",
    ),
    ("service", True): (
        "the service answered within an hour",
        "friendly help when I had a question",
    ),
}


def comments(topic: np.ndarray, happy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One comment for each topic and mood."""
    opening, core, ending = (rng.random(len(topic)) for _ in range(3))
    out = np.empty(len(topic), dtype=object)
    for (name, glad), cores in _CORES.items():
        rows = np.flatnonzero((topic == name) & (happy == glad))
        starts, ends = (_GLAD, _END_GLAD) if glad else (_CROSS, _END_CROSS)
        out[rows] = [
            _sentence(_at(starts, opening[i]), _at(cores, core[i]), _at(ends, ending[i])) for i in rows.tolist()
        ]
    return out


def _at(choices: tuple[str, ...], u: float) -> str:
    return choices[int(u * len(choices))]


def _sentence(start: str, core: str, end: str) -> str:
    first = core[0].upper() if start == "" or start.endswith(". ") else core[0]
    return start + first + core[1:] + end
