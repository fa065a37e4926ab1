"""Every line of every card stands inside the zone of its theme (G107, G108, G189)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw

from povod.writing.cards import THEMES, layout
from povod.writing.cards.colour import TEXT_CONTRAST, TITLE_CONTRAST, contrast, mix
from povod.writing.cards.fonts import shipped
from povod.writing.cards.layout import Block, Layout, Shape, lay_out
from povod.writing.cards.ornaments.frames import HEIGHT, WIDTH
from povod.writing.cards.painter import ramp_image
from povod.writing.cards.render import _painted
from povod.writing.cards.themes import Theme

TITLE = "С Международным днём работников жилищно-коммунального хозяйства и бытового обслуживания!!!"
NAME = "Константин-Александр Вячеславович Рождественский-Преображенский, Ильич"
WISH = (
    "Пусть каждое начатое дело завершается так, как задумано, партнёры держат слово, а команда "
    "растёт вместе с задачами. Желаем уверенности в решениях, ясных целей и времени для самых "
    "близких нам людей. Пусть всё складывается"
)
SIGNATURE = "Анна Орлова, директор по работе с ключевыми клиентами, ООО «Ромашка»"


def blocks(title: str, name: str, wish: str, signature: str) -> list[Block]:
    return [
        Block("title", title, layout.TITLE),
        Block("address", name, layout.ADDRESS),
        Block("wish", wish, layout.WISH),
        Block("signature", signature, layout.SIGNATURE),
    ]


def placed(theme: Theme, *texts: str, logo: float = 0) -> Layout:
    return lay_out(blocks(*texts), shipped(), theme.shape, logo)


@pytest.fixture(params=list(THEMES))
def theme(request: pytest.FixtureRequest) -> Theme:
    return THEMES[request.param]


def test_the_longest_texts_fit_every_theme(theme: Theme) -> None:
    assert (len(TITLE), len(NAME), len(WISH)) == (90, 70, 220)
    found = placed(theme, TITLE, NAME, WISH, SIGNATURE)
    assert not found.cut
    assert all(theme.shape.holds(line.box) for line in found.lines)
    texts = {line.block for line in found.lines}
    assert texts == {"title", "address", "wish", "signature"}
    counts = [sum(line.block == name for line in found.lines) for name in
              ("title", "address", "wish", "signature")]  # fmt: skip
    assert all(count <= most for count, most in zip(counts, (3, 3, 6, 2), strict=True))


def test_the_longest_real_title_keeps_its_size(theme: Theme) -> None:
    title = "С Днём работников бытового обслуживания населения и жилищно-коммунального хозяйства!"
    found = placed(theme, title, "Иван Петрович", WISH, "ООО «Ромашка»")
    sizes = {line.size for line in found.lines if line.block == "title"}
    assert not found.cut
    assert min(sizes) >= 44


def test_lines_never_overlap(theme: Theme) -> None:
    found = placed(theme, TITLE, NAME, WISH, SIGNATURE)
    pairs = zip(found.lines, found.lines[1:], strict=False)
    assert all(upper.box[3] <= lower.box[1] + 3 for upper, lower in pairs)
    title = [line for line in found.lines if line.block == "title"]
    assert title[-1].box[3] < found.divider < found.lines[len(title)].box[1]


def test_short_texts_are_set_large(theme: Theme) -> None:
    found = placed(theme, "С 8 Марта!", "Мария", "Пусть всё сбудется.", "Ромашка")
    assert [line.size for line in found.lines] == [92, 44, 27, 25]


def test_a_logo_takes_its_room(theme: Theme) -> None:
    with_logo = placed(theme, "С 8 Марта!", "Мария", WISH, "", logo=56)
    without = placed(theme, "С 8 Марта!", "Мария", WISH, "")
    assert with_logo.logo + 56 < with_logo.lines[0].box[1]
    assert with_logo.lines[0].box[1] > without.lines[0].box[1]


def test_too_much_is_cut_at_a_sentence_and_said(theme: Theme) -> None:
    found = placed(theme, TITLE, NAME * 4, WISH * 6, SIGNATURE * 3)
    assert found.cut
    assert all(theme.shape.holds(line.box) for line in found.lines)
    wish = " ".join(line.text for line in found.lines if line.block == "wish")
    assert wish.endswith((".", "!", "…"))


def test_a_name_without_blanks_is_cut_to_pieces(theme: Theme) -> None:
    found = placed(theme, "С праздником!", "Щ" * 60, "", "")
    assert all(theme.shape.holds(line.box) for line in found.lines)
    assert "".join(line.text for line in found.lines if line.block == "address") == "Щ" * 60


def test_the_text_s_own_line_breaks_stay(theme: Theme) -> None:
    found = placed(theme, "С праздником!", "", WISH, "Анна Орлова\nООО «Ромашка»")
    signature = [line.text for line in found.lines if line.block == "signature"]
    assert signature == ["Анна Орлова", "ООО «Ромашка»"]


def test_nothing_to_write_is_no_crash() -> None:
    assert lay_out([], shipped(), Shape()).lines == ()


@settings(max_examples=25, deadline=None)
@given(
    st.text("абвгд щшЖЫ-—.,!«»", min_size=1, max_size=160),
    st.text("абвгд ЩШЖ-", max_size=140),
    st.text("абвг д.", max_size=500),
)
def test_whatever_is_written_stays_inside(title: str, name: str, wish: str) -> None:
    fonts, shape = shipped(), Shape()
    texts = [fonts.drawable(text, "text")[0] for text in (title, name, wish)]
    found = lay_out(blocks(*texts, ""), fonts, shape)
    assert all(shape.holds(line.box) for line in found.lines)


def test_text_can_be_read_on_its_ground(theme: Theme) -> None:
    for ground in theme.paper:
        assert contrast(theme.title, ground) >= TITLE_CONTRAST
        assert contrast(theme.text, ground) >= TEXT_CONTRAST
        assert contrast(mix(theme.text, theme.paper[0], 0.12), ground) >= TEXT_CONTRAST


def test_the_darkest_and_lightest_spots_of_the_zone_can_be_written_on(theme: Theme) -> None:
    ground = _painted(theme)
    for x in range(0, WIDTH, 12):
        for y in range(0, HEIGHT, 12):
            if theme.shape.inside(x, y):
                spot = ground.getpixel((x, y))
                assert contrast(theme.text, spot) >= TEXT_CONTRAST  # type: ignore[arg-type]


def test_ornaments_stay_outside_the_zone(theme: Theme) -> None:
    bare = ramp_image((WIDTH, HEIGHT), theme.paper, ((0, 0), (0, HEIGHT)))
    changed = ImageChops.difference(_painted(theme), bare).convert("L")
    strong = changed.point([255 if level > 24 else 0 for level in range(256)])
    zone = Image.new("L", strong.size)
    pen = ImageDraw.Draw(zone)
    for y in range(HEIGHT):
        inside = [x for x in range(0, WIDTH, 3) if theme.shape.inside(x, y)]
        if inside:
            pen.line((inside[0], y, inside[-1], y), fill=255)
    assert ImageChops.multiply(strong, zone).getbbox() is None
    assert strong.getbbox() is not None
