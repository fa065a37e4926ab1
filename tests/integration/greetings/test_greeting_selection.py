"""Who is greeted when not everybody can be: days, addresses, limits (G41, G45-G47, G169, G191)."""

from datetime import timedelta

import pytest
from greetings_house import APPROVER, OPERATOR, House

from povod.kit.errors import ConflictError


def states(house: House, client: str) -> dict[str, tuple[str, str]]:
    return {row["event_key"]: (row["status"], row["reason"]) for row in house.events(client)}


class TestOneADay:
    def test_g169_nothing_else_while_the_vip_birthday_waits(self, house: House) -> None:
        house.at("2026-08-03")
        vip = house.born("08-07", segment="vip", okved="41.20")
        house.run()
        assert states(house, vip) == {
            "birthday": ("composed", ""),
            "holiday:builder_day": ("superseded", "better_occasion"),
        }
        house.at("2026-08-07", 12)
        house.run(deliver=True)
        assert house.letters() == []
        house.greetings.reject(house.draft(vip)["id"], APPROVER, "не сейчас")
        house.run(deliver=True)
        assert house.letters() == []
        assert states(house, vip)["holiday:builder_day"][0] == "superseded"

    def test_greet_anyway(self, house: House) -> None:
        house.at("2026-08-03")
        client = house.born("08-07", okved="41.20")
        house.run()
        superseded = house.event(client, "holiday:builder_day")
        shown = house.greetings.event(superseded["id"])
        assert shown["superseded_by_title"] == "День рождения"
        after = house.greetings.greet_anyway(superseded["id"], OPERATOR)
        assert after["status"] == "composed"
        assert len(house.messages(client)) == 2
        house.run()
        assert states(house, client)["holiday:builder_day"] == ("composed", "")
        house.at("2026-08-07", 12)
        assert house.send() == {"sent": 1, "held": 1}
        with pytest.raises(ConflictError, match="cannot be greeted anyway"):
            house.greetings.greet_anyway(superseded["id"], OPERATOR)

    def test_a_better_event_takes_the_day_of_a_queued_message(self, house: House) -> None:
        house.at("2026-08-03")
        client = house.client("Иван Петрович Ветров", gender="m", okved="41.20")
        house.run()
        assert house.messages(client)[0]["status"] == "approved"
        house.change_client(client, birth_day=7, birth_month=8)
        house.run()
        assert states(house, client) == {
            "birthday": ("composed", ""),
            "holiday:builder_day": ("superseded", "better_occasion"),
        }
        assert sorted(row["status"] for row in house.messages(client)) == ["approved", "cancelled"]
        assert sorted(row["status"] for row in house.drafts(client)) == ["approved", "cancelled"]

    def test_a_pause_between_automatic_greetings(self, house: House) -> None:
        house.at("2027-06-08")
        client = house.born("06-10")
        house.run()
        assert states(house, client) == {
            "birthday": ("composed", ""),
            "holiday:russia_day": ("skipped", "cooldown"),
        }

    def test_own_limit_of_a_client(self, house: House) -> None:
        house.at("2027-06-08")
        client = house.client("Иван Петрович", preferences={"max_per_year": 0})
        house.run()
        assert states(house, client) == {"holiday:russia_day": ("skipped", "year_cap")}


class TestSharedAddress:
    def test_g197_birthdays_stay_and_march_is_one(self, house: House) -> None:
        house.at("2027-03-01")
        shared = {"email": "info@firma.ru", "gender": "f"}
        one = house.born("03-04", "Анна Сергеевна Орлова", segment="vip", **shared)
        two = house.born("03-04", "Елена Игоревна Белова", **shared)
        house.run()
        house.greetings.approve(house.draft(one)["id"], APPROVER)
        assert states(house, one)["birthday"] == states(house, two)["birthday"] == ("composed", "")
        house.at("2027-03-04", 12)
        assert house.send()["sent"] == 1
        house.at("2027-03-05", 12)
        assert house.send()["sent"] == 1
        march = {states(house, name)["holiday:womens_day"] for name in (one, two)}
        assert ("skipped", "same_recipient") in march

    def test_the_best_segment_is_greeted(self, house: House) -> None:
        house.at("2027-06-08")
        usual = house.client("Иван Петрович Ветров", email="info@firma.ru")
        loyal = house.client("Олег Львович Громов", email="INFO@firma.ru", segment="loyal")
        house.run()
        assert states(house, loyal) == {"holiday:russia_day": ("composed", "")}
        assert states(house, usual) == {"holiday:russia_day": ("skipped", "same_recipient")}

    def test_the_same_person_twice(self, house: House) -> None:
        house.at("2027-06-08")
        both = [house.client("Иван Петрович Ветров", email="info@firma.ru") for _ in range(2)]
        house.run()
        reasons = sorted(states(house, name)["holiday:russia_day"][1] for name in both)
        assert reasons == ["", "same_person"]


