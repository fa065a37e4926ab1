"""Manual occasions, the calendar's desk, previews, answers (G25-G29, G38, G63, G123, G172)."""

from datetime import date
from typing import Any

import pytest
from greetings_house import APPROVER, OPERATOR, House

from povod.greetings.calendar.rules import InvalidRule
from povod.greetings.manual import DuplicateEventError
from povod.kit.errors import ConflictError, InputError, NotFoundError
from povod.store.tables import events, holidays


def wish(**given: Any) -> dict[str, Any]:
    return {
        "event_date": date(2027, 5, 20),
        "title": "Юбилей компании",
        "title_instrumental": "юбилеем компании",
        **given,
    }


@pytest.fixture
def people(house: House) -> list[str]:
    house.at("2027-05-18")
    return [house.client(f"{name} Петрович Ветров", gender="m") for name in ("Иван", "Олег")]


class TestManualEvents:
    def test_what_is_near_is_written_at_once(self, house: House, people: list[str]) -> None:
        done = house.greetings.manual(OPERATOR, **wish(client_ids=[people[0]]))
        assert len(done.made) == 1
        event = house.greetings.event(done.made[0])
        assert (event["status"], event["event_type"], event["rank"]) == ("composed", "manual", 2)
        assert event["created_by"] == "operator:ivan"
        house.at("2027-05-20", 12)
        assert house.send() == {"sent": 1}

    def test_what_is_far_waits_for_its_run(self, house: House, people: list[str]) -> None:
        order = wish(client_ids=people, event_date=date(2027, 7, 1))
        done = house.greetings.manual(OPERATOR, **order)
        assert len(done.made) == 2
        assert house.drafts() == []
        house.at("2027-06-25")
        house.run()
        assert len(house.drafts()) == 2

    def test_g172_the_same_one_twice(self, house: House, people: list[str]) -> None:
        house.greetings.manual(OPERATOR, **wish(client_ids=[people[0]]))
        with pytest.raises(DuplicateEventError, match="duplicate_event"):
            house.greetings.manual(
                OPERATOR, **wish(client_ids=[people[0]], title="  юбилей   КОМПАНИИ ")
            )
        done = house.greetings.manual(OPERATOR, **wish(client_ids=people))
        assert (len(done.made), done.duplicates) == (1, [people[0]])
        assert len(house.rows(events)) == 2

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            ({}, "name either"),
            ({"segment": "vip", "client_ids": ["x"]}, "name either"),
            ({"event_date": date(2027, 5, 17), "segment": "vip"}, "past"),
            ({"title": " ", "segment": "vip"}, "title"),
            ({"title": "х" * 121, "segment": "vip"}, "title"),
            ({"tone": "rude", "segment": "vip"}, "tone"),
            ({"segment": "vip2"}, "vip2"),
            ({"client_ids": [str(n) for n in range(5001)]}, "5000"),
        ],
    )
    def test_g172_what_cannot_be_ordered(
        self, small: House, change: dict[str, Any], what: str
    ) -> None:
        small.at("2027-05-18")
        with pytest.raises(InputError, match=what):
            small.greetings.manual(OPERATOR, **wish(**change))
        assert small.rows(events) == []

    def test_an_unknown_client(self, small: House) -> None:
        small.at("2027-05-18")
        name = "0198f6f2-5d1c-7e6a-9b0a-6d616e75616c"
        with pytest.raises(NotFoundError):
            small.greetings.manual(OPERATOR, **wish(client_ids=[name]))

    def test_a_segment_with_some_who_may_not_be_greeted(self, house: House) -> None:
        house.at("2027-05-18")
        house.client("Иван Петрович", segment="loyal")
        refused = house.client("Олег Петрович", segment="loyal", do_not_greet=True)
        house.client("Пётр Петрович", segment="new")
        done = house.greetings.manual(OPERATOR, **wish(segment="loyal"))
        assert len(done.made) == 1
        assert done.skipped == {refused: "do_not_greet"}

    def test_it_takes_the_day_from_a_holiday(self, house: House) -> None:
        house.at("2027-06-08")
        client = house.client("Иван Петрович", gender="m")
        house.run()
        house.greetings.manual(OPERATOR, **wish(client_ids=[client], event_date=date(2027, 6, 11)))
        states = {row["event_type"]: row["status"] for row in house.events(client)}
        assert states == {"holiday": "superseded", "manual": "composed"}

    def test_preview_names_what_each_would_lose(self, small: House) -> None:
        small.at("2027-06-08")
        client = small.client("Иван Петрович", gender="m")
        small.run()
        shown = small.greetings.preview_manual(
            **wish(client_ids=[client], event_date=date(2027, 6, 11))
        )
        assert shown["clients"][0]["loses"] == ["День России"]
        assert shown["text"]["text"].startswith("Иван, здравствуйте!")
        assert len(small.rows(events)) == 1

    def test_without_the_case_form_it_is_not_guessed(self, small: House) -> None:
        small.at("2027-05-18")
        client = small.client("Иван Петрович", gender="m")
        small.greetings.manual(
            OPERATOR, **wish(client_ids=[client], title_instrumental="", title="Новоселье")
        )
        text = small.messages(client)[0]["body"]
        assert "с Новоселье" not in text.replace("\u00a0", " ")


