"""Which characters are drawn, by which font, and what becomes of the rest (G109, G110, G188)."""

import shutil
import struct
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from povod.kit.errors import ConfigurationError
from povod.writing.cards.cmap import characters
from povod.writing.cards.fonts import NEEDED, Face, Fonts, fonts_for, shipped, width


@pytest.fixture
def fonts() -> Fonts:
    return shipped()


@pytest.mark.parametrize("role", ["title", "text", "wish"])
def test_coverage_is_what_another_reader_finds(fonts: Fonts, role: str) -> None:
    face = fonts.face(role)
    with TTFont(face.path) as oracle:
        cmap = oracle.getBestCmap()
        order = oracle.getGlyphOrder()
    wanted = {code for code, glyph in cmap.items() if glyph != order[0]}
    assert face.covers == wanted


def test_an_opentype_file_is_read_too(fonts: Fonts) -> None:
    path = fonts.text.path.with_suffix(".otf")
    with TTFont(path) as oracle:
        assert characters(path) == set(oracle.getBestCmap())


@pytest.mark.parametrize("role", ["title", "text", "wish"])
def test_russian_is_covered_in_full(fonts: Fonts, role: str) -> None:
    assert all(fonts.face(role).has(char) for char in NEEDED)


def test_upright_faces_only(fonts: Fonts) -> None:
    names = {face.path.name for face in (fonts.title, fonts.text, fonts.wish)}
    assert not [name for name in names if "It" in name.replace("Italic", "It")]


def test_emoji_and_chinese_go_and_are_counted(fonts: Fonts) -> None:
    assert fonts.drawable("Анна 🎉👩‍👩‍👧", "text") == ("Анна", 4)
    assert fonts.drawable("王小明", "text") == ("", 3)
    assert fonts.drawable("Мария", "text") == ("Мария", 0)


def test_signs_without_a_shape_go_unseen(fonts: Fonts) -> None:
    assert fonts.drawable("Ан\u200bна\u202e \u00ad", "text") == ("Анна", 0)


def test_blanks_are_tidied_and_breaks_kept(fonts: Fonts) -> None:
    assert fonts.drawable("  Анна   Орлова \n\n ООО ", "text")[0] == "Анна Орлова\nООО"


def test_a_letter_of_another_language_comes_from_the_other_font(fonts: Fonts) -> None:
    missing = [char for char in "ҰұҚқӘә" if not fonts.text.has(char) and fonts.wish.has(char)]
    for char in missing:
        assert fonts.drawable(f"А{char}а", "text") == (f"А{char}а", 0)
        runs = fonts.runs(f"А{char}а", "text")
        assert [run.face for run in runs] == [fonts.text, fonts.wish, fonts.text]
    assert fonts.drawable("Ұлан", "text")[0] in ("Ұлан", "лан")


def test_runs_keep_every_character(fonts: Fonts) -> None:
    text = "Анна\u00a0Орлова и Δ"
    assert "".join(run.text for run in fonts.runs(text, "wish")) == text.replace("\u00a0", " ")
    assert width(fonts.runs(text, "wish"), 27) > width(fonts.runs("Анна", "wish"), 27)


def test_own_fonts_take_their_roles_by_name(fonts: Fonts, tmp_path: Path) -> None:
    shutil.copy(fonts.wish.path, tmp_path / "My-Regular.ttf")
    shutil.copy(fonts.title.path, tmp_path / "My-Bold.ttf")
    (tmp_path / "readme.txt").write_text("fonts")
    own = Fonts.from_dir(tmp_path)
    assert own.title.path.name == "My-Bold.ttf"
    assert own.text.path.name == "My-Regular.ttf"
    assert own.wish.path.name == "My-Bold.ttf"


def test_fonts_for_a_setting(fonts: Fonts, tmp_path: Path) -> None:
    assert fonts_for(None) == fonts
    shutil.copy(fonts.wish.path, tmp_path / "one.ttf")
    own = fonts_for(tmp_path)
    assert {own.title, own.text, own.wish} == {Face.load(tmp_path / "one.ttf")}


def test_an_own_font_without_russian_is_refused(fonts: Fonts, tmp_path: Path) -> None:
    italic = fonts.text.path.parent / "SourceSerifPro-It.ttf"
    shutil.copy(italic, tmp_path / "text.ttf")
    with pytest.raises(ConfigurationError, match="lacks АБВ"):
        Fonts.from_dir(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a font at all", b"\0\1\0\0" + b"\xff" * 60])
def test_what_is_no_font_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "text.ttf").write_bytes(content)
    with pytest.raises(ConfigurationError, match="not a TTF or OTF"):
        Fonts.from_dir(tmp_path)


def test_an_empty_or_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no TTF"):
        Fonts.from_dir(tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Fonts.from_dir(tmp_path / "none")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Face.load(tmp_path / "none.ttf")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("povod.writing.cards.fonts.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="font-source-serif-pro"):
        Fonts.shipped()


def test_groups_of_all_planes(tmp_path: Path) -> None:
    groups = [(65, 66, 5), (0x1F600, 0x1F602, 0)]
    body = b"".join(struct.pack(">LLL", *group) for group in groups)
    table = struct.pack(">HHLLL", 12, 0, 16 + len(body), 0, len(groups)) + body
    cmap = struct.pack(">HHHHL", 0, 1, 3, 10, 12) + table
    font = struct.pack(">LHHHH", 0x10000, 1, 0, 0, 0)
    font += struct.pack(">4sLLL", b"cmap", 0, 28, len(cmap)) + cmap
    path = tmp_path / "x.ttf"
    path.write_bytes(font)
    assert characters(path) == {65, 66, 0x1F601, 0x1F602}
    endless = struct.pack(">LLL", 0, 0xFFFFFFFF, 1)
    path.write_bytes(font[: 28 + 28] + endless + font[28 + 40 :])
    with pytest.raises(ConfigurationError):
        characters(path)