class TestLimitPerHoliday:
    def test_g191_vips_first_and_the_rest_is_named(self, house: House) -> None:
        limited = house.with_settings(max_holiday_recipients=12)
        house.at("2027-06-08")
        segments = ["standard"] * 30 + ["vip"] * 4 + ["loyal"] * 6
        people = {
            house.client("Иван Петрович", email=f"k{n}@klient.ru", segment=segment): segment
            for n, segment in enumerate(segments)
        }
        done = limited.run()
        assert (done["capped"], done["generated_greetings"]) == (28, 12)
        greeted = [people[row["client_id"]] for row in house.events() if not row["reason"]]
        assert sorted(greeted) == ["loyal"] * 6 + ["standard"] * 2 + ["vip"] * 4
        assert limited.greetings.dashboard()["capped"] == 28
        assert {row["reason"] for row in house.events() if row["status"] == "capped"} == {
            "holiday_limit"
        }

    def test_a_raised_limit_lets_the_rest_in(self, house: House) -> None:
        limited = house.with_settings(max_holiday_recipients=2)
        house.at("2027-06-08")
        for number in range(5):
            house.client("Иван Петрович", email=f"k{number}@klient.ru")
        limited.run()
        again = house.with_settings(max_holiday_recipients=4)
        again.run()
        assert sorted(row["status"] for row in house.events()) == ["capped"] + ["composed"] * 4

    def test_demo_clients_do_not_count(self, house: House) -> None:
        limited = house.with_settings(max_holiday_recipients=1)
        house.at("2027-06-08")
        real = house.client("Иван Петрович")
        house.client("Анна Сергеевна", is_demo=True, segment="vip")
        limited.run()
        assert states(house, real) == {"holiday:russia_day": ("composed", "")}


class TestChangesBeforeTheDay:
    def test_a_cured_reason_lets_the_client_in(self, house: House) -> None:
        house.at("2027-05-18")
        client = house.born("05-22", email="")
        house.run()
        assert states(house, client) == {"birthday": ("skipped", "no_address")}
        house.change_client(client, email="ivan@klient.ru")
        house.run()
        assert states(house, client) == {"birthday": ("composed", "")}

    def test_a_reason_that_arises_before_writing(self, small: House) -> None:
        from povod.greetings.planning import Planner

        small.at("2027-05-18")
        client = small.born("05-22")
        Planner(small.greetings.parts).plan(None, small.greetings.parts.today())
        small.change_client(client, do_not_greet=True)
        small.run()
        assert states(small, client) == {"birthday": ("skipped", "do_not_greet")}

    @pytest.mark.parametrize(
        "change",
        [
            {"do_not_greet": True},
            {"deleted_at": "now"},
            {"erased_at": "now"},
        ],
    )
    def test_g196_refused_between_approval_and_handoff(
        self, house: House, change: dict[str, object]
    ) -> None:
        house.at("2027-05-18")
        client = house.born("05-20")
        house.run()
        now = house.clock.now()
        house.change_client(client, **{k: now if v == "now" else v for k, v in change.items()})
        house.at("2027-05-20", 12)
        assert "sent" not in house.send()
        assert house.letters() == []
        assert house.draft(client)["status"] == "cancelled"
        assert house.event(client)["status"] == "cancelled"

    def test_g196_a_withdrawn_consent(self, house: House) -> None:
        house.at("2027-05-18")
        client = house.born("05-20")
        house.consent(client)
        house.run()
        with house.db.tx() as conn:
            grounds = house.delivery.grounds_of(conn, house.messages(client)[0]["to_value"])
            ids = [ground["id"] for ground in grounds]
            (moved,) = house.delivery.withdraw(conn, ids, OPERATOR, "попросил")
        assert moved["status"] == "cancelled"
        house.at("2027-05-20", 12)
        assert house.send() == {}
        assert (house.event(client)["status"], house.event(client)["reason"]) == (
            "cancelled",
            "consent_withdrawn",
        )

    def test_a_client_hook_ends_drafts_at_once(self, house: House) -> None:
        house.at("2027-05-18")
        client = house.born("05-20")
        house.run()
        with house.db.tx() as conn:
            assert house.greetings.client_changed(conn, client, "client_deleted") == 1
        assert house.messages(client)[0]["status"] == "cancelled"
        assert house.event(client)["reason"] == "client_deleted"


