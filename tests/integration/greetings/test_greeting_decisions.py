"""What people do with drafts: approve, edit, rewrite, refuse (G98-G104, G168, G170, G203)."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from greetings_house import ADMIN, APPROVER, MOSCOW, OPERATOR, House

from povod.delivery.states import Actor
from povod.greetings.states import IllegalMove
from povod.kit.errors import ConflictError, InputError, NotFoundError
from povod.store.tables import audit_log


@pytest.fixture
def waiting(house: House) -> dict[str, Any]:
    """A VIP whose birthday draft waits."""
    house.at("2027-05-15")
    vip = house.born("05-20", "Анна Сергеевна Орлова", gender="f", segment="vip")
    house.run()
    return house.draft(vip)


class TestApproving:
    def test_g170_days_ahead_and_sent_on_the_day(
        self, house: House, waiting: dict[str, Any]
    ) -> None:
        after = house.greetings.approve(waiting["id"], APPROVER, version=waiting["version"])
        assert (after["status"], after["approved_by"]) == ("approved", "approver:olga")
        (message,) = house.messages()
        assert (message["status"], message["approved_by"]) == ("approved", "approver:olga")
        house.at("2027-05-18", 12)
        assert house.send() == {}
        house.at("2027-05-20", 12)
        assert house.send() == {"sent": 1}
        assert message["sent_at"] is None
        sent = house.messages()[0]["sent_at"].astimezone(MOSCOW)
        assert sent.date().isoformat() == "2027-05-20"

    def test_g170_a_refusal_still_holds(self, house: House, waiting: dict[str, Any]) -> None:
        house.greetings.approve(waiting["id"], APPROVER)
        to = house.messages()[0]["to_value"]
        with house.db.tx() as conn:
            house.delivery.suppress(
                conn, to, level="address", scope="all", reason="STOP", actor=APPROVER
            )
        house.at("2027-05-20", 12)
        assert house.send() == {}
        assert house.draft(waiting["client_id"])["status"] == "cancelled"

    def test_g170_approved_after_hours_leaves_in_the_morning(
        self, house: House, waiting: dict[str, Any]
    ) -> None:
        house.at("2027-05-20", 18)
        house.greetings.approve(waiting["id"], APPROVER)
        assert house.send() == {}
        house.at("2027-05-21", 11)
        assert house.send() == {"sent": 1}

    def test_too_late_is_refused_and_ends_with_its_reason(
        self, house: House, waiting: dict[str, Any]
    ) -> None:
        house.at("2027-05-21", 18)
        with pytest.raises(ConflictError, match="too late"):
            house.greetings.approve(waiting["id"], APPROVER)
        house.run()
        draft = house.draft(waiting["client_id"])
        assert (draft["status"], draft["skip_reason"]) == ("skipped", "not_approved_in_time")
        assert house.event(waiting["client_id"])["reason"] == "not_approved_in_time"

    def test_an_operator_may_not(self, house: House, waiting: dict[str, Any]) -> None:
        with pytest.raises(IllegalMove):
            house.greetings.approve(waiting["id"], OPERATOR)
        assert house.draft(waiting["client_id"]) == waiting

    def test_g203_two_approvers_at_once(self, house: House, waiting: dict[str, Any]) -> None:
        barrier, results = threading.Barrier(2), []

        def press(name: str) -> None:
            barrier.wait()
            try:
                house.greetings.approve(
                    waiting["id"], Actor("approver", name), version=waiting["version"]
                )
                results.append("done")
            except ConflictError:
                results.append("conflict")

        threads = [threading.Thread(target=press, args=(name,)) for name in ("olga", "petr")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == ["conflict", "done"]
        assert len(house.messages()) == 1

    def test_changed_facts_must_be_seen_first(self, house: House, waiting: dict[str, Any]) -> None:
        house.change_client(waiting["client_id"], first_name="Алла")
        with pytest.raises(ConflictError, match="changed"):
            house.greetings.approve(waiting["id"], APPROVER)
        house.run()
        fresh = house.draft(waiting["client_id"])
        assert fresh["salutation"] == "Уважаемая Алла Сергеевна!"
        assert "facts_changed" in fresh["approval_reasons"]
        assert house.greetings.approve(waiting["id"], APPROVER)["status"] == "approved"

    def test_an_approved_one_waits_again_when_facts_change(
        self, house: House, waiting: dict[str, Any]
    ) -> None:
        house.greetings.approve(waiting["id"], APPROVER)
        house.change_client(waiting["client_id"], email="drugoy@klient.ru")
        house.run()
        fresh = house.draft(waiting["client_id"])
        assert fresh["status"] == "needs_approval"
        assert fresh["approved_by"] == ""
        assert len(fresh["history"]) == 1
        (message,) = house.messages()
        assert (message["status"], message["to_value"]) == ("needs_approval", "drugoy@klient.ru")
        house.greetings.approve(waiting["id"], APPROVER)
        house.at("2027-05-20", 12)
        assert house.send() == {"sent": 1}

    def test_four_eyes(self, house: House, waiting: dict[str, Any]) -> None:
        strict = house.with_settings(approval_four_eyes=True)
        edited = strict.greetings.edit(
            waiting["id"], APPROVER, version=waiting["version"], subject="С днём рождения!"
        )
        with pytest.raises(ConflictError, match="FOUR_EYES"):
            strict.greetings.approve(waiting["id"], APPROVER)
        other = Actor("approver", "petr")
        assert strict.greetings.approve(edited["id"], other)["status"] == "approved"

    def test_moves_are_audited(self, house: House, waiting: dict[str, Any]) -> None:
        house.greetings.approve(waiting["id"], APPROVER)
        deeds = [row["action"] for row in house.rows(audit_log)]
        assert "greeting.move" in deeds


class TestEditing:
    def test_a_new_text_needs_approval_again(self, house: House, waiting: dict[str, Any]) -> None:
        house.greetings.approve(waiting["id"], APPROVER)
        row = house.draft(waiting["client_id"])
        after = house.greetings.edit(
            row["id"], OPERATOR, version=row["version"], subject="С днём рождения, Анна Сергеевна!"
        )
        assert (after["status"], after["text_source"]) == ("needs_approval", "human")
        assert house.messages()[0]["status"] == "needs_approval"
        assert house.messages()[0]["subject"] == "С днём рождения, Анна Сергеевна!"
        assert house.messages()[0]["body"].count("ответьте STOP") == 1
        assert after["history"][0]["subject"] == row["subject"]
        house.greetings.approve(row["id"], APPROVER)
        house.at("2027-05-20", 12)
        assert house.send() == {"sent": 1}
        assert "Анна Сергеевна!" in house.letters()[0].with_suffix(".txt").read_text("utf-8")

    def test_a_stale_version_is_refused(self, house: House, waiting: dict[str, Any]) -> None:
        house.greetings.edit(waiting["id"], OPERATOR, version=waiting["version"], subject="Первая")
        with pytest.raises(ConflictError, match="changed meanwhile"):
            house.greetings.edit(
                waiting["id"], OPERATOR, version=waiting["version"], subject="Вторая"
            )
        assert house.draft(waiting["client_id"])["subject"] == "Первая"

    @pytest.mark.parametrize(
        ("changes", "what"),
        [
            ({"subject": " "}, "subject"),
            ({"body": "х" * 3001}, "3001"),
            ({"wish": "х" * 221}, "221"),
            ({"tone": "rude"}, "rude"),
            ({"status": "sent"}, "status"),
        ],
    )
    def test_what_cannot_be_saved(
        self, house: House, waiting: dict[str, Any], changes: dict[str, str], what: str
    ) -> None:
        with pytest.raises(InputError, match=what):
            house.greetings.edit(waiting["id"], OPERATOR, version=waiting["version"], **changes)

    def test_a_card_number_is_found_and_stops_the_approval(
        self, house: House, waiting: dict[str, Any]
    ) -> None:
        row = house.greetings.greeting(waiting["id"])
        body = f"{row['body']}\n\nНаша карта 4111 1111 1111 1111."
        edited = house.greetings.edit(waiting["id"], OPERATOR, version=row["version"], body=body)
        assert "pii_card" in {found["code"] for found in edited["violations"]}
        with pytest.raises(ConflictError):
            house.greetings.approve(waiting["id"], APPROVER)

    def test_save_and_approve(self, house: House, waiting: dict[str, Any]) -> None:
        after = house.greetings.edit(
            waiting["id"],
            APPROVER,
            version=waiting["version"],
            approve=True,
            salutation="Дорогая Анна Сергеевна!",
        )
        assert after["status"] == "approved"
        assert house.messages()[0]["body"].startswith("Дорогая Анна Сергеевна!")

    def test_what_has_left_cannot_be_edited(self, house: House, waiting: dict[str, Any]) -> None:
        house.greetings.approve(waiting["id"], APPROVER)
        house.at("2027-05-20", 12)
        house.send()
        row = house.draft(waiting["client_id"])
        with pytest.raises(ConflictError):
            house.greetings.edit(row["id"], OPERATOR, version=row["version"], subject="Поздно")


class TestRewriting:
    def test_another_variant_at_most_five_times(
        self, house: House, waiting: dict[str, Any]
    ) -> None:
        rewritten = [house.greetings.regenerate(waiting["id"], OPERATOR) for _ in range(5)]
        seen = [waiting["variant_id"], *(row["variant_id"] for row in rewritten)]
        assert len(set(seen)) == len(seen)
        with pytest.raises(ConflictError, match="5 times"):
            house.greetings.regenerate(waiting["id"], OPERATOR)
        assert len(house.draft(waiting["client_id"])["history"]) == 5

    def test_in_another_tone(self, house: House, waiting: dict[str, Any]) -> None:
        after = house.greetings.regenerate(waiting["id"], OPERATOR, tone="warm")
        assert (after["tone"], after["salutation"]) == ("warm", "Анна, здравствуйте!")
        assert after["template_family"] == "birthday.warm.ru"

    def test_a_model_without_a_key_leaves_it_to_the_template(
        self, house: House, waiting: dict[str, Any]
    ) -> None:
        after = house.greetings.regenerate(waiting["id"], OPERATOR, source="llm")
        assert (after["text_source"], after["fallback_reason"]) == ("template", "no_key")
        with pytest.raises(InputError, match="source"):
            house.greetings.regenerate(waiting["id"], OPERATOR, source="magic")


class TestRefusing:
    def test_a_rejection_needs_words_and_can_be_mended(
        self, house: House, waiting: dict[str, Any]
    ) -> None:
        with pytest.raises(InputError, match="why"):
            house.greetings.reject(waiting["id"], APPROVER, " ")
        after = house.greetings.reject(waiting["id"], APPROVER, "слишком сухо")
        assert (after["status"], after["review_comment"]) == ("rejected", "слишком сухо")
        mended = house.greetings.regenerate(waiting["id"], OPERATOR, tone="warm")
        assert mended["status"] == "needs_approval"

    def test_a_rejected_one_ends_with_its_day(self, house: House, waiting: dict[str, Any]) -> None:
        house.greetings.reject(waiting["id"], APPROVER, "не нужно")
        house.at("2027-05-23")
        house.run()
        assert (house.event(waiting["client_id"])["status"]) == "cancelled"
        assert house.event(waiting["client_id"])["reason"] == "rejected"

    def test_skip_and_cancel(self, house: House) -> None:
        house.at("2027-05-15")
        one, two = house.born("05-20"), house.born("05-21")
        house.run()
        skipped = house.greetings.skip(house.draft(one)["id"], OPERATOR, "уволился")
        assert (skipped["status"], skipped["skip_reason"]) == ("skipped", "уволился")
        assert house.event(one)["reason"] == "уволился"
        cancelled = house.greetings.cancel(house.draft(two)["id"], OPERATOR)
        assert cancelled["status"] == "cancelled"
        assert {row["status"] for row in house.messages()} == {"cancelled"}
        house.run()
        house.at("2027-05-20", 12)
        house.send()
        assert house.letters() == []
        with pytest.raises(IllegalMove):
            house.greetings.cancel(house.draft(two)["id"], ADMIN)

    def test_skipping_an_event(self, house: House) -> None:
        house.at("2027-05-15")
        client = house.born("05-20")
        house.run()
        after = house.greetings.skip_event(house.event(client)["id"], OPERATOR, "в отпуске")
        assert (after["status"], after["reason"]) == ("skipped", "в отпуске")
        with pytest.raises(ConflictError):
            house.greetings.skip_event(after["id"], OPERATOR, "ещё раз")

    def test_a_skipped_message_may_be_tried_again(self, house: House) -> None:
        house.at("2027-05-18")
        client = house.born("05-20", email="demo_ivan@klient.ru", is_demo=True)
        house.run()
        (message,) = house.messages(client)
        with house.db.tx() as conn:
            house.delivery.schedule(conn, message["id"], at=house.clock.now())
        house.change_client(client, do_not_greet=False)
        house.at("2027-05-20", 12)
        assert house.send() == {"sent": 1}
        with pytest.raises(IllegalMove):
            house.greetings.retry(house.draft(client)["id"], OPERATOR)


class TestBulk:
    def test_clean_ones_are_approved_and_vips_are_left_out(self, house: House) -> None:
        careful = house.with_settings(approval_rules="all")
        house.at("2027-05-15")
        usual = [house.born("05-20", email=f"k{n}@klient.ru") for n in range(3)]
        vip = house.born("05-20", segment="vip")
        careful.run()
        ids = {house.draft(name)["id"]: name for name in [*usual, vip]}
        done = careful.greetings.bulk("approve", APPROVER, ids=list(ids))
        assert {ids[name] for name in done["done"]} == set(usual)
        assert {ids[name]: why for name, why in done["left_out"].items()} == {vip: "vip"}
        assert len(house.messages()) == 3

    def test_a_filter_needs_the_number_that_was_seen(self, house: House) -> None:
        careful = house.with_settings(approval_rules="all")
        house.at("2027-05-15")
        for number in range(3):
            house.born("05-20", email=f"k{number}@klient.ru")
        careful.run()
        bulk = careful.greetings.bulk
        with pytest.raises(ConflictError, match="finds 3"):
            bulk("approve", APPROVER, filters={"tab": "waiting"}, expected_count=2)
        with pytest.raises(InputError, match="expected_count"):
            bulk("approve", APPROVER, filters={"tab": "waiting"})
        done = bulk("approve", APPROVER, filters={"tab": "waiting"}, expected_count=3)
        assert len(done["done"]) == 3

    def test_other_deeds(self, house: House) -> None:
        careful = house.with_settings(approval_rules="all")
        house.at("2027-05-15")
        ids = []
        for number in range(3):
            client = house.born("05-20", email=f"k{number}@klient.ru")
            careful.run()
            ids.append(house.draft(client)["id"])
        bulk = careful.greetings.bulk
        assert bulk("regenerate", OPERATOR, ids=ids[:1])["done"] == ids[:1]
        assert bulk("reject", APPROVER, ids=ids[:1], comment="нет")["done"] == ids[:1]
        assert bulk("skip", OPERATOR, ids=ids[1:], comment="не надо")["done"] == ids[1:]
        assert (
            "no greeting"
            in bulk("skip", OPERATOR, ids=[house.events()[0]["id"]])["left_out"].popitem()[1]
        )
        with pytest.raises(InputError, match="action"):
            bulk("burn", ADMIN, ids=ids)
        with pytest.raises(InputError, match="200"):
            bulk("skip", ADMIN, ids=[str(n) for n in range(201)])


class TestReading:
    def test_lists_filters_and_cursors(self, house: House) -> None:
        house.at("2027-05-15")
        for number in range(5):
            house.born("05-20", email=f"k{number}@klient.ru")
        house.born("05-21", segment="vip")
        house.run()
        first = house.greetings.greetings(limit=4)
        second = house.greetings.greetings(limit=4, cursor=first.next_cursor)
        assert (len(first.rows), len(second.rows), second.next_cursor) == (4, 2, "")
        assert len(house.greetings.greetings(tab="waiting").rows) == 1
        assert len(house.greetings.greetings(segment="vip", kind="birthday").rows) == 1
        assert first.rows[0]["client_name"] == "Ветров Иван Петрович"
        events = house.greetings.events(status="composed", event_type="birthday", limit=500)
        assert len(events.rows) == 6
        assert house.greetings.events(code="new_year").rows == []
        with pytest.raises(InputError, match="tab"):
            house.greetings.greetings(tab="nonsense")
        with pytest.raises(InputError, match="limit"):
            house.greetings.events(limit=0)

    def test_one_draft_with_everything(self, house: House, waiting: dict[str, Any]) -> None:
        row = house.greetings.greeting(waiting["id"])
        assert row["text"].startswith("Уважаемая Анна Сергеевна!")
        assert row["html"].startswith("<p>Уважаемая Анна Сергеевна!</p>")
        assert row["approval_words"] == {"vip": "the client is a VIP"}
        assert row["message_status"] is None
        assert house.greetings.gates(waiting["id"]) == []
        house.greetings.approve(waiting["id"], APPROVER)
        gates = {gate["name"]: gate["result"] for gate in house.greetings.gates(waiting["id"])}
        assert gates["policy"] == gates["approved"] == "pass"
        assert gates["window"] == "hold"
        assert house.greetings.card(waiting["id"]) is None

    def test_unknown_ids(self, small: House) -> None:
        name, job = "0198f6f2-5d1c-7e6a-9b0a-6d616e75616c", small.greetings
        calls: list[Callable[[], object]] = [
            lambda: job.greeting(name),
            lambda: job.event(name),
            lambda: job.run(name),
            lambda: job.approve(name, APPROVER),
            lambda: job.card(name),
            lambda: job.occasions(name),
            lambda: job.preview(name),
            lambda: job.holiday("no_such_day"),
        ]
        for call in calls:
            with pytest.raises(NotFoundError):
                call()
