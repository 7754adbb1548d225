import gc
import weakref

from journeylab.data.examples import tiny_shop
from journeylab.growth.recall import MOST, recall


def test_the_same_question_to_the_same_shop_is_asked_once():
    shop, asked = tiny_shop(), []
    for question in (("a", 1), ("a", 1), ("a", 2), ("a", 1)):
        assert recall(shop, question, lambda q=question: asked.append(q) or q) == question
    assert asked == [("a", 1), ("a", 2)]


def test_another_window_and_another_shop_are_asked_again():
    shop, other, asked = tiny_shop(), tiny_shop(), []
    for s in (shop, shop.between("2026-01-01", "2026-01-20"), other):
        recall(s, ("a",), lambda: asked.append(1))
    assert len(asked) == 3


def test_only_the_latest_answers_are_kept():
    shop, asked = tiny_shop(), []
    for i in [*range(MOST + 1), 0]:
        recall(shop, (i,), lambda: asked.append(1))
    assert len(asked) == MOST + 2


def test_answers_are_forgotten_with_the_engine():
    class Answer:
        pass

    shop = tiny_shop()
    seen = weakref.ref(recall(shop, ("a",), Answer))
    assert seen() is not None
    shop.close()
    del shop
    gc.collect()
    assert seen() is None
