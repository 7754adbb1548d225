"""What a page did is written as Python that does it again."""

from __future__ import annotations

import numpy as np
import pytest

from journeylab.call import literal


@pytest.mark.parametrize(("value", "text"), [(np.float64(0.9), "0.9"), (np.str_("cart"), "'cart'"), (True, "True")])
def test_values_of_numpy_are_written_as_plain_python(value, text):
    assert literal(value) == text
