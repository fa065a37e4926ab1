"""The daily run as background work; cards and models on the way to a letter (G53, G76, G116)."""

from email import message_from_bytes
from typing import Any

import pytest
from greetings_house import APPROVER, House

from povod.engine.events import Events
from povod.engine.handlers import Handlers
from povod.engine.ledger import Ledger
from povod.engine.runner import Runner
from povod.engine.work import NewWork
from povod.greetings import texts, work
from povod.greetings.run import AgentRun
from povod.greetings.work import GreetingWork, due_since, next_due
from povod.store.tables import agent_runs, files
from povod.writing.llm.base import ChatRequest, Completion, Usage


def runner(house: House) -> tuple[Ledger, Runner]:
    ledger, handlers = Ledger(house.db, house.clock), Handlers()
    GreetingWork(house.greetings).register(handlers)
    return ledger, Runner(ledger, handlers, house.clock, events=Events(house.db, house.clock))


def ask(house: House, **args: Any) -> None:
    """As the schedule does every minute."""
    ledger, worker = runner(house)
    with house.db.tx() as conn:
        ledger.enqueue(conn, NewWork(work.QUEUE, work.RUN, args, dedup_key=work.RUN))
    worker.run_until_idle()


def triggers(house: House) -> list[str]:
    return [row["triggered_by"] for row in house.rows(agent_runs)]


class TestTheDailyRun:
    def test_once_a_day_after_its_hour(self, house: House) -> None:
        house.at("2027-05-18", 8, 0)
        house.born("05-20")
        house.greetings.run_once("cli")
        ask(house)
        assert triggers(house) == ["cli"]
        house.at("2027-05-18", 9, 1)
        ask(house)
        ask(house)
        assert triggers(house) == ["cli", "scheduler"]
        house.at("2027-05-19", 9, 1)
        ask(house)
        assert triggers(house) == ["cli", "scheduler", "scheduler"]

    def test_a_missed_one_is_made_at_the_start(self, small: House) -> None:
        small.at("2027-05-18", 15, 0)
        small.born("05-20")
        assert next_due(small.greetings.parts) == small.clock.now()
        ask(small)
        assert triggers(small) == ["startup"]
        assert next_due(small.greetings.parts) is None

    def test_nothing_to_do_without_clients(self, small: House) -> None:
        small.at("2027-05-18", 15, 0)
        assert due_since(small.greetings.parts) is None
        ask(small)
        assert triggers(small) == []

    def test_an_ordered_run(self, small: House) -> None:
        small.at("2027-05-20", 11)
        small.born("05-20")
        ask(small, triggered_by="web-ui", deliver=True)
        assert triggers(small) == ["web-ui"]
        assert len(small.letters()) == 1

    def test_while_another_works(self, small: House) -> None:
        small.at("2027-05-18", 11)
        small.born("05-20")

        def step(name: str) -> None:
            if name == "detect":
                ask(small)

        AgentRun(small.greetings.parts, "cli", step=step).run()
        assert triggers(small) == ["cli"]


class TestCards:
    def test_a_letter_carries_its_card(self, house: House) -> None:
        drawing = house.with_settings(image_mode="pillow")
        house.at("2027-05-20", 11)
        client = house.born("05-20", "Анна Сергеевна Орлова", gender="f")
        drawing.run(deliver=True)
        draft = house.draft(client)
        card = drawing.greetings.card(draft["id"])
        assert card is not None
        assert card[:3] == b"\xff\xd8\xff"
        assert (
            draft["image_path"] == f"cards/{draft['card_file_id'][:2]}/{draft['card_file_id']}.jpg"
        )
        mail = message_from_bytes(house.letters()[0].read_bytes())
        pictures = [part for part in mail.walk() if part.get_content_type() == "image/jpeg"]
        assert [part.get_payload(decode=True) for part in pictures] == [card]
        assert draft["card_theme"] == "floral"
        other = drawing.greetings.draw(draft["id"], "official")
        assert other not in (None, card)

    def test_who_wants_no_card_gets_none(self, small: House) -> None:
        drawing = small.with_settings(image_mode="pillow")
        small.at("2027-05-18")
        client = small.born("05-20", preferences={"card": False})
        drawing.run()
        assert small.draft(client)["card_file_id"] is None
        assert small.rows(files, files.c.media_type == "image/jpeg") == []


BODY = (
    "Примите самые добрые пожелания в этот праздник. Пусть работа приносит радость, а рядом всегда "
    "будут надёжные люди, на которых можно опереться в любую минуту.\n\n"
    "Желаем сил и терпения, хорошего настроения и верных решений, чтобы задуманное становилось "
    "делом, а дело приносило плоды и уверенность в своих силах.\n\n"
    "Спасибо за доверие и за совместную работу. Для нас это очень ценно, и каждый новый разговор с "
    "Вами помогает видеть главное и двигаться дальше вместе."
)
WISH = "Желаем радости, сил и верных друзей рядом каждый новый день."


