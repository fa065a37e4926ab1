"""The month at a glance and the figures of what was sent, on both databases."""

from datetime import date

from greetings_house import APPROVER, House

from povod.delivery.attempts import AttemptFilter, list_attempts
from povod.greetings.figures import figures
from povod.greetings.month import month_of


def test_a_month_begins_on_monday_and_counts_by_kind(house: House) -> None:
    house.at("2026-03-05")
    for client in (house.born("03-08"), house.born("03-09", "Олег Ильич Сомов")):
        house.consent(client)
    house.run()
    with house.db.read() as conn:
        weeks = month_of(conn, date(2026, 3, 20))
    days = {day.on: day for week in weeks for day in week}
    assert weeks[0][0].on == date(2026, 2, 23)
    assert weeks[-1][-1].on == date(2026, 4, 5)
    assert all(len(week) == 7 and week[0].on.weekday() == 0 for week in weeks)
    assert not days[date(2026, 2, 28)].inside
    assert days[date(2026, 3, 31)].inside
    assert days[date(2026, 3, 8)].counts["birthday"] == 1
    assert days[date(2026, 3, 8)].total >= 1
    assert "womens_day" in {row["code"] for row in days[date(2026, 3, 8)].holidays}
    assert days[date(2026, 3, 3)].total == 0


def test_a_month_that_fits_its_weeks_has_no_empty_one(house: House) -> None:
    with house.db.read() as conn:
        february = month_of(conn, date(2027, 2, 1))
        december = month_of(conn, date(2026, 12, 31))
    assert [week[0].on for week in february] == [date(2027, 2, day) for day in (1, 8, 15, 22)]
    codes = {row["code"] for week in december for day in week for row in day.holidays}
    assert "new_year" in codes, "1 January of the next year stands in the last week"


def test_figures_count_by_group_and_day(house: House) -> None:
    house.at("2026-03-05")
    plain, vip = house.born("03-05"), house.born("03-06", "Олег Ильич Сомов", segment="vip")
    for client in (plain, vip):
        house.consent(client)
    house.run()
    greeting = house.greetings.greetings(client_id=plain).rows[0]["id"]
    house.greetings.rate(greeting, APPROVER, score=5, outcome="replied")
    with house.db.read() as conn:
        found = figures(conn)
        day = figures(conn, date(2026, 3, 6), date(2026, 3, 6))
        nothing = figures(conn, date(2030, 1, 1))
    assert found["total"]["made"] == 2
    assert found["groups"]["segment"]["standard"]["liked"] == 1
    assert found["groups"]["segment"]["vip"]["waiting"] == 1
    assert found["groups"]["kind"]["birthday"]["replied"] == 1
    assert day["total"]["made"] == 1
    assert nothing == {"total": dict.fromkeys(found["total"], 0), "groups": {
        name: {} for name in ("segment", "kind", "tone", "source")
    }}  # fmt: skip


def test_attempts_are_listed_newest_first(house: House) -> None:
    house.at("2026-03-05", 11)
    client = house.born("03-05")
    house.consent(client)
    house.run(deliver=True)
    with house.db.read() as conn:
        found = list_attempts(conn, AttemptFilter())
        letters = list_attempts(conn, AttemptFilter(kind="letter"))
        accepted = list_attempts(conn, AttemptFilter(state="accepted", kind="greeting"))
    assert found.total == accepted.total == 1
    assert found.rows[0].kind == "greeting"
    assert letters.total == 0
