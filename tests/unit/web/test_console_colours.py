"""Text can be read: every pair of colours that meets has the contrast of WCAG AA."""

import re
from pathlib import Path

import pytest

from povod.web import view

CSS = (Path(view.__file__).parent / "static" / "povod.css").read_text()
COLOURS = {
    name: pair for name, *pair in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", CSS)
}
TEXT, PART = 4.5, 3.0
ON = [
    *((ink, ground) for ink in ("ink", "muted") for ground in ("ground", "paper", "raised")),
    *(("accent", ground) for ground in ("ground", "paper", "raised", "accent-soft")),
    ("accent-ink", "accent"),
    ("ink", "accent-soft"),
    *((tone, f"{tone}-soft") for tone in ("good", "warn", "bad")),
    *((tone, "paper") for tone in ("good", "bad")),
]


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), ON)
def test_text_on_its_ground(ink: str, ground: str, theme: int) -> None:
    assert contrast(COLOURS[ink][theme], COLOURS[ground][theme]) >= TEXT


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "ground"])
def test_edges_of_fields_can_be_seen(ground: str, theme: int) -> None:
    assert contrast(COLOURS["edge"][theme], COLOURS[ground][theme]) >= PART


def test_colours_have_names() -> None:
    """A colour outside the variables would be the same in both themes."""
    rules = CSS.partition("*, *::before")[2]
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgb\(", rules)
    used = set(re.findall(r"var\(--([\w-]+)\)", CSS))
    assert used == {*COLOURS, "shade", "radius", "space"}
