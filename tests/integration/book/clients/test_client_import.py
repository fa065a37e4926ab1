"""Clients from files as people have them (G11-G17, G193, G194)."""

import io
import subprocess
import sys
from datetime import date

import pytest
import sqlalchemy as sa
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from povod.book.clients.listing import birth_date_text
from povod.book.clients.model import Author, Ground
from povod.book.importing.apply import BATCH, Importer
from povod.book.importing.export import export_clients
from povod.kit.errors import ConflictError, NotFoundError
from povod.kit.ids import new_id
from povod.kit.inn import inn_with_check
from povod.kit.tabular.model import TableError
from povod.store.tables import clients, consents, import_jobs, users

FILE = Author("anna", "csv")
TEXT = """фамилия;имя;отчество;почта;телефон;дата рождения;сегмент;инн
Иванова;Наталья;Олеговна;natalia@firma.ru;8 (916) 123-45-67 доб. 12;17.05.1985;ВИП;7707083893
Петров;Иван;Ильич;ivan@firma.ru;79161234568.0;17 мая;обычный;7707083893.0
"""


@pytest.fixture
def importer(book):
    return Importer(book.db, book.deps)


def rows(book, *names):
    with book.db.read() as conn:
        found = conn.execute(sa.select(clients).order_by(clients.c.last_name)).mappings().all()
    return [tuple(row[name] for name in names) if names else dict(row) for row in found]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"], ids=lambda name: name
)
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_every_usual_csv_is_read(book, importer, encoding, delimiter):
    raw = TEXT.replace(";", delimiter).replace("\n", "\r\n").encode(encoding)
    result = importer.take(raw, "clients.csv", FILE)
    assert (result.counts()["new"], result.refused, result.problems) == (2, 0, [])
    assert rows(book, "first_name", "email", "phone", "segment", "inn", "source") == [
        ("Наталья", "natalia@firma.ru", "+79161234567;ext=12", "vip", "7707083893", "csv"),
        ("Иван", "ivan@firma.ru", "+79161234568", "standard", "7707083893", "csv"),
    ]


def workbook(*data, epoch=None):
    book = Workbook()
    if epoch is not None:
        book.epoch = epoch
    for row in data:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_what_excel_does_to_values_is_undone(book, importer):
    raw = workbook(
        ("Отчёт о клиентах",),
        ("ФИО", "ИНН/КПП", "Телефон", "Дата рождения", "E-mail", "Цвет"),
        ("ИВАНОВА МАРИЯ ИЛЬИНИЧНА", 7707083893.0, 7.9161234567e10, date(1985, 5, 17), "", "к"),
        ("Пeтров Иван", "500100732259/1", "8 916 123 45 68", "17/05/85", "#N/A", "-"),
        (None, None, None, None, None, None),
        ("Смит Джон Иванович", 500100732259.0, "нет", 31184, "н/д", ""),
    )
    result = importer.take(raw, "clients.xlsx", FILE)
    assert (result.new, result.refused) == (3, 0)
    assert rows(book, "last_name", "first_name", "inn", "phone") == [
        ("Иванова", "Мария", "7707083893", "+79161234567"),
        ("Петров", "Иван", "500100732259", "+79161234568"),
        ("Смит", "Джон", "500100732259", ""),
    ]
    assert [birth_date_text(row) for row in rows(book)] == ["1985-05-17"] * 3
    assert "row 4, column A: full_name: lookalike_letters" in result.problems[0]


def test_a_workbook_that_counts_from_1904(book, importer):
    raw = workbook(("имя", "др"), ("Анна", date(1985, 5, 17)), epoch=CALENDAR_MAC_1904)
    importer.take(raw, "mac.xlsx", FILE)
    assert [birth_date_text(row) for row in rows(book)] == ["1985-05-17"]


def test_a_lost_zero_of_an_inn_is_given_back(book, importer):
    inn = inn_with_check("010500023")
    raw = f"компания;инн\nООО «А»;{inn[1:]}\nООО «Б»;105000231\n"
    result = importer.take(raw.encode(), "a.csv", FILE)
    assert sorted(rows(book, "inn")) == sorted([(inn,), ("",)])
    assert "inn_zero_padded" in result.problems[0]
    assert "check digits" in result.problems[1]


