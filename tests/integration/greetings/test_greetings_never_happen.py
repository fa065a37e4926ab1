"""Rows of "must never happen" that need a whole house of clients (G192)."""

from greetings_house import House

from povod.store.tables import agent_runs

WOMEN, CAP = 60, 20


def women(house: House) -> list[str]:
    return [
        house.client("Анна Петровна", email=f"anna@klient{number}.ru", gender="f")
        for number in range(WOMEN)
    ]


def capped(house: House) -> House:
    return house.with_settings(mailbox_daily_cap=CAP, max_holiday_recipients=1000)


def test_g192_more_than_a_day_may_carry_is_told_a_week_ahead(small: House) -> None:
    house = capped(small)
    house.at("2028-03-01")
    women(house)
    house.run()
    report = house.rows(agent_runs)[-1]["report"]
    [day] = [row for row in report["forecast"] if row["over"]]
    assert (day["planned"], day["cap"], day["over"]) == (WOMEN, CAP, WOMEN - CAP)
    assert day["day"] in {"2028-03-07", "2028-03-08"}


def test_g192_no_day_passes_its_cap_and_nobody_is_left_without_a_word(small: House) -> None:
    house = capped(small)
    house.at("2028-03-01")
    people = women(house)
    sent_by_day = []
    for day in range(1, 13):
        house.at(f"2028-03-{day:02}", 10)
        house.run()
        before = len(house.letters())
        for hour in (11, 13, 15, 17):
            house.at(f"2028-03-{day:02}", hour)
            house.send()
        sent_by_day.append(len(house.letters()) - before)
    assert max(sent_by_day) <= CAP
    assert sum(sent_by_day) >= CAP
    for person in people:
        [event] = [row for row in house.events(person) if row["event_key"] != "birthday"]
        left = [row for row in house.messages(person) if row["status"] == "sent"]
        assert left or event["reason"] or house.draft(person)["skip_reason"], event
