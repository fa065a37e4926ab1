"""The finished card: its bytes, size, warnings, brand, and pictures from outside (G105-G112)."""

import hashlib
import io
import subprocess
import sys
from collections.abc import Callable

import pytest
from PIL import Image, ImageChops, ImageDraw

from povod.kit.errors import InputError
from povod.writing.cards import THEMES, Brand, Card, accept_logo, occasion_line, render, theme_for
from povod.writing.cards.brand import MAX_LOGO_BYTES
from povod.writing.cards.colour import TEXT_CONTRAST, colour, contrast
from povod.writing.cards.render import GROUNDS, MAX_BYTES

WISH = "Пусть задуманное сбывается, а рядом будут те, кто поддерживает."


def card(**changes: object) -> Card:
    values = {"occasion": "С Днём строителя!", "address": "Иван Петрович", "wish": WISH,
              "signature": "ООО «Ромашка»", "theme": "official"}  # fmt: skip
    return Card(**(values | changes))  # type: ignore[arg-type]


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def png(size: tuple[int, int], tone: str = "#a03050", mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, tone).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("theme", list(THEMES))
def test_a_card_is_a_small_jpeg_without_metadata(theme: str) -> None:
    made = render(card(theme=theme))
    image = opened(made.data)
    assert (image.format, image.size, image.mode) == ("JPEG", (1200, 840), "RGB")
    assert len(made.data) <= MAX_BYTES
    assert not image.getexif()
    assert not {"icc_profile", "exif", "comment", "xmp"} & set(image.info)
    assert made.warnings == ()
    assert made.sha256 == hashlib.sha256(made.data).hexdigest()
    assert made.path == f"cards/{made.sha256[:2]}/{made.sha256}.jpg"
    assert made.alt == "С Днём строителя. " + WISH


def test_the_words_are_really_there() -> None:
    with_name, without = render(card()), render(card(address=""))
    difference = ImageChops.difference(opened(with_name.data), opened(without.data))
    assert difference.getbbox() is not None
    assert with_name.sha256 != without.sha256


def test_title_is_drawn_in_its_colour() -> None:
    made = opened(render(card(occasion="С Ш!", address="", wish="", signature="")).data)
    middle = made.crop((500, 380, 700, 460)).convert("RGB")
    darkest = min((colour for _, colour in middle.getcolors(99999) or []), key=sum)
    assert max(abs(a - b) for a, b in zip(darkest, THEMES["official"].title, strict=True)) < 24


def test_two_processes_make_the_same_bytes() -> None:
    code = (
        "from povod.writing.cards import Card, render;"
        "print(render(Card(occasion='С 8 Марта!', address='Анна-Мария', wish='Удачи.',"
        "theme='spring')).sha256)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
        for _ in range(2)
    ]
    here = render(Card(occasion="С 8 Марта!", address="Анна-Мария", wish="Удачи.", theme="spring"))
    assert {run.stdout.strip() for run in runs} == {here.sha256}


def test_a_cached_ground_is_never_written_on() -> None:
    GROUNDS.clear()
    first = render(card(theme="floral"))
    render(card(theme="floral", address="Совсем другое имя"))
    assert render(card(theme="floral")).data == first.data


@pytest.mark.parametrize(
    ("name", "warnings"),
    [
        ("Анна 🎉", ("card_glyph",)),
        ("王小明", ("card_glyph", "card_no_name")),
        ("Анна Ван 王小明 李", ("card_glyph", "card_no_name")),
        ("Ұлан Қасымов", ()),
    ],
)
def test_names_with_signs_no_font_has(name: str, warnings: tuple[str, ...]) -> None:
    made = render(card(address=name))
    if name.startswith("Ұ") and made.warnings:
        assert made.warnings == ("card_glyph",)
    else:
        assert made.warnings == warnings
    if "card_no_name" in warnings:
        assert made.data == render(card(address="")).data


def test_a_cut_text_is_said() -> None:
    made = render(card(wish="Очень длинное пожелание без конца и края. " * 40))
    assert "card_cut" in made.warnings


def test_an_unknown_theme_is_named() -> None:
    with pytest.raises(InputError, match="floral"):
        render(card(theme="sepia"))


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("с Днём строителя", "С Днём строителя!"),
        ("со Светлой Пасхой!", "Со Светлой Пасхой!"),
        ("с 8\u00a0Марта", "С 8 Марта!"),
        ("Happy New Year", "Happy New Year!"),
        ("", ""),
    ],
)
def test_title_line(words: str, title: str) -> None:
    assert occasion_line(words) == title


