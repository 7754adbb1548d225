"""The errors journeylab raises on purpose: each says what happened, why, and what to do.

The app shows them as a panel. Any other exception is a bug.
"""

from __future__ import annotations


class JourneylabError(Exception):
    """Base of all errors that a user can act on.

    Args:
        what: One sentence: what happened, and where (file, row, column).
        why: The reason, if `what` does not already carry it.
        do: What the user can do about it.
    """

    def __init__(self, what: str, *, why: str = "", do: str = "") -> None:
        self.what, self.why, self.do = what, why, do
        super().__init__(" ".join(part for part in (what, why, do) if part))

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling, which would otherwise pass only the joined sentence."""
        return _rebuild, (type(self), self.what, self.why, self.do)


def _rebuild(kind: type[JourneylabError], what: str, why: str, do: str) -> JourneylabError:
    return kind(what, why=why, do=do)


class SchemaError(JourneylabError):
    """A file, table or column is missing, unreadable, or not what it was taken for."""


class UnknownSource(SchemaError):  # noqa: N818 - as below
    """A file whose columns belong to no source that is known; a mapping says what they are."""


class NotEnoughData(JourneylabError):  # noqa: N818 - the name says the state, and is part of the public contract
    """The data is of the right kind, but too little of it to answer honestly."""


class BadParameter(JourneylabError):  # noqa: N818 - as above
    """An argument is outside the values that make sense."""
