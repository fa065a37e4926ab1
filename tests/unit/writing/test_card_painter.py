"""Shapes and paint: smooth edges, honest alpha, nothing outside its box (G105, G107)."""

from math import pi

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from povod.kit.errors import InputError
from povod.writing.cards.colour import colour, contrast, luminance, mix
from povod.writing.cards.geometry import (
    Point,
    Pose,
    curve,
    direction,
    ellipse,
    hairline,
    leaf,
    petal,
    rectangle,
    scatter,
    taper,
)
from povod.writing.cards.ornaments import flowers, frames, official, winter
from povod.writing.cards.painter import Painter, ramp_image

WHITE, BLACK, RED = (255, 255, 255), (0, 0, 0), (200, 0, 0)


@pytest.fixture
def sheet() -> Painter:
    return Painter(Image.new("RGB", (200, 200), WHITE))


def painted(painter: Painter) -> tuple[int, int, int, int] | None:
    """The box of everything that is not white."""
    return painter.image.convert("L").point([255] * 254 + [255, 0]).getbbox()


def ink(painter: Painter) -> float:
    """How many black pixels' worth of paint there is."""
    levels = painter.image.convert("L").histogram()
    return sum((255 - level) / 255 * count for level, count in enumerate(levels))


def test_a_square_is_exactly_where_it_was_asked(sheet: Painter) -> None:
    sheet.fill(rectangle(50, 60, 90, 80), BLACK)
    assert sheet.image.getpixel((70, 70)) == BLACK
    assert sheet.image.getpixel((48, 70)) == WHITE
    assert abs(ink(sheet) - 800) < 40


def test_a_circle_has_soft_edges_and_the_right_area(sheet: Painter) -> None:
    sheet.fill(ellipse((100, 100), 40), BLACK)
    assert abs(ink(sheet) - pi * 1600) < 120
    shades = {sheet.image.getpixel((x, 72)) for x in range(60, 140)}
    assert len(shades) > 3


def test_half_alpha_is_half_the_paint(sheet: Painter) -> None:
    sheet.fill(rectangle(20, 20, 60, 60), BLACK, 0.5)
    red, green, blue = sheet.image.getpixel((40, 40))  # type: ignore[misc]
    assert (red, green, blue) == (127, 127, 127) or (red, green, blue) == (128, 128, 128)


def test_a_shade_runs_from_one_colour_to_the_other(sheet: Painter) -> None:
    sheet.shade(rectangle(10, 10, 190, 40), (BLACK, RED), ((10, 25), (190, 25)))
    reds = [sheet.image.getpixel((x, 25))[0] for x in (14, 60, 100, 140, 186)]  # type: ignore[index]
    assert reds == sorted(reds)
    assert reds[0] < 12
    assert reds[-1] > 188


def test_colours_beyond_the_axis_stay(sheet: Painter) -> None:
    sheet.shade(rectangle(0, 0, 200, 200), (BLACK, RED), ((90, 0), (110, 0)))
    assert sheet.image.getpixel((5, 100)) == BLACK
    assert sheet.image.getpixel((195, 100)) == RED


def test_a_glow_fades_to_nothing(sheet: Painter) -> None:
    sheet.glow((100, 100), (60, 40), BLACK, 1)
    assert sheet.image.getpixel((100, 100))[0] < 10  # type: ignore[index]
    assert sheet.image.getpixel((41, 100))[0] > 250  # type: ignore[index]
    assert sheet.image.getpixel((100, 145)) == WHITE


def test_a_shadow_spreads_beyond_its_shape(sheet: Painter) -> None:
    sheet.blur(rectangle(80, 80, 120, 120), BLACK, 0.6, 6)
    assert WHITE != sheet.image.getpixel((74, 100)) != sheet.image.getpixel((100, 100))
    assert sheet.image.getpixel((40, 100)) == WHITE


def test_shapes_may_leave_the_sheet(sheet: Painter) -> None:
    sheet.fill(ellipse((0, 0), 30), BLACK)
    sheet.fill(ellipse((230, 230), 20), BLACK)
    assert painted(sheet) == (0, 0, 31, 31) or painted(sheet) == (0, 0, 30, 30)


def test_a_large_shape_is_drawn_at_the_coarser_scale(sheet: Painter) -> None:
    sheet.fill(rectangle(5, 5, 195, 195), BLACK)
    assert abs(ink(sheet) - 190 * 190) < 400


def test_a_ramp_fills_the_whole_picture() -> None:
    image = ramp_image((40, 100), (BLACK, WHITE), ((0, 0), (0, 100)))
    column = [image.getpixel((20, y))[0] for y in range(100)]  # type: ignore[index]
    assert column == sorted(column)
    assert column[0] < 6
    assert column[-1] > 249


