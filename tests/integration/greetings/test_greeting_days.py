"""Runs and the days that pass: leap days, outages, zones, the turn of a year (G162-G167)."""

from datetime import UTC, date, datetime, timedelta

from greetings_house import House

from povod.kit.clock import FixedClock
from povod.store.db import Database


class TestLeapDay:
    def test_g162_once_on_the_configured_day(self, house: House) -> None:
        vera, other = house.born("02-29"), house.born("06-15")
        sent = []
        for day in ("2027-02-28", "2027-03-01", "2027-07-01"):
            house.at(day, 11)
            house.run(deliver=True)
            sent.append(len(house.letters()))
        assert sent == [1, 1, 1]
        assert house.event(vera)["occasion_date"] == date(2027, 2, 28)
        assert {row["reason"] for row in house.events(other)} == {"late"}


class TestOutages:
    def test_g166_three_days_down(self, house: House) -> None:
        house.at("2027-05-17")
        house.born("01-01")
        house.run()
        people = {day: house.born(f"05-{day}") for day in (18, 19, 20, 21)}
        house.at("2027-05-21", 10, 30)
        house.run(deliver=True)
        found = {day: house.event(client) for day, client in people.items()}
        assert {day: (row["status"], row["reason"]) for day, row in found.items()} == {
            18: ("skipped", "late"),
            19: ("skipped", "late"),
            20: ("closed", ""),
            21: ("closed", ""),
        }
        assert house.drafts(people[18]) == []
        assert house.greetings.dashboard()["late"] == 2

    def test_a_late_wish_does_not_take_the_day_of_a_birthday(self, house: House) -> None:
        client = house.born("06-12", gender="m")
        for day in ("2027-06-04", "2027-06-05"):
            house.at(day)
            house.run()
        house.at("2027-06-12", 10, 30)
        assert house.send() == {"held": 1, "sent": 1}
        assert house.event(client)["status"] == "closed"
        house.at("2027-06-13", 10, 30)
        house.send()
        other = house.event(client, "holiday:russia_day")
        assert (other["status"], other["reason"]) == ("skipped", "late")
        assert len(house.letters()) == 1

    def test_an_approved_message_that_waited_too_long_is_late(self, house: House) -> None:
        house.at("2027-05-18")
        ivan = house.born("05-20")
        house.run()
        house.at("2027-05-22", 11)
        assert house.send() == {"held": 1}
        assert house.draft(ivan)["skip_reason"] == "late"
        assert (house.event(ivan)["status"], house.event(ivan)["reason"]) == ("skipped", "late")
        assert house.letters() == []

    def test_only_days_since_the_last_run_are_missed(self, small: House) -> None:
        small.at("2027-05-20")
        client = small.born("05-10")
        small.run()
        assert small.events(client) == []
        small.at("2027-07-20")
        later = small.born("06-10")
        small.run()
        assert small.events(later) == []
        recent = small.born("07-22")
        small.at("2027-08-10")
        small.run()
        assert small.event(recent)["reason"] == "late"


class TestZonesAndDates:
    def test_g167_the_named_zone_decides(
        self, db: Database, clock: FixedClock, house: House
    ) -> None:
        far = house.with_settings(app_timezone="Asia/Vladivostok", lookahead_days=0)
        client = house.born("05-20", time_zone="Asia/Vladivostok")
        late_evening = datetime(2027, 5, 19, 13, 59, tzinfo=UTC)
        house.clock.advance(late_evening - house.clock.now())
        assert far.run()["scanned_events"] == 0
        house.clock.advance(timedelta(minutes=2))
        assert far.run()["scanned_events"] == 1
        assert house.event(client)["deliver_on"] == date(2027, 5, 20)

    def test_hours_are_the_clients(self, house: House) -> None:
        house.at("2027-05-18")
        house.born("05-20", time_zone="Asia/Vladivostok")
        house.born("05-20", time_zone="Europe/Kaliningrad")
        house.run()
        sent = []
        for hour in (2, 3, 9, 10, 11):
            house.at("2027-05-20", hour, 10)
            sent.append(house.send().get("sent", 0))
        assert sent == [0, 1, 0, 0, 1]

    def test_lookahead_zero_is_today_only(self, small: House) -> None:
        today_only = small.with_settings(lookahead_days=0)
        small.at("2027-05-19")
        client = small.born("05-20")
        today_only.run()
        assert small.events(client) == []
        small.at("2027-05-20")
        today_only.run()
        assert small.event(client)["status"] == "composed"

    def test_new_years_eve_sees_january(self, small: House) -> None:
        small.at("2027-12-31")
        client = small.born("01-07")
        small.run()
        keys = {row["event_key"]: row["occasion_year"] for row in small.events(client)}
        assert keys == {"birthday": 2028, "holiday:new_year": 2028}
