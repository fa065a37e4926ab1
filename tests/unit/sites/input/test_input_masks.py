"""Which addresses of a list are wanted (S39)."""

import time

import pytest

from povod.sites.input.masks import Masks
from povod.sites.options import InvalidOption


@pytest.mark.parametrize(
    ("include", "exclude", "url", "reason"),
    [
        ([], [], "https://shop.ru/product/1", ""),
        ([], [], "https://shop.ru/a/price.PDF", "binary"),
        ([], [], "https://shop.ru/static/page", "excluded"),
        (["/product/*"], [], "https://shop.ru/product/1", ""),
        (["/product/*"], [], "https://shop.ru/blog/1", "not_included"),
        (["/product/*"], ["*old*"], "https://shop.ru/product/OLD-1", "excluded"),
        (["re:^/p/\\d+$"], [], "https://shop.ru/p/12", ""),
        (["re:^/p/\\d+$"], [], "https://shop.ru/p/12a", "not_included"),
        (["/каталог/*"], [], "https://shop.ru/%D0%BA%D0%B0%D1%82%D0%B0%D0%BB%D0%BE%D0%B3/1", ""),
        (["/%D0%BA%D0%B0%D1%82*"], [], "https://shop.ru/%D0%BA%D0%B0%D1%82%D0%B0/1", ""),
        ([], ["*Акции*"], "https://shop.ru/акции/1", "excluded"),
        ([], ["*?sort=*"], "https://shop.ru/a?sort=price", "excluded"),
    ],
)
def test_masks(include: list[str], exclude: list[str], url: str, reason: str) -> None:
    assert Masks.of(include, exclude).refusal(url) == reason


@pytest.mark.parametrize("mask", ["re:(", "re:[a", "x" * 501])
def test_a_mask_that_cannot_be_used_is_named(mask: str) -> None:
    with pytest.raises(InvalidOption) as caught:
        Masks.of([], [mask])
    assert caught.value.field == "exclude"


def test_a_pattern_that_runs_away_does_not_hold_up_the_list() -> None:
    masks = Masks.of([], ["re:(a|aa)+$b"])
    began = time.monotonic()
    assert masks.refusal("https://shop.ru/" + "a" * 60 + "!") == ""
    assert time.monotonic() - began < 1