def test_a_bad_cell_costs_its_field_and_a_bad_row_itself(book, importer):
    raw = (
        "имя;почта;инн;сегмент;дата рождения\n"
        "Анна;не адрес;7707083894;vip;31.02.1985\n"
        "Борис;b@firma.ru;;vip2;\n"
        ";nobody@firma.ru;;;\n"
        "Вера;v@firma.ru;;;;лишнее\n"
        "Глеб;g@firma.ru;;;\n"
    )
    result = importer.take(raw.encode(), "my.csv", FILE)
    assert result.counts() == {"new": 2, "changed": 0, "same": 0, "warnings": 1, "refused": 3}
    assert rows(book, "first_name", "email", "segment") == [
        ("Анна", "", "vip"),
        ("Глеб", "g@firma.ru", "standard"),
    ]
    said = "\n".join(result.problems)
    for place in ("my.csv, row 2, column B: email", "column C: inn", "column E: birth_date"):
        assert place in said
    refused = {row["row"]: row["reason"] for row in result.refused_rows}
    assert set(refused) == {3, 4, 5}
    assert "vip, new, loyal, standard" in refused[3]
    assert result.refused_rows[0]["cells"][:2] == ["Борис", "b@firma.ru"]


def test_a_preview_writes_no_client_and_counts_the_same(book, importer):
    preview = importer.preview(TEXT.encode(), "a.csv", FILE)
    assert preview.result.counts()["new"] == 2
    assert preview.first_rows[0]["first_name"] == "Наталья"
    assert preview.header.unmapped == []
    assert rows(book) == []
    assert importer.apply(preview.import_id).counts() == preview.result.counts()
    again = importer.preview(TEXT.encode(), "a.csv", FILE)
    assert again.result.counts() == {
        "new": 0, "changed": 0, "same": 2, "warnings": 0, "refused": 0,
    }  # fmt: skip


def test_the_same_file_twice_changes_nothing(book, importer):
    importer.take(TEXT.encode(), "a.csv", FILE, Ground("existing_client"))
    before = rows(book)
    assert importer.take(TEXT.encode(), "a.csv", FILE).same == 2
    assert rows(book) == before


@pytest.mark.parametrize("line", ["Анна", "Анна;;;", "ООО «А»"])
def test_a_file_of_names_alone_can_be_read_twice(book, importer, line):
    raw = f"имя;фамилия\n{line}\n".encode()
    assert importer.take(raw, "a.csv", FILE).new == 1
    assert importer.take(raw, "a.csv", FILE).same == 1


def test_two_rows_of_one_client_make_one(book, importer):
    raw = "имя;почта;должность\nАнна;a@b.ru;директор\nАнна;A@B.ru;бухгалтер\n"
    result = importer.take(raw.encode(), "a.csv", FILE)
    assert (result.new, result.changed) == (1, 1)
    assert rows(book, "position") == [("бухгалтер",)]


def test_people_who_share_an_address_stay_two(book, importer):
    raw = "имя;почта\nАнна;info@firma.ru\nБорис;info@firma.ru\n"
    assert importer.take(raw.encode(), "a.csv", FILE).new == 2


def test_an_unclear_row_goes_to_a_person(book, importer):
    for _ in range(2):
        book.add(first_name="Анна", email="a@firma.ru")
    result = importer.take("имя;почта;должность\nАнна;a@firma.ru;х\n".encode(), "a.csv", FILE)
    assert (result.refused, result.new) == (1, 0)
    assert "choose by hand" in result.refused_rows[0]["reason"]
    assert rows(book, "position") == [("",), ("",)]


def test_an_empty_cell_keeps_and_clear_empties(book, importer):
    importer.take("id;имя;должность\n1;Анна;директор\n".encode(), "a.csv", FILE)
    importer.take("id;имя;должность\n1;Анна;\n".encode(), "a.csv", FILE)
    assert rows(book, "position") == [("директор",)]
    importer.take("id;имя;должность\n1;Анна;#clear\n".encode(), "a.csv", FILE)
    assert rows(book, "position") == [("",)]


def test_what_a_person_locked_is_kept(book, importer):
    importer.take("id;имя;почта\n1;Анна;a@firma.ru\n".encode(), "a.csv", FILE)
    (client,) = rows(book)
    book.change(client["id"], email="right@firma.ru")
    result = importer.take("id;имя;почта\n1;Анна;a@firma.ru\n".encode(), "a.csv", FILE)
    assert (result.same, rows(book, "email")) == (1, [("right@firma.ru",)])


def test_grounds_of_the_file_and_of_its_rows(book, importer):
    raw = (
        "имя;почта;основание;дата согласия;документ\n"
        "Анна;a@firma.ru;согласие;01.02.2026;анкета 5\nБорис;b@firma.ru;;;\n"
    )
    importer.take(raw.encode(), "a.csv", FILE, Ground("existing_client", "список клиентов"))
    with book.db.read() as conn:
        found = conn.execute(sa.select(consents).order_by(consents.c.basis)).all()
    assert [(row.basis, row.evidence_text) for row in found] == [
        ("consent", "анкета 5"),
        ("existing_client", "список клиентов"),
    ]
    assert found[0].obtained_at.date() == date(2026, 2, 1)


