import pytest

from keras_madd.support.errors import check_choice


def test_a_choice_that_is_none_is_named_with_those_there_are():
    check_choice("split", None, ("train", None))
    with pytest.raises(
        ValueError, match=r"^`split` must be one of train, 3\. Received: split='x'$"
    ):
        check_choice("split", "x", iter(("train", 3)))