def test_a_curve_starts_and_ends_where_it_should() -> None:
    line = curve((0, 0), (0, 10), (10, 10), (10, 0), 12)
    assert (line[0], line[-1]) == ((0, 0), (10, 0))
    assert len(line) == 13
    assert max(y for _, y in line) == pytest.approx(7.5)


def test_directions_have_length_one() -> None:
    line = curve((0, 0), (5, 9), (8, 1), (20, 4))
    for place in range(len(line)):
        dx, dy = direction(line, place)
        assert dx * dx + dy * dy == pytest.approx(1)


@pytest.mark.parametrize("make", [leaf, petal])
def test_petals_and_leaves_stay_within_their_size(make: type) -> None:
    outline: list[Point] = make(40, 20)
    assert min(x for x, _ in outline) >= -0.1
    assert max(x for x, _ in outline) <= 41
    assert max(abs(y) for _, y in outline) <= 14


def test_strokes_keep_their_width() -> None:
    outline = hairline([(0, 0), (10, 0), (20, 0)], 2)
    assert {y for _, y in outline} == {1, -1}
    narrow = taper([(0, 0), (10, 0)], 4, 2)
    assert [abs(y) for _, y in narrow] == [2, 1, 1, 2]


@given(
    st.floats(-500, 500), st.floats(-500, 500), st.floats(-7, 7), st.floats(0.1, 4),
    st.floats(-50, 50), st.floats(-50, 50),
)  # fmt: skip
def test_a_pose_keeps_distances(
    x: float, y: float, angle: float, scale: float, along: float, across: float
) -> None:
    pose = Pose(x, y, angle, scale)
    far_x, far_y = pose.at(along, across)
    length = ((far_x - x) ** 2 + (far_y - y) ** 2) ** 0.5
    assert length == pytest.approx(scale * (along**2 + across**2) ** 0.5, abs=1e-6)
    inner = pose.to(along, across, 0.5, 2)
    assert (inner.x, inner.y) == pytest.approx((far_x, far_y))
    assert inner.scale == pytest.approx(2 * scale)


def test_scattered_numbers_are_even_and_always_the_same() -> None:
    found = [scatter(number) for number in range(100)]
    assert all(0 <= value < 1 for value in found)
    assert sum(value < 0.5 for value in found) in range(45, 56)
    assert found == [scatter(number) for number in range(100)]


def test_a_flower_fills_its_place_and_no_more(sheet: Painter) -> None:
    flowers.peony(sheet, Pose(100, 100, 0, 0.6), (250, 220, 220), (200, 120, 130), (190, 150, 90))
    box = painted(sheet)
    assert box is not None
    assert 30 < box[0] < 50 < 150 < box[2] < 170


def test_ornaments_are_the_same_each_time() -> None:
    tones = {"primary": (31, 48, 79), "accent": (178, 143, 79), "paper": (251, 250, 246)}
    for paint in (official.paint, official.bare, winter.paint):
        sheets = [Image.new("RGB", (1200, 840), tones["paper"]) for _ in range(2)]
        for each in sheets:
            paint(Painter(each), tones)
        assert sheets[0].tobytes() == sheets[1].tobytes()


def test_the_frame_alone_has_no_ornament() -> None:
    tones = {"primary": (31, 48, 79), "accent": (178, 143, 79), "paper": (251, 250, 246)}
    bare = Image.new("RGB", (1200, 840), tones["paper"])
    official.bare(Painter(bare), tones)
    full = bare.copy()
    official.paint(Painter(full), tones)
    assert len(bare.getcolors(99999) or []) * 3 < len(full.getcolors(99999) or [])


def test_the_divider_stands_on_its_centre(sheet: Painter) -> None:
    frames.divider(sheet, (100, 50), BLACK)
    box = painted(sheet)
    assert box is not None
    assert abs((box[0] + box[2]) / 2 - 100) <= 1
    assert abs((box[1] + box[3]) / 2 - 50) <= 1


def test_colours_are_read_and_mixed() -> None:
    assert colour(" #1A2b3C ") == (26, 43, 60)
    assert mix(BLACK, WHITE, 0.5) == (128, 128, 128)
    assert mix(RED, WHITE, 0) == RED
    for text in ("red", "#fff", "#1234567", "", "1a2b3c"):
        with pytest.raises(InputError):
            colour(text)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast(WHITE, WHITE) == 1
    assert contrast((119, 119, 119), WHITE) == pytest.approx(4.48, abs=0.01)
    assert luminance((255, 0, 0)) == pytest.approx(0.2126)