class TestGround:
    def test_no_ground_no_text(self, house: House) -> None:
        house.at("2027-05-18")
        client = house.born("05-20")
        house.consent(client, basis="none")
        house.run()
        assert states(house, client) == {"birthday": ("skipped", "no_basis")}
        assert house.drafts() == []

    def test_a_refusal_in_the_registry(self, house: House) -> None:
        house.at("2027-05-18")
        client = house.born("05-20", email="anna@klient.ru")
        with house.db.tx() as conn:
            house.delivery.suppress(
                conn, "anna@klient.ru", level="address", scope="all", reason="STOP", actor=APPROVER
            )
        house.run()
        assert states(house, client) == {"birthday": ("skipped", "suppressed")}

    def test_a_refusal_of_letters_only_is_none_of_greetings(self, house: House) -> None:
        house.at("2027-05-18")
        client = house.born("05-20", email="anna@klient.ru")
        with house.db.tx() as conn:
            house.delivery.suppress(
                conn, "anna@klient.ru", level="address", scope="letter", reason="x", actor=APPROVER
            )
        house.run()
        assert states(house, client) == {"birthday": ("composed", "")}

    def test_faith_needs_its_own_consent(self, house: House) -> None:
        house.at("2027-04-28")
        one, two = house.client("Иван Петрович"), house.client("Олег Львович")
        house.consent(one, purpose="religious_greeting")
        house.run()
        assert "holiday:easter" not in states(house, two)
        assert states(house, one)["holiday:easter"] == ("composed", "")

    def test_a_policy_that_asks_a_person(self, house: House) -> None:
        house.at("2027-05-18")
        client = house.born("05-20")
        house.consent(client, basis="legitimate_interest")
        house.run()
        draft = house.draft(client)
        assert (draft["status"], draft["approval_reasons"]) == ("needs_approval", ["policy"])
        house.greetings.approve(draft["id"], APPROVER)
        house.at("2027-05-20", 12)
        assert house.send() == {"sent": 1}

    def test_g198_sms_without_gateway_goes_by_mail(self, house: House) -> None:
        house.at("2027-05-18")
        client = house.born("05-20", preferred_channel="sms", phone="+79161234567")
        house.run()
        assert house.messages(client)[0]["channel"] == "email"
        phone = house.born("05-21", email="", preferred_channel="sms", phone="+79161234568")
        house.run()
        assert states(house, phone) == {"birthday": ("skipped", "no_address")}


class TestMovedRules:
    def test_g203_drafts_follow_a_rule_that_moved(self, house: House) -> None:
        house.at("2027-06-08")
        client = house.client("Иван Петрович")
        house.greetings.add_holiday(
            APPROVER,
            code="firm_day",
            title="День фирмы",
            title_instrumental="Днём фирмы",
            kind="social",
            rule="fixed 06-15",
            okved=["*"],
        )
        house.greetings.change_holiday("russia_day", APPROVER, is_business_relevant=False)
        house.run()
        before = house.draft(client)
        assert before["deliver_on"].isoformat() == "2027-06-15"
        house.greetings.change_holiday("firm_day", APPROVER, rule="fixed 06-16")
        after = house.draft(client)
        assert after["deliver_on"].isoformat() == "2027-06-16"
        assert after["metadata"]["moved_from"] == "2027-06-15"
        (message,) = house.messages(client)
        assert message["not_before"] == before["expires_at"] - timedelta(hours=7)
        house.at("2027-06-15", 12)
        assert house.send() == {}
        house.at("2027-06-16", 12)
        assert house.send() == {"sent": 1}

    def test_a_rule_switched_off_takes_its_drafts_back(self, house: House) -> None:
        house.at("2027-06-08")
        client = house.client("Иван Петрович")
        house.run()
        house.greetings.change_holiday("russia_day", APPROVER, is_business_relevant=False)
        assert states(house, client) == {"holiday:russia_day": ("cancelled", "rule_off")}
        assert house.messages(client)[0]["status"] == "cancelled"
