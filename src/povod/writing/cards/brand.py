"""The brand of an installation: logo, three colours, signature (G111)."""

import io
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from povod.kit.errors import InputError
from povod.writing.cards.colour import (
    TEXT_CONTRAST,
    TITLE_CONTRAST,
    Colour,
    colour,
    contrast,
    mix,
)

MAX_LOGO_BYTES = 1024 * 1024
MAX_LOGO_SIDE = 4000
KEPT_LOGO = (880, 240)
BLACK: Colour = (20, 22, 26)
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True)
class Brand:
    """Colours as `#1a2b3c`; `logo` is what `accept_logo` gave."""

    primary: str = "#23435a"
    accent: str = "#c8964b"
    paper: str = "#ffffff"
    signature: str = ""
    sender_name: str = ""
    logo: bytes | None = None

    def text_colour(self) -> Colour:
        """A quiet dark or light tone of the main colour that reads well on the paper."""
        paper = colour(self.paper)
        ground = BLACK if contrast(BLACK, paper) >= contrast(WHITE, paper) else WHITE
        for share in (0.25, 0.15, 0.0):
            tone = mix(ground, colour(self.primary), share)
            if contrast(tone, paper) >= TEXT_CONTRAST:
                return tone
        return ground

    def problems(self) -> list[str]:
        """Why these colours cannot be read, for the form; empty when they can."""
        paper = colour(self.paper)
        found = []
        title = contrast(colour(self.primary), paper)
        if title < TITLE_CONTRAST:
            found.append(
                f"primary {self.primary} on paper {self.paper}: contrast {title:.1f}, at least "
                f"{TITLE_CONTRAST:.1f} is needed for the title"
            )
        text = contrast(self.text_colour(), paper)
        if text < TEXT_CONTRAST:
            found.append(
                f"paper {self.paper}: no text colour reaches contrast {TEXT_CONTRAST}; "
                "choose a lighter or darker paper"
            )
        return found


def accept_logo(raw: bytes) -> bytes:
    """The logo as a clean PNG of bounded size; `InputError` says what is wrong with the file."""
    if len(raw) > MAX_LOGO_BYTES:
        raise InputError("the logo is larger than 1 MiB; save it smaller")
    image = _opened(raw, ("PNG", "JPEG"), "logo", MAX_LOGO_SIDE)
    logo = image.convert("RGBA")
    logo.thumbnail(KEPT_LOGO, Image.Resampling.LANCZOS)
    clean = Image.new("RGBA", logo.size)
    clean.paste(logo)
    out = io.BytesIO()
    clean.save(out, "PNG", optimize=True)
    return out.getvalue()


def open_picture(raw: bytes, most_side: int = MAX_LOGO_SIDE) -> Image.Image:
    """A picture from outside (a model's ground) in RGB; `InputError` for anything else."""
    return _opened(raw, ("PNG", "JPEG", "WEBP"), "picture", most_side).convert("RGB")


def _opened(raw: bytes, formats: tuple[str, ...], what: str, most_side: int) -> Image.Image:
    """Size is judged from the header, before any pixel is unpacked."""
    allowed = " or ".join(formats)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(raw), formats=formats)
            if max(image.size) > most_side:
                raise InputError(f"the {what} is larger than {most_side} pixels; scale it down")
            image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InputError(f"the {what} unpacks to far too many pixels; scale it down") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise InputError(f"the {what} is not a readable {allowed} picture") from None
    return image
