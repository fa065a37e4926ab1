"""Whether an element says that no reader sees it (L78)."""

import re
from collections.abc import Mapping

_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?![.\d]*[1-9])"
    r"|opacity\s*:\s*0(?![.\d]*[1-9])|(?:left|right|top|bottom|text-indent)\s*:\s*-\d{4,}"
    r"|(?:^|[;\s])color\s*:\s*transparent|clip\s*:\s*rect\(\s*0|clip-path\s*:\s*inset\(\s*(?:50|100)%",
    re.IGNORECASE,
)
_COLOUR = re.compile(r"(?:^|[;\s])(color|background(?:-color)?)\s*:\s*([#\w]+(?:\([^)]*\))?)", re.I)
_COLOUR_NAMES = {"white": "#ffffff", "black": "#000000"}


def is_hidden(attributes: Mapping[str, str | None]) -> bool:
    """Whether the attributes of an element hide it, or its text on its background."""
    if "hidden" in attributes or (attributes.get("aria-hidden") or "").lower() == "true":
        return True
    style = attributes.get("style")
    if not style:
        return False
    return _STYLE.search(style) is not None or _is_text_like_background(style)


def _is_text_like_background(style: str) -> bool:
    colours = {name.lower()[:5]: _colour(value) for name, value in _COLOUR.findall(style)}
    return "color" in colours and colours["color"] == colours.get("backg")


def _colour(value: str) -> str:
    text = value.lower().replace(" ", "")
    if re.fullmatch(r"#[0-9a-f]{3}", text):
        return "#" + "".join(digit * 2 for digit in text[1:])
    return _COLOUR_NAMES.get(text, text)