def test_owners_by_login_or_name(book, importer):
    with book.db.tx() as conn:
        user = {"id": new_id(), "login": "petr", "login_key": "petr", "name": "Пётр Ильин"}
        conn.execute(sa.insert(users).values(**user, role="operator", password_hash="x"))
    raw = "имя;менеджер\nАнна;Petr\nБорис;пётр ильин\nВера;никто\n"
    importer.take(raw.encode(), "a.csv", FILE)
    assert sorted(str(owner) for (owner,) in rows(book, "owner_user_id")) == sorted(
        [user["id"], user["id"], "None"]
    )


def test_a_column_can_be_named_by_hand(book, importer):
    raw = "Кто;Куда писать\nАнна;a@firma.ru\n".encode()
    with pytest.raises(TableError, match="Кто, Куда писать"):
        importer.take(raw, "a.csv", FILE)
    importer.take(raw, "a.csv", FILE, mapping={"Кто": "first_name", "Куда писать": "email"})
    assert rows(book, "first_name", "email") == [("Анна", "a@firma.ru")]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no column names"),
        (b"PK\x03\x04 not a zip", "no readable workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old .xls"),
        (b"a\0b", "is not a table"),
        ("цвет;размер\nсиний;5\n".encode(), "цвет, размер"),
    ],
)
def test_a_file_that_cannot_be_used_stores_nothing(book, importer, raw, reason):
    with pytest.raises(TableError, match=reason):
        importer.preview(raw, "a.csv", FILE)
    with book.db.read() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(import_jobs)).scalar() == 0


def test_an_import_that_is_not_there(importer):
    with pytest.raises(NotFoundError):
        importer.apply(new_id())


def many(count, bad):
    lines = [f"Клиент{n};client{n}@firma.ru;{'vip2' if n == bad else 'vip'}" for n in range(count)]
    return "\n".join(["имя;почта;сегмент", *lines]).encode()


def test_one_bad_row_of_many(book, importer):
    result = importer.take(many(1200, bad=700), "a.csv", FILE)
    assert (result.new, result.refused) == (1199, 1)
    assert result.refused_rows[0]["row"] == 702


KILLED = """
import sys, os
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from povod.book.importing import apply as module
from povod.book.clients.model import ClientDeps
from povod.app.name_tools import WritingNames
from povod.kit.clock import SystemClock
from povod.store.db import Database
db = Database(sys.argv[1])
deps = ClientDeps(SystemClock(), WritingNames(), lambda kind, value: (kind + value).ljust(64)[:64])
keep = module._keep
def dying(conn, import_id, options, result):
    keep(conn, import_id, options, result)
    if result.new > module.BATCH:
        os.kill(os.getpid(), 9)
module._keep = dying
module.Importer(db, deps).apply(sys.argv[2])
"""


def test_killed_in_the_middle_it_goes_on_where_it_was(book, importer):
    preview = importer.preview(many(2 * BATCH + 10, bad=3), "a.csv", FILE)
    url = book.db.url.render_as_string(hide_password=False)
    done = subprocess.run([sys.executable, "-c", KILLED, url, preview.import_id, "."], check=False)
    assert done.returncode == -9
    assert len(rows(book)) == BATCH - 1
    result = importer.apply(preview.import_id)
    assert (result.new, result.refused) == (2 * BATCH + 9, 1)
    assert len(rows(book)) == 2 * BATCH + 9
    assert importer.apply(preview.import_id).counts() == result.counts()


def test_of_two_that_import_the_same_file_one_writes(book, importer, monkeypatch):
    from povod.book.importing import apply as module

    preview = importer.preview(many(10, bad=-1), "a.csv", FILE)
    real = module._move_mark

    def overtaken(conn, import_id, done, size):
        update = sa.update(import_jobs).where(import_jobs.c.id == import_id)
        conn.execute(update.values(done_rows=done + size))
        real(conn, import_id, done, size)

    monkeypatch.setattr(module, "_move_mark", overtaken)
    with pytest.raises(ConflictError) as caught:
        importer.apply(preview.import_id)
    assert caught.value.code == "import_running"
    assert rows(book) == []


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_export_can_be_read_in_again(book, importer, tmp_path, ending):
    importer.take(TEXT.encode(), "a.csv", FILE)
    path = tmp_path / f"clients.{ending}"
    assert export_clients(book.db, path, masked=False) == 2
    result = importer.take(path.read_bytes(), path.name, FILE)
    assert result.counts() == {"new": 0, "changed": 0, "same": 2, "warnings": 0, "refused": 0}


def test_viewers_get_no_addresses(book, importer, tmp_path):
    importer.take(TEXT.encode(), "a.csv", FILE)
    path = tmp_path / "clients.csv"
    export_clients(book.db, path, masked=True)
    text = path.read_text("utf-8-sig")
    assert "natalia@firma.ru" not in text
    assert "79161234567" not in text
    assert "Наталья" in text
