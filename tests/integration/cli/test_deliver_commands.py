"""`povod deliver` and `povod why`: the outbox, doubts, and why a message exists."""

import pytest

from povod.delivery.drafts import Draft
from povod.kit.ids import new_id
from povod.store.tables import companies, company_pages, contacts, deliveries, outreach_messages

DOMAIN = "firma.ru"
TO = f"anna@{DOMAIN}"

NOBODY = "01900000-0000-7000-8000-000000000000"


@pytest.fixture
def company(house):
    """Ids of a company, of its page, and of the contact that was read there."""
    now, url = house.clock.now(), f"https://{DOMAIN}/contacts"
    seen = {"first_seen_at": now, "last_seen_at": now}
    firm, page, contact = new_id(), new_id(), new_id()
    with house.db.tx() as conn:
        name = {"name": "Фирма", "name_key": "фирма", "canonical_domain": DOMAIN}
        conn.execute(companies.insert().values(id=firm, **name, **seen))
        read = {"url": url, "fetched_at": now, "content_sha256": "ab" * 32}
        conn.execute(company_pages.insert().values(id=page, company_id=firm, **read))
        where = {"company_id": firm, "company_page_id": page, "source_url": url}
        what = {"contact_type": "email", "value": TO, "value_key": TO}
        conn.execute(contacts.insert().values(id=contact, **where, **what, **seen))
    return firm, page, contact


@pytest.fixture
def waiting(house, company):
    """A letter that waits for approval."""
    firm, page, contact = company
    draft = Draft(
        kind="letter",
        to_value=TO,
        subject="Вопрос по сайту",
        body="Здравствуйте!\n\nПишу по делу.",
        company_id=firm,
        contact_id=contact,
        dedupe_key=f"letter:{firm}",
        evidence={"page_id": page, "contact_id": contact},
    )
    with house.db.tx() as conn:
        message_id = house.delivery.put(conn, draft)["id"]
        assert house.delivery.submit(conn, message_id)["status"] == "needs_approval"
    return str(message_id)


@pytest.fixture
def doubtful(house, waiting):
    """The same letter after a handoff of which nobody knows the end."""
    now = house.clock.now()
    with house.db.tx() as conn:
        conn.execute(outreach_messages.update().values(status="uncertain"))
        attempt = {"outreach_message_id": waiting, "state": "uncertain", "claimed_at": now}
        names = {"provider": "smtp", "attempt_no": 1, "idempotency_key": "key"}
        conn.execute(deliveries.insert().values(**attempt, **names))
    return waiting


def status(povod):
    [item] = povod("deliver", "outbox", "--json").json["items"]
    return item["status"]


def test_an_empty_outbox(povod):
    assert povod("deliver", "outbox").out == "empty\n"
    assert povod("deliver", "outbox", "--json").json == {"counts": {}, "total": 0, "items": []}


def test_the_outbox_masks_addresses_unless_asked(povod, waiting):
    done = povod("deliver", "outbox")
    assert "needs_approval 1" in done.out
    assert waiting in done.out
    assert "an***@firma.ru" in done.out
    assert TO not in done.out
    assert TO in povod("deliver", "outbox", "--full").out


def test_the_outbox_of_one_state(povod, waiting):
    assert (
        len(povod("deliver", "outbox", "--status", "needs_approval", "--json").json["items"]) == 1
    )
    answer = povod("deliver", "outbox", "--state", "sent", "--json").json
    assert (answer["items"], answer["counts"]) == ([], {"needs_approval": 1})


def test_a_state_that_does_not_exist_is_wrong_use(povod):
    done = povod("deliver", "outbox", "--status", "nonsense")
    assert done.code == 2
    assert "needs_approval" in done.err, "it names the states there are"


@pytest.mark.parametrize("limit", ["0", "-1"])
def test_a_limit_is_at_least_one(povod, waiting, limit):
    assert povod("deliver", "outbox", "--limit", limit).code in (0, 2)


def test_approve_one(povod, waiting):
    assert povod("deliver", "approve", waiting, "--note", "read it").out == "approved 1\n"
    assert status(povod) != "needs_approval"
    again = povod("deliver", "approve", waiting)
    assert again.code == 1
    assert again.err.startswith("povod: ")


def test_approve_all(povod, waiting):
    assert povod("deliver", "approve", "all").out == "approved 1\n"
    assert povod("deliver", "approve", "all").out == "approved 0\n"


@pytest.mark.parametrize("name", [NOBODY, "nonsense"])
def test_approve_what_there_is_not(povod, name):
    done = povod("deliver", "approve", name)
    assert done.code == 1
    assert name in done.err