class PlayedModel:
    """Answers what it is told to; a stand-in for a server, at the seam where one would be asked."""

    provider, name, base_url = "openai", "played-1", "http://127.0.0.1:9"

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[ChatRequest] = []

    def complete(self, request: ChatRequest) -> Completion:
        self.asked.append(request)
        text = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Completion(text, "stop", Usage(100, 200), self.name)


def answer(**given: str) -> str:
    import json

    draft = {"tone": "warm", "subject": "С днём рождения!", "body": BODY, "wish": WISH, **given}
    return json.dumps(draft, ensure_ascii=False)


@pytest.fixture
def played(house: House, monkeypatch: pytest.MonkeyPatch) -> tuple[House, PlayedModel]:
    model = PlayedModel(answer())
    from povod.writing.llm import build

    monkeypatch.setattr(build, "greeting_model", lambda settings, clock: model)
    asking = house.with_settings(
        llm_mode="openai", openai_base_url="http://127.0.0.1:9", approval_rules="vip,llm,warning"
    )
    return asking, model


class TestModels:
    def test_a_model_text_waits_for_a_person(self, played: tuple[House, PlayedModel]) -> None:
        house, _ = played
        house.at("2027-05-18")
        client = house.born("05-20")
        done = house.run()
        draft = house.draft(client)
        assert (draft["text_source"], draft["status"]) == ("llm", "needs_approval")
        assert draft["approval_reasons"] == ["llm"]
        assert (draft["provider"], draft["model"]) == ("openai", "played-1")
        assert (draft["tokens_in"], draft["tokens_out"]) == (100, 200)
        assert draft["metadata"]["llm"]["attempts"] == 1
        assert "llm_request" in draft["metadata"]
        assert house.greetings.run(done["run_id"])["report"]["texts"]["model_greetings"] == 1
        house.greetings.approve(draft["id"], APPROVER)
        house.at("2027-05-20", 12)
        assert house.send() == {"sent": 1}

    def test_nothing_personal_is_told(self, played: tuple[House, PlayedModel]) -> None:
        house, model = played
        house.at("2027-05-18")
        house.born("05-20", "Фёкла Мефодьевна Канарейкина", email="feklacanary@klient.ru")
        house.run()
        told = " ".join(f"{request.system} {request.user}" for request in model.asked)
        for word in ("Фёкла", "Мефодьевна", "Канарейкина", "feklacanary", "05-20"):
            assert word not in told

    def test_what_stays_wrong_becomes_a_template(self, played: tuple[House, PlayedModel]) -> None:
        house, model = played
        model.answers = ["this is no JSON"]
        house.at("2027-05-18")
        client = house.born("05-20")
        house.run()
        draft = house.draft(client)
        assert (draft["text_source"], draft["fallback_reason"]) == ("template", "bad_json")
        assert len(model.asked) == 2
        assert draft["metadata"]["llm"]["attempts"] == 2

    def test_g164_a_paid_text_is_stored_at_once(
        self, played: tuple[House, PlayedModel], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        house, model = played
        house.at("2027-05-18")
        for number in range(3):
            house.born("05-20", email=f"k{number}@klient.ru")
        original, count = texts.Writer.write, []

        def write(self: texts.Writer, order: Any, **given: Any) -> Any:
            count.append(order)
            if len(count) == 3:
                raise KeyboardInterrupt
            return original(self, order, **given)

        monkeypatch.setattr(texts.Writer, "write", write)
        one_by_one = house.with_settings(llm_concurrency=1)
        with pytest.raises(KeyboardInterrupt):
            one_by_one.run()
        paid = {row["id"]: row["body"] for row in house.drafts()}
        asked = len(model.asked)
        assert len(paid) == 2
        monkeypatch.setattr(texts.Writer, "write", original)
        house.end_leases()
        house.run()
        assert len(house.drafts()) == 3
        assert paid.items() <= {row["id"]: row["body"] for row in house.drafts()}.items()
        assert len(model.asked) == asked + 1

    def test_g186_a_missing_key_is_said_once(self, small: House) -> None:
        keyless = small.with_settings(llm_mode="openai")
        small.at("2027-05-18")
        client = small.born("05-20")
        done = keyless.run()
        assert done["status"] == "success"
        assert small.draft(client)["fallback_reason"] == "no_key"
        assert "OPENAI_API_KEY" in small.greetings.run(done["run_id"])["notes"]
