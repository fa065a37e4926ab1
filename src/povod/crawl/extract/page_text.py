"""Texts of a page by which it is known again and judged: S70, S71, S100.

The functions here change the tree (they take out what does not count), so they come last.
"""

import hashlib
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from povod.crawl.extract.text import visible_text

_UNSEEN = ["script", "style", "noscript", "template", "iframe", "svg"]
_NOT_MAIN = ["nav", "header", "footer", "aside"]


@dataclass(frozen=True, slots=True)
class PageText:
    """What a reader sees, and the main part of it with its hash."""

    visible: str
    main: str
    text_hash: str

    @property
    def length(self) -> int:
        """Visible characters."""
        return len(self.visible)

    @property
    def words(self) -> int:
        """Words of the main part."""
        return len(self.main.split())


def page_text(tree: LexborHTMLParser) -> PageText:
    """Texts of the tree, which is stripped on the way."""
    tree.strip_tags(_UNSEEN, recursive=True)
    visible = visible_text(tree).replace("\n", " ")
    tree.strip_tags(_NOT_MAIN, recursive=True)
    main = visible_text(tree).replace("\n", " ")
    return PageText(visible, main, text_hash(main))


def text_hash(main: str) -> str:
    """SHA-256 of a main text in NFC with collapsed blanks."""
    return hashlib.sha256(main.encode("utf-8", "replace")).hexdigest()