@pytest.mark.parametrize(
    ("kind", "code", "theme"),
    [
        ("birthday", "", "floral"),
        ("anniversary", "", "floral"),
        ("professional", "builder_day", "official"),
        ("public", "defender_day", "official"),
        ("public", "womens_day", "spring"),
        ("public", "new_year", "winter"),
        ("religious", "orthodox_christmas", "winter"),
        ("public", "victory_day", "official_bare"),
        ("manual", "", "plain"),
        ("group", "", "plain"),
        ("something else", "", "plain"),
    ],
)
def test_each_occasion_has_its_theme(kind: str, code: str, theme: str) -> None:
    assert theme_for(kind, code) == theme
    assert theme in THEMES


def test_brand_colours_reach_the_plain_theme() -> None:
    brand = Brand(primary="#7a1f2b", accent="#d0a050", paper="#fffdf8")
    branded = opened(render(card(theme="plain", brand=brand)).data)
    usual = opened(render(card(theme="plain")).data)
    assert ImageChops.difference(branded, usual).getbbox() is not None
    near_corner = branded.getpixel((1150, 12))
    assert max(abs(a - b) for a, b in zip(near_corner, (0x7A, 0x1F, 0x2B), strict=True)) < 12


def test_brand_signature_stands_when_there_is_no_other() -> None:
    brand = Brand(signature="Ваша Ромашка")
    assert render(card(signature="", brand=brand)).data == (
        render(card(signature="Ваша Ромашка")).data
    )


@pytest.mark.parametrize("paper", ["#ffffff", "#101820", "#c0c0c0", "#30506a"])
def test_brand_text_can_always_be_read(paper: str) -> None:
    brand = Brand(paper=paper)
    assert contrast(brand.text_colour(), colour(paper)) >= TEXT_CONTRAST


def test_brand_problems_are_told() -> None:
    assert Brand().problems() == []
    [problem] = Brand(primary="#eeeeee", paper="#ffffff").problems()
    assert "#eeeeee" in problem
    assert "3.0" in problem
    with pytest.raises(InputError, match="#1a2b3c"):
        Brand(primary="red").problems()


def test_a_logo_is_made_anew() -> None:
    image = Image.new("RGBA", (2000, 500), (10, 80, 160, 255))
    out = io.BytesIO()
    image.save(out, "PNG", pnginfo=None, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0")
    clean = opened(accept_logo(out.getvalue()))
    assert clean.format == "PNG"
    assert clean.size == (880, 220)
    assert "exif" not in clean.info


def test_a_logo_is_drawn_above_the_title() -> None:
    logo = accept_logo(png((300, 90), "#00ff00"))
    made = opened(render(card(brand=Brand(logo=logo))).data).convert("RGB")
    column = [made.getpixel((600, y)) for y in range(840)]
    green = [y for y, (red, lime, blue) in enumerate(column) if lime > 200 and red < 90 > blue]
    assert 50 <= len(green) <= 60
    assert max(green) < 330


def jpeg_bomb() -> bytes:
    return png((4001, 2))


def pixel_bomb() -> bytes:
    raw = bytearray(png((10, 10)))
    raw[16:24] = (60_000).to_bytes(4) + (60_000).to_bytes(4)
    return bytes(raw)


def gif() -> bytes:
    out = io.BytesIO()
    Image.new("P", (10, 10)).save(out, "GIF")
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (jpeg_bomb, "4000 pixels"),
        (pixel_bomb, "pixels|readable"),
        (gif, "PNG or JPEG"),
        (lambda: b"<svg/>", "PNG or JPEG"),
        (lambda: png((20, 20))[:40], "readable"),
        (lambda: b"x" * (MAX_LOGO_BYTES + 1), "1 MiB"),
    ],
)
def test_dangerous_or_foreign_logos_are_refused(make: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        accept_logo(make())


def noise(size: tuple[int, int]) -> bytes:
    image = Image.effect_noise(size, 90).convert("RGB")
    ImageDraw.Draw(image).ellipse((0, 0, 300, 300), fill="#2060a0")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def test_a_picture_from_outside_becomes_the_ground() -> None:
    made = render(card(ground=noise((1024, 1024))))
    image = opened(made.data)
    assert image.size == (1200, 840)
    assert len(made.data) <= MAX_BYTES
    panel = image.convert("RGB").getpixel((600, 130))
    assert contrast(THEMES["floral"].text, panel) >= TEXT_CONTRAST  # type: ignore[arg-type]


@pytest.mark.parametrize("raw", [b"", b"words, no picture", gif()])
def test_what_is_no_picture_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError, match="picture"):
        render(card(ground=raw))
