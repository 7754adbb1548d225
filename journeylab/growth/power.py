"""Planning a test on this shop: stub"""


def power(): ...
