"""Masks of a list (S39, S137)."""

import time

import pytest

from povod.sites.input.masks import Masks
from povod.sites.options import InvalidOption

SHOP = "https://shop.ru"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/catalog/x", ""),
        ("/Catalog/X?page=2", ""),
        ("/p/12", ""),
        ("/p/12a", "not_included"),
        ("/about", "not_included"),
        ("/x/catalog/y", "not_included"),
        ("/catalog/old/x", "excluded"),
        ("/catalog/x?print=1", "excluded"),
        ("/catalog/static/x", "excluded"),
        ("/catalog/price.PDF", "binary"),
        ("/catalog/photo.jpg?w=100", "binary"),
        ("/catalog/кирпич", ""),
    ],
)
def test_exclusion_wins_over_inclusion(path, reason):
    masks = Masks.of(["/catalog/*", r"re:^/p/\d+$"], ["*/old/*", "re:print="])
    assert masks.refusal(SHOP + path) == reason


def test_without_masks_everything_but_files_is_wanted():
    masks = Masks.of([], [])
    assert masks.refusal(f"{SHOP}/") == ""
    assert masks.refusal(f"{SHOP}/app.js") == "binary"
    assert masks.refusal(f"{SHOP}/assets/page") == "excluded"


@pytest.mark.parametrize("mask", ["re:(", "re:[a", "*" * 501])
def test_a_mask_that_cannot_be_used_is_named(mask):
    with pytest.raises(InvalidOption) as caught:
        Masks.of([mask], [])
    assert caught.value.field == "include"


def test_a_pattern_that_never_ends_fits_nothing_and_holds_up_nothing():
    masks = Masks.of([], [r"re:^/(\w+\s?)*\!$", r"re:(x+x+)+y"])
    began = time.monotonic()
    assert masks.refusal(f"{SHOP}/{'x' * 400}") == ""
    assert time.monotonic() - began < 5