class TestTheCalendarsDesk:
    def test_loading_twice_changes_nothing(self, house: House) -> None:
        assert len(house.rows(holidays)) == 182
        assert house.greetings.prepare() == {"added": 0, "changed": 0, "moved": 0}

    def test_a_release_keeps_what_people_changed(self, house: House) -> None:
        change = house.greetings.change_holiday
        change("builder_day", APPROVER, is_business_relevant=False, tone="warm")
        with house.db.tx() as conn:
            stale = holidays.c.code == "builder_day"
            conn.execute(holidays.update().where(stale).values(title="Старое имя", tone="warm"))
        assert house.greetings.prepare()["changed"] == 1
        row = house.greetings.holiday("builder_day")
        assert (row["title"], row["tone"], row["is_business_relevant"]) == (
            "День строителя",
            "warm",
            False,
        )

    def test_g172_a_memorial_day_cannot_be_switched_on(self, house: House) -> None:
        with pytest.raises(InputError, match="memorial"):
            house.greetings.change_holiday("heroes_day", APPROVER, is_business_relevant=True)

    def test_an_unconfirmed_day_asks_first(self, house: House) -> None:
        with pytest.raises(InputError, match="confirm"):
            house.greetings.change_holiday("realtor_day", APPROVER, is_business_relevant=True)
        row = house.greetings.change_holiday(
            "realtor_day", APPROVER, confirm=True, is_business_relevant=True
        )
        assert row["is_business_relevant"]

    def test_g172_easter_without_consent_gives_no_text(self, house: House) -> None:
        house.at("2027-04-28")
        house.client("Иван Петрович")
        house.run()
        assert [row for row in house.events() if row["event_key"] == "holiday:easter"] == []

    def test_a_day_of_faith_can_be_switched_off(self, house: House) -> None:
        house.at("2027-04-28")
        client = house.client("Иван Петрович")
        house.consent(client, purpose="religious_greeting")
        with house.db.tx() as conn:
            off = {"is_business_relevant": True, "overrides": {"is_business_relevant": True}}
            conn.execute(holidays.update().where(holidays.c.code == "easter").values(**off))
        house.greetings.change_holiday("easter", APPROVER, is_business_relevant=False)
        house.run()
        assert not [row for row in house.events(client) if "easter" in row["event_key"]]

    def test_own_rules(self, house: House) -> None:
        add = house.greetings.add_holiday
        given = {
            "title": "День фирмы",
            "title_instrumental": "Днём фирмы",
            "kind": "social",
            "rule": "nth 5 5 1",
            "okved": "*",
        }
        row = add(APPROVER, code="firm_day", **given)
        assert (row["source"], row["okved"], row["rule"]) == ("user", ["*"], "nth 5 5 1")
        with pytest.raises(ConflictError, match="already"):
            add(APPROVER, code="firm_day", **given)
        for wrong, what in (
            ({"code": "День"}, "code"),
            ({"code": "x", "rule": "nth 5 9 1"}, "9"),
            ({"code": "x", "title": ""}, "title"),
            ({"code": "x", "kind": "feast"}, "feast"),
            ({"code": "x", "kind": "memorial", "is_business_relevant": True}, "memorial"),
        ):
            with pytest.raises(InputError, match=what):
                add(APPROVER, **{**given, **wrong})
        house.greetings.delete_holiday("firm_day", APPROVER)
        with pytest.raises(ConflictError, match="switch it off"):
            house.greetings.delete_holiday("builder_day", APPROVER)
        with pytest.raises(InputError, match="cannot be changed"):
            house.greetings.change_holiday("builder_day", APPROVER, rule="fixed 01-01")

    def test_next_days(self, small: House) -> None:
        small.at("2026-08-01")
        row = small.greetings.holiday("builder_day")
        assert (row["next_date"], row["next_deliver_on"]) == (date(2026, 8, 9), date(2026, 8, 7))
        near = small.greetings.upcoming_holidays(days=10)
        assert near[0]["next_date"] <= near[-1]["next_date"] <= date(2026, 8, 11)
        assert "builder_day" in {one["code"] for one in near}
        found = small.greetings.holidays(kind="public", enabled=True, query="день")
        assert {one["code"] for one in found} >= {"russia_day", "womens_day"}
        assert small.greetings.test_rule("easter 0", years=2) == [
            date(2026, 4, 12),
            date(2027, 5, 2),
        ]
        with pytest.raises(InvalidRule, match="sometimes"):
            small.greetings.test_rule("sometimes")

    def test_check_finds_what_looks_wrong(self, small: House) -> None:
        assert not [one for one in small.greetings.check_holidays() if one["severity"] != "note"]
        small.greetings.add_holiday(
            APPROVER, code="x", title="День строителя", title_instrumental="День строителя",
            kind="social", rule="date 2020-01-01",
        )  # fmt: skip
        problems = {one["severity"] for one in small.greetings.check_holidays()}
        assert problems == {"error", "warning", "note"}

    def test_export_and_import_again(self, house: House) -> None:
        rows = house.greetings.export_holidays()
        assert len(rows) == 182
        same = house.greetings.import_holidays(rows, APPROVER)
        assert (same["same"], same["added"], same["refused"]) == (182, 0, [])
        own = {
            "id": "firm_day", "title": "День фирмы", "title_instrumental": "Днём фирмы",
            "kind": "social", "rule": "fixed 05-20",
        }  # fmt: skip
        bad = {**own, "id": "bad_day", "rule": "fixed 31-12"}
        assert house.greetings.import_holidays([own, bad], APPROVER)["added"] == 1
        again = house.greetings.import_holidays([own], APPROVER)
        assert again["same"] == 1
        moved = house.greetings.import_holidays([{**own, "rule": "fixed 05-21"}], APPROVER)
        assert moved["changed"] == 1
        refused = house.greetings.import_holidays([bad], APPROVER)["refused"]
        assert refused[0]["row"] == 2
        assert "31-12" in refused[0]["reason"]


