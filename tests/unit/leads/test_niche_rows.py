import pytest

from povod.kit.tabular import TableError, read_table
from povod.leads.niche_rows import NicheRow, read_rows


def read(text, encoding="utf-8"):
    return read_rows(read_table(text.encode(encoding), "my.csv"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_headers_in_any_case_order_and_language(encoding, delimiter):
    header = delimiter.join(["мой столбец", " Город ", "НИША", "Партия", "регион яндекса"])
    line = delimiter.join(["x", "Казань", "стоматология", "a-1", "43"])
    rows, problems = read(f"{header}\n{line}\n", encoding)
    assert problems == []
    assert rows == [NicheRow("стоматология", "Казань", "", "a-1", 43, number=2)]


def test_bad_rows_are_named_by_file_row_and_column_and_good_ones_kept():
    rows, problems = read(
        "niche,city,batch_tag,lr\nокна,Омск,,\n,Казань,,\nx,,,\n!!!,,,\nокна,,плохая метка,\n"
        "двери,,,двести\n\nкровля,,,\n"
    )
    assert [row.niche for row in rows] == ["окна", "кровля"]
    assert [(problem.row, problem.column) for problem in problems] == [
        (3, "A"), (4, "A"), (5, "A"), (6, "C"), (7, "D"),
    ]  # fmt: skip
    assert str(problems[0]) == "my.csv, row 3, column A: niche is empty"


def test_cells_are_cleaned():
    [row], _ = read("niche,city\n\u200b  окна\u00ad   ПВХ ,\u00a0Омск\n")
    assert (row.niche, row.city) == ("окна ПВХ", "Омск")


def test_a_short_row_has_empty_cells():
    [_, row], problems = read("niche,city,lr\nдвери,Омск,66\nокна,Тула\n")
    assert (row.city, row.lr, problems) == ("Тула", None, [])


@pytest.mark.parametrize("text", ["", "город;страна\nКазань;Россия\n"])
def test_a_table_without_niches_is_refused_as_a_whole(text):
    with pytest.raises(TableError, match="no column 'niche'"):
        read(text)


def test_the_fingerprint_sees_through_spelling():
    one = NicheRow("Окна ПВХ", "Санкт-Петербург")
    assert one.fingerprint == NicheRow("окна  пвх", "санкт петербург", number=9).fingerprint
    assert one.fingerprint != NicheRow("Окна ПВХ", "Омск").fingerprint
    assert one.fingerprint != NicheRow("Окна ПВХ", "Санкт-Петербург", lr=2).fingerprint
    assert NicheRow("ab", "c").fingerprint != NicheRow("a", "bc").fingerprint
