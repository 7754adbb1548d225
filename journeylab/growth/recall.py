"""What the engine has answered lately, so that a slider over the statistics does not ask it again.

Kept for each engine, and forgotten with it; the shop's fingerprint is part of the key, so that nothing outlives a
change of the data. Answers are small: sufficient statistics.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

    from journeylab.data.dataset import Dataset

T = TypeVar("T")

MOST = 16
_answers: WeakKeyDictionary[Any, OrderedDict[str, Any]] = WeakKeyDictionary()
_lock = threading.Lock()


def recall(shop: Dataset, question: tuple[Any, ...], ask: Callable[[], T]) -> T:
    """Return what `ask` gave for the same question to the same shop before, or ask.

    Args:
        shop: The shop; its engine and fingerprint belong to the question.
        question: Literals that say what is asked.
        ask: Asks the engine. Two threads may both ask; the answers are equal.
    """
    key = repr((shop.fingerprint, shop.window, question))
    with _lock:
        answers = _answers.setdefault(shop.engine, OrderedDict())
        if key in answers:
            answers.move_to_end(key)
            return answers[key]
    answer = ask()
    with _lock:
        answers[key] = answer
        while len(answers) > MOST:
            answers.popitem(last=False)
    return answer


def forget(shop: Dataset) -> None:
    """Forget what the shop's engine has answered, so that it is asked again."""
    with _lock:
        _answers.pop(shop.engine, None)