class TestAClientsYear:
    def test_occasions_with_reasons(self, small: House) -> None:
        small.at("2027-01-10")
        client = small.born("05-20", okved="62.01", profession="программист")
        rows = small.greetings.occasions(client)
        by_key = {row["event_key"]: row for row in rows}
        assert by_key["birthday"]["date"] == date(2027, 5, 20)
        assert by_key["holiday:programmer_day"]["reason"] == ""
        assert by_key["holiday:sysadmin_day"]["reason"] == "not_best_match"
        assert by_key["holiday:womens_day"]["reason"] == "not_audience"
        assert [row["deliver_on"] for row in rows] == sorted(row["deliver_on"] for row in rows)
        with pytest.raises(InputError, match="months"):
            small.greetings.occasions(client, months=0)

    def test_stored_events_speak_for_themselves(self, small: House) -> None:
        small.at("2027-05-18")
        client = small.born("05-20")
        small.run()
        row = next(r for r in small.greetings.occasions(client) if r["event_key"] == "birthday")
        assert row["status"] == "composed"
        assert row["event_id"] == small.event(client)["id"]


class TestPreview:
    def test_any_rule_for_any_client(self, small: House) -> None:
        client = small.client("Анна Сергеевна Орлова", gender="f")
        shown = small.greetings.preview(client, code="womens_day")
        assert "Анна" in shown["text"]
        assert shown["violations"] == []
        assert shown["card"] is None
        assert shown["short"].endswith("ООО «Отправитель»")
        official = small.greetings.preview(client, tone="official")
        assert official["text"].startswith("Уважаемая Анна Сергеевна!")
        assert small.rows(events) == []

    def test_a_certain_variant(self, small: House) -> None:
        client = small.client("Анна Сергеевна Орлова", gender="f")
        shown = small.greetings.preview(client, variant="birthday.warm.ru/c")
        assert shown["variant"] == "birthday.warm.ru/c"
        with pytest.raises(NotFoundError, match="template"):
            small.greetings.preview(client, variant="birthday.warm.ru/zz")
        with pytest.raises(NotFoundError, match="holiday"):
            small.greetings.preview(client, code="no_such_day")


class TestAnswers:
    def test_ratings(self, house: House) -> None:
        house.at("2027-05-18")
        client = house.born("05-20")
        house.run()
        greeting_id = house.draft(client)["id"]
        rate = house.greetings.rate
        first = rate(greeting_id, OPERATOR, score=4, notes="тепло приняли")
        assert (first["score"], first["source"], first["created_by"]) == (
            4,
            "manager",
            "operator:ivan",
        )
        rate(greeting_id, OPERATOR, score=5, nps=10)
        rows = house.greetings.feedback_of(greeting_id)
        assert [(row["score"], row["nps"]) for row in rows] == [(5, 10)]
        rate(greeting_id, OPERATOR, score=3, source="import")
        assert len(house.greetings.feedback_of(greeting_id)) == 2

    @pytest.mark.parametrize(
        "wrong",
        [
            {"score": 0}, {"score": 6}, {"nps": -1}, {"nps": 11}, {"notes": "х" * 1001},
            {"outcome": "adored"}, {"source": "rumour"},
        ],
    )  # fmt: skip
    def test_out_of_range(self, small: House, wrong: dict[str, Any]) -> None:
        small.at("2027-05-18")
        client = small.born("05-20")
        small.run()
        with pytest.raises(InputError, match=next(iter(wrong))):
            small.greetings.rate(small.draft(client)["id"], OPERATOR, **wrong)
