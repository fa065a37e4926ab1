"""Greeting cards: words and a theme in, a JPEG of 1200 × 840 out."""

from povod.writing.cards.brand import Brand, accept_logo
from povod.writing.cards.fonts import Fonts, fonts_for
from povod.writing.cards.render import Card, CardImage, occasion_line, render
from povod.writing.cards.themes import THEMES, Theme, theme_for

__all__ = [
    "THEMES",
    "Brand",
    "Card",
    "CardImage",
    "Fonts",
    "Theme",
    "accept_logo",
    "fonts_for",
    "occasion_line",
    "render",
    "theme_for",
]