def test_once_plans_what_is_approved_and_sends_nothing_while_sending_is_off(povod, waiting):
    povod("deliver", "approve", "all")
    done = povod("deliver", "once", "--json").json
    assert done["planned"] <= 1
    assert status(povod) in ("approved", "scheduled")
    assert "planned" in povod("deliver", "once").out


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--sent",),
        ("--reason", "x"),
        ("--sent", "--resend", "--reason", "x"),
        ("--sent", "--resend", "--abandon", "--reason", "x"),
    ],
)
def test_resolve_wants_one_order_and_a_reason(povod, doubtful, options):
    done = povod("deliver", "resolve", doubtful, *options)
    assert done.code == 2
    assert "one of --sent, --resend, --abandon, and --reason" in " ".join(done.err.split())
    assert status(povod) == "uncertain"


@pytest.mark.parametrize(
    ("order", "state"), [("--sent", "sent"), ("--resend", "scheduled"), ("--abandon", "failed")]
)
def test_resolve(povod, doubtful, order, state):
    done = povod("deliver", "resolve", doubtful, order, "--reason", "looked into Sent")
    assert (done.code, done.out) == (0, f"{doubtful}: {state}\n")
    assert status(povod) == state


def test_resolve_without_a_message_lists_the_doubts(povod, doubtful):
    done = povod("deliver", "resolve")
    assert done.code == 0
    assert doubtful in done.out


def test_resolve_a_message_that_is_not_in_doubt(povod, waiting):
    done = povod("deliver", "resolve", waiting, "--abandon", "--reason", "x")
    assert done.code == 1
    assert "not uncertain" in done.err


def test_why_tells_the_chain(povod, waiting):
    done = povod("why", waiting)
    assert done.code == 0
    assert "Вопрос по сайту  [needs_approval]" in done.out
    assert f"https://{DOMAIN}/contacts" in done.out
    story = povod("why", waiting, "--json").json
    assert story["message"]["id"] == waiting
    assert {"page", "contact", "text"} <= {step["kind"] for step in story["steps"]}
    assert (story["proved"], story["broken"]) == (1, 0)


def test_why_says_which_links_hold(povod, house, waiting):
    assert "links that a hash proves: 1; changed since: 0" in povod("why", waiting).out
    with house.db.tx() as conn:
        conn.execute(outreach_messages.update().values(body="Совсем другое"))
    done = povod("why", waiting)
    assert "template  [CHANGED: the stored hash does not hold]" in done.out
    assert "changed since: 1" in done.out


@pytest.mark.parametrize("name", [NOBODY, "nonsense", "<unknown@firma.ru>", "unknown@firma.ru"])
def test_why_of_an_unknown_message_gives_a_hint(povod, name):
    done = povod("why", name)
    assert done.code == 1
    assert "povod deliver outbox" in done.err


def test_a_person_takes_the_ground_back(povod, waiting):
    [ground] = povod("deliver", "consent", "list", TO, "--json").json
    assert (ground["basis"], ground["withdrawn_at"]) == ("public_corporate_address", None)
    assert ground["id"] in povod("deliver", "consent", "list", TO).out
    assert povod("deliver", "consent", "withdraw", TO).code == 2, "a reason is needed"
    done = povod("deliver", "consent", "withdraw", TO, "--reason", "звонили", "--json").json
    assert done["withdrawn"] == 1
    assert [(row["id"], row["status"]) for row in done["messages"]] == [(waiting, "cancelled")]
    assert status(povod) == "cancelled"
    again = povod("deliver", "consent", "withdraw", TO, "--reason", "ещё раз")
    assert again.out == "withdrawn 0\n"


def test_an_emergency_stop_and_its_end(povod, house, waiting, tmp_path):
    at_work = {"EMAIL_SENDING_ENABLED": "true", "SEND_DELAY_MIN_SECONDS": "0"}
    at_work |= {"SEND_DELAY_MAX_SECONDS": "0", "SEND_WINDOW_START": "00:00"}
    at_work |= {"SEND_WINDOW_END": "23:59", "SENDER_LEGAL_NAME": "ООО Повод"}
    povod("deliver", "approve", waiting)
    assert povod("deliver", "pause").code == 2, "a reason is needed"
    assert povod("deliver", "pause", "--reason", "цена неверна").out == (
        "sending is stopped: цена неверна\n"
    )
    again = povod("deliver", "pause", "--reason", "другая")
    assert again.out == "it was stopped before; `povod doctor` says why\n"
    povod("deliver", "once", **at_work)
    assert status(povod) == "scheduled"
    [told] = [row for row in povod("doctor", "--json").json if "цена неверна" in row["seen"]]
    assert (told["level"], told["remedy"]) == ("warn", "`povod deliver resume` when it is mended")
    assert povod("deliver", "resume").out == "sending goes on\n"
    assert povod("deliver", "resume").out == "sending was not stopped\n"
    povod("deliver", "once", **at_work)
    assert status(povod) == "sent", povod("deliver", "outbox").out


def test_one_mailbox_is_named(povod):
    done = povod("deliver", "pause", "--mailbox", "file", "--reason", "x")
    assert done.out == "sending through file is stopped: x\n"


def test_a_mailbox_that_there_is_not_cannot_be_stopped(povod):
    done = povod("deliver", "pause", "--mailbox", "nobody", "--reason", "x")
    assert done.code == 1
    assert "there are file" in done.err
