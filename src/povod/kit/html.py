"""HTML from outside, made safe to show."""

import nh3


def sanitize_html(html: str) -> str:
    """The fragment without anything that runs, loads or styles; plain markup and links stay."""
    return nh3.clean(html, url_schemes={"http", "https", "mailto", "tel"})
