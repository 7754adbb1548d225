"""The words of comments as numbers, and the themes in them: TF-IDF and non-negative matrix factorisation.

Sources: Salton & Buckley (1988), "Term-weighting approaches in automatic text retrieval", Information Processing &
Management 24; Lee & Seung (1999), "Learning the parts of objects by non-negative matrix factorization", Nature 401;
start of the factorisation: Boutsidis & Gallopoulos (2008), Pattern Recognition 41. What we add: docs/methods/themes.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from journeylab.customers.comments import Comments

#: Themes are found on at most this many comments of each mood; all comments are then sorted into them.
FITTED_ON = 20_000
#: A mood needs this many comments to have themes, and a theme this many on average.
FEWEST, EACH = 20, 8
#: How much a touchpoint that was asked about weighs beside the words of a comment, whose length is 1.
TOUCHPOINT = 0.6
WORDS_SHOWN = 8
_MOST_WORDS = 5000
_COMMON = 0.4
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_WORD = r"(?u)\b\w\w\w+\b|[\U0001F300-\U0001FAFF]"


@dataclass(frozen=True, eq=False)
class Found:
    """Themes, and what each comment says of them.

    Args:
        words: The telling words of each theme.
        pain: Whether each theme was found in unhappy comments.
        member: The theme of each comment; -1 for none.
        weight: How much of that theme is in it.
        characters: Whether the features are runs of characters, as in scripts without blanks.
    """

    words: list[tuple[str, ...]]
    pain: np.ndarray
    member: np.ndarray
    weight: np.ndarray
    characters: bool


def fit(comments: Comments, count: int, progress: Callable[[float, str], None]) -> Found:
    """Find `count` themes in the unhappy comments and as many in the others, and sort every comment into one of them.

    Themes are found in one half of the comments only; the other half is kept for measuring what they do. Sorting looks
    at the words alone, neither at the score nor at the touchpoint.
    """
    from scipy import sparse

    rows = comments.rows
    texts = rows["comment"].tolist()
    characters = _unspaced(texts)
    progress(0.1, "Weighing the words")
    terms, names = _weighed(texts, characters=characters)
    touched = _touchpoints(rows["touchpoint"])
    found, pains = [], []
    for mood, (share, word) in ((True, (0.3, "unhappy")), (False, (0.5, "other"))):
        progress(share, f"Finding themes in the {word} comments")
        learn = np.flatnonzero((comments.unhappy == mood) & ~rows["half"].to_numpy(bool))[:FITTED_ON]
        parts = _parts(sparse.hstack([terms[learn], touched[learn]]).tocsr(), count)
        parts = parts[:, : terms.shape[1]]
        parts = parts[parts.sum(axis=1) > 0]
        found.append(parts)
        pains += [mood] * len(parts)
    parts = np.vstack(found)
    progress(0.7, "Sorting the comments into themes")
    member, weight = _sorted(terms, parts)
    return Found(_telling(parts, names), np.array(pains, dtype=bool), member, weight, characters)


def _unspaced(texts: Sequence[str]) -> bool:
    """Say whether much of the text is in scripts that put no blanks between words."""
    sample = "".join(texts[:2000])
    return len(_UNSPACED.findall(sample)) > 0.3 * max(1, sum(character.isalpha() for character in sample))


def _weighed(texts: Sequence[str], *, characters: bool) -> tuple[Any, np.ndarray]:
    """Return TF-IDF weights, a row a comment, and the features.

    Words in more than two fifths of the comments say little, in any language, and are left out.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    least = 1 if len(texts) < 100 else 3 if len(texts) < 20_000 else 10
    options: dict[str, Any] = {"min_df": least, "sublinear_tf": True, "max_features": _MOST_WORDS, "dtype": np.float64}
    how = {"analyzer": "char", "ngram_range": (2, 3)} if characters else {"token_pattern": _WORD}
    for common in (_COMMON, 1.0):  # a handful of comments may have nothing but common words
        try:
            vectoriser = TfidfVectorizer(max_df=common, **how, **options)
            weights = vectoriser.fit_transform(texts)
        except ValueError:
            continue
        return weights.tocsr(), vectoriser.get_feature_names_out()
    from scipy.sparse import csr_matrix

    return csr_matrix((len(texts), 1)), np.array([""])


def _touchpoints(column: pd.Series) -> Any:
    """Return the touchpoints that were asked about as further features."""
    from scipy.sparse import csr_matrix

    codes, names = column.factorize(sort=True)
    known = np.flatnonzero(codes >= 0)
    values = np.full(len(known), TOUCHPOINT)
    return csr_matrix((values, (known, codes[known])), shape=(len(codes), max(len(names), 1)))


def _parts(terms: Any, count: int) -> np.ndarray:
    """Return the features of each theme, each of length 1."""
    from sklearn.decomposition import NMF

    n = terms.shape[0]
    k = min(count, n // EACH, min(terms.shape) - 1)
    if n < FEWEST or k < 1 or terms.nnz == 0:
        return np.zeros((0, terms.shape[1]))
    with np.errstate(invalid="ignore"):  # a perfect fit leaves an error that rounds below zero
        model = NMF(k, init="nndsvda", random_state=0, max_iter=300, tol=1e-4).fit(terms)
    length = np.linalg.norm(model.components_, axis=1, keepdims=True)
    return model.components_ / np.where(length > 0, length, 1.0)


def _sorted(terms: Any, parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put each comment into the theme whose words it shares most (cosine); -1 where it shares none."""
    n = terms.shape[0]
    if not len(parts):
        return np.full(n, -1), np.zeros(n)
    length = np.linalg.norm(parts, axis=1, keepdims=True)
    likeness = np.round(np.asarray(terms @ (parts / np.where(length > 0, length, 1.0)).T), 12)
    member, weight = likeness.argmax(axis=1), likeness.max(axis=1)
    return np.where(weight > 0, member, -1), weight


def _telling(parts: np.ndarray, names: np.ndarray) -> list[tuple[str, ...]]:
    """Return the words that are heavy in a theme and light in the others."""
    if not len(parts):
        return []
    own = parts / np.where(parts.sum(axis=0) > 0, parts.sum(axis=0), 1.0)
    score = np.round(parts * own, 12)
    best = np.argsort(-score, axis=1, kind="stable")[:, :WORDS_SHOWN]
    return [
        tuple(str(names[place]).strip() for place in row if score[theme, place] > 0) for theme, row in enumerate(best)
    ]
