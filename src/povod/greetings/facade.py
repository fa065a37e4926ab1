"""`Greetings`: what pages, commands and the composition root use.

Every function opens its own transactions; rows are plain dicts.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery.gates import GateResult
from povod.delivery.states import Actor
from povod.greetings import demo, feedback, views
from povod.greetings.actions import Actions
from povod.greetings.bulk import Bulk
from povod.greetings.calendar import catalogue, desk
from povod.greetings.calendar.rules import occurrence, parse_rule
from povod.greetings.cards import CardMaker
from povod.greetings.compose import Composer
from povod.greetings.handing import html_of, whole_text
from povod.greetings.listener import on_message_moved
from povod.greetings.manual import Manual, ManualResult, Wish, preview_of
from povod.greetings.moved_rules import follow_rule
from povod.greetings.orders import orders_of
from povod.greetings.parts import Parts
from povod.greetings.planning import Planner
from povod.greetings.preview import Previews
from povod.greetings.run import AgentRun
from povod.greetings.selection import Selection
from povod.greetings.site_changes import Report, SiteChanges
from povod.greetings.submit import Submitter
from povod.greetings.templates import catalogue as templates
from povod.greetings.texts import Writer
from povod.greetings.upcoming import occasions_of, with_next_dates
from povod.greetings.views import Page
from povod.greetings.withdraw import withdraw
from povod.kit.errors import NotFoundError
from povod.store.files import get_file
from povod.store.tables import events, greetings

Row = dict[str, Any]


class Greetings:
    """The greetings job of the house."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._actions = Actions(parts)
        self._manual = Manual(parts)
        self._previews = Previews(parts)

    def prepare(self) -> dict[str, int]:
        """Bring the calendar up to date with this release. At start; repeating it is harmless."""
        with self.parts.db.tx() as conn:
            done = catalogue.refresh(conn)
            moved = sum(follow_rule(self.parts, conn, code) for code in done.changed)
        return {"added": done.added, "changed": len(done.changed), "moved": moved}

    @staticmethod
    def on_message_moved(conn: Connection, message: Mapping[str, Any], old: str, new: str) -> None:
        """Delivery's callback for messages of kind `greeting`."""
        on_message_moved(conn, message, old, new)

    # runs

    def run_once(
        self,
        triggered_by: str = "cli",
        *,
        deliver: bool = False,
        step: Callable[[str], None] | None = None,
    ) -> Row:
        """One run from detecting to the report; `RunActiveError` while another is at work."""
        return AgentRun(self.parts, triggered_by, step=step).run(deliver=deliver)

    def detect_dry(self, days: int | None = None) -> list[Row]:
        """Who would be greeted, on what, when, and why not; nothing is written."""
        return [
            {
                "client_id": client.id,
                "client": client.full_name,
                "segment": client.segment,
                "event_key": found.event_key,
                "title": found.title,
                "occasion_date": found.occasion_date,
                "deliver_on": found.deliver_on,
                "match_reason": found.match_reason,
                "reason": found.reason,
                "provisional": found.provisional,
            }
            for client, found in Planner(self.parts).look(self.parts.today(), days)
        ]

    def runs(self, limit: int = 100) -> list[Row]:
        """The last runs, newest first."""
        with self.parts.db.read() as conn:
            return views.run_list(conn, limit)

    def run(self, run_id: str) -> Row:
        """One run with its report."""
        with self.parts.db.read() as conn:
            return views.run_row(conn, run_id)

    # the calendar

    def holidays(
        self, *, kind: str = "", enabled: bool | None = None, query: str = ""
    ) -> list[Row]:
        """Rules with their next day, its day of delivery, and whether that is provisional."""
        with self.parts.db.read() as conn:
            rows = views.holiday_rows(conn, kind=kind, enabled=enabled, query=query)
        return with_next_dates(self.parts, rows)

    def holiday(self, code: str) -> Row:
        """One rule with its next day."""
        with self.parts.db.read() as conn:
            row = dict(desk.get_holiday(conn, code))
        return with_next_dates(self.parts, [row])[0]

    def change_holiday(self, code: str, actor: Actor, *, confirm: bool = False, **new: Any) -> Row:
        """Switch or change a rule; unsent events of a rule that was switched off are withdrawn."""
        with self.parts.db.tx() as conn:
            row = desk.change(conn, code, actor, new, confirm=confirm)
            if new.get("is_business_relevant") is False:
                self._withdraw_rule(conn, code)
            elif {"rule", "shift"} & set(new):
                follow_rule(self.parts, conn, code)
        return dict(row)

    def _withdraw_rule(self, conn: Connection, code: str) -> None:
        live = (events.c.event_key == f"holiday:{code}") & events.c.status.in_(
            ["planned", "composed"]
        )
        for event_id in list(conn.execute(sa.select(events.c.id).where(live)).scalars()):
            if withdraw(self.parts, conn, event_id, "rule_off"):
                gone = events.update().where(events.c.id == event_id)
                conn.execute(gone.values(status="cancelled", reason="rule_off"))

    def add_holiday(self, actor: Actor, **given: Any) -> Row:
        """A rule of one's own: code, title, title_instrumental, kind, rule and more."""
        with self.parts.db.tx() as conn:
            return dict(desk.add(conn, actor, given))

    def delete_holiday(self, code: str, actor: Actor) -> None:
        """Forget a rule of one's own."""
        with self.parts.db.tx() as conn:
            desk.delete(conn, code, actor)

    def test_rule(self, text: str, years: int = 3) -> list[date]:
        """The next days of a rule that nobody saved yet."""
        rule, year = parse_rule(text), self.parts.today().year
        found = (occurrence(rule, year + ahead) for ahead in range(years))
        return [day for day in found if day is not None]

    def check_holidays(self) -> list[dict[str, str]]:
        """What looks wrong in the calendar of the next year."""
        with self.parts.db.read() as conn:
            rows = views.holiday_rows(conn)
        return desk.check(rows, self.parts.today().year + 1)

    def import_holidays(self, rows: Sequence[Mapping[str, str]], actor: Actor) -> Row:
        """Rules of one's own from the lines of a calendar file."""
        with self.parts.db.tx() as conn:
            return desk.import_rows(conn, rows, actor)

    def export_holidays(self) -> list[dict[str, str]]:
        """All rules in the columns of the calendar file."""
        with self.parts.db.read() as conn:
            return catalogue.as_file(views.holiday_rows(conn))

    def upcoming_holidays(self, days: int = 30) -> list[Row]:
        """Rules whose next day is near, soonest first."""
        last = self.parts.today() + timedelta(days=days)
        near = [row for row in self.holidays() if row["next_date"] and row["next_date"] <= last]
        return sorted(near, key=lambda row: (row["next_date"], row["code"]))

    # events

    def events(self, *, limit: int = 50, cursor: str = "", **filters: Any) -> Page:
        """Events by status, event_type, client_id, code, reason, run_id, owner, since, until."""
        with self.parts.db.read() as conn:
            return views.event_list(conn, limit, cursor, **filters)

    def event(self, event_id: str) -> Row:
        """One event."""
        with self.parts.db.read() as conn:
            return views.event_row(conn, event_id)

    def manual(self, actor: Actor, **wish: Any) -> ManualResult:
        """Order a greeting for clients or a segment; what is near is written at once."""
        result = self._manual.order(Wish(**wish), actor)
        self._work_off(result.made)
        return result

    def preview_manual(self, **wish: Any) -> Row:
        """The clients of an order, what each would lose, and one rendered text."""
        order = Wish(**wish)
        people = self._manual.clients_of(order)
        text: Row = {}
        good = next((person for person in people if not person["reason"]), None)
        if good is not None:
            with self.parts.db.read() as conn:
                draft = self._manual.draft_order(order, good["id"], conn)
                writer = Writer(self.parts, templates(conn))
            text = preview_of(writer.write(draft, source="template"))
        return {"clients": people, "text": text}

    def greet_anyway(self, event_id: str, actor: Actor) -> Row:
        """Greet on a superseded or capped occasion."""
        self._manual.greet_anyway(event_id, actor)
        self._work_off([event_id])
        return self.event(event_id)

    def skip_event(self, event_id: str, actor: Actor, reason: str) -> Row:
        """Leave an occasion out."""
        draft = self._manual.skip(event_id, actor, reason)
        if draft is not None:
            self._actions.skip(draft, actor, reason)
        return self.event(event_id)

    def _work_off(self, event_ids: Sequence[str]) -> None:
        """Select, compose and submit what a person just ordered; a run may do it as well."""
        if event_ids:
            Selection(self.parts).apply()
            Composer(self.parts).compose(only=event_ids)
            Submitter(self.parts).submit()

    def occasions(self, client_id: str, months: int = 12) -> list[Row]:
        """The occasions of one client within some months, with reasons why not."""
        return occasions_of(self.parts, client_id, months)

    # greetings

    def greetings(self, *, limit: int = 50, cursor: str = "", **filters: Any) -> Page:
        """Drafts by tab, status, segment, owner, tone, text_source, kind, client_id, dates."""
        with self.parts.db.read() as conn:
            return views.greeting_list(conn, limit, cursor, **filters)

    def tabs(self) -> dict[str, int]:
        """How many drafts stand in each tab."""
        with self.parts.db.read() as conn:
            return views.tab_counts(conn)

    def greeting(self, greeting_id: str) -> Row:
        """One draft with everything a person needs to decide."""
        with self.parts.db.read() as conn:
            row = views.greeting_row(conn, greeting_id)
            order = orders_of(conn, [row["event_id"]])[0]
        rendered = whole_text(row, order, self.parts)
        return {**row, "text": rendered.text, "html": html_of(rendered.text)}

    def gates(self, greeting_id: str) -> list[Row]:
        """What every gate would say to the message now; empty before it is in the outbox."""
        with self.parts.db.read() as conn:
            message_id = self._column(conn, greeting_id, greetings.c.message_id)
            if message_id is None:
                return []
            results: list[GateResult] = self.parts.delivery.check(conn, message_id)
        return [result.as_json() for result in results]

    def card(self, greeting_id: str) -> bytes | None:
        """The JPEG of a greeting's card."""
        with self.parts.db.read() as conn:
            file_id = self._column(conn, greeting_id, greetings.c.card_file_id)
            return get_file(conn, file_id) if file_id else None

    @staticmethod
    def _column(conn: Connection, greeting_id: str, column: Any) -> Any:
        row = conn.execute(sa.select(column).where(greetings.c.id == greeting_id)).first()
        if row is None:
            raise NotFoundError(f"there is no greeting {greeting_id}")
        return row[0]

    def approve(
        self, greeting_id: str, actor: Actor, *, version: int | None = None, note: str = ""
    ) -> Row:
        """Approve exactly this text; it goes to the outbox."""
        self._actions.approve(greeting_id, actor, version=version, note=note)
        return self.greeting(greeting_id)

    def reject(
        self, greeting_id: str, actor: Actor, comment: str, *, version: int | None = None
    ) -> Row:
        """Refuse this text and say why."""
        self._actions.reject(greeting_id, actor, comment, version=version)
        return self.greeting(greeting_id)

    def edit(
        self, greeting_id: str, actor: Actor, *, version: int, approve: bool = False, **new: str
    ) -> Row:
        """Change subject, body, wish, salutation, tone or card_theme."""
        self._actions.edit(greeting_id, actor, version=version, approve=approve, **new)
        return self.greeting(greeting_id)

    def regenerate(
        self,
        greeting_id: str,
        actor: Actor,
        *,
        source: str = "next_variant",
        tone: str = "",
        version: int | None = None,
    ) -> Row:
        """Another text for the same occasion."""
        self._actions.regenerate(greeting_id, actor, source=source, tone=tone, version=version)
        return self.greeting(greeting_id)

    def skip(self, greeting_id: str, actor: Actor, reason: str) -> Row:
        """Leave this client out on this occasion."""
        self._actions.skip(greeting_id, actor, reason)
        return self.greeting(greeting_id)

    def cancel(self, greeting_id: str, actor: Actor, reason: str = "") -> Row:
        """Take the draft back for good."""
        self._actions.cancel(greeting_id, actor, reason)
        return self.greeting(greeting_id)

    def retry(self, greeting_id: str, actor: Actor) -> Row:
        """Send a failed or skipped message once more."""
        self._actions.retry(greeting_id, actor)
        return self.greeting(greeting_id)

    def bulk(
        self,
        action: str,
        actor: Actor,
        *,
        ids: Sequence[str] = (),
        filters: Mapping[str, Any] | None = None,
        expected_count: int | None = None,
        comment: str = "",
    ) -> Row:
        """approve, reject, skip or regenerate many; what is left out is listed with reasons."""
        bulk = Bulk(self.parts, self._actions)
        return bulk.run(action, actor, ids, filters or {}, expected_count, comment)

    def preview(self, client_id: str, **wanted: str) -> Row:
        """A text and card for a client and a rule (`code`), or a birthday; nothing is stored."""
        return self._previews.show(client_id, **wanted)

    def draw(self, greeting_id: str, theme: str) -> bytes | None:
        """The card of a draft in another theme; nothing is stored."""
        with self.parts.db.read() as conn:
            row = views.greeting_row(conn, greeting_id)
            order = orders_of(conn, [row["event_id"]])[0]
        drawn = CardMaker(self.parts).draw(order, row["wish"], row["tone"], theme)
        return drawn.image.data if drawn else None

    # clients

    def client_changed(self, conn: Connection, client_id: str, reason: str) -> int:
        """The client was deleted, erased or refused: all unsent drafts end. In your transaction."""
        live = (events.c.client_id == client_id) & events.c.status.in_(["planned", "composed"])
        ids = list(conn.execute(sa.select(events.c.id).where(live)).scalars())
        ended = [event_id for event_id in ids if withdraw(self.parts, conn, event_id, reason)]
        for event_id in ended:
            gone = events.update().where(events.c.id == event_id)
            conn.execute(gone.values(status="cancelled", reason=reason))
        return len(ended)

    def site_changed(self, report: Report) -> list[str]:
        """A watched site changed: events for the clients whose site it is; ids of new ones."""
        return SiteChanges(self.parts).record(report)

    def letter_about_site(self, event_id: str, actor: Actor) -> str:
        """A letter about such an event, waiting for approval; its id."""
        return SiteChanges(self.parts).write_letter(event_id, actor)

    # answers, demo, dashboard

    def rate(self, greeting_id: str, actor: Actor, **rating: Any) -> Row:
        """Keep a manager's score, NPS and notes."""
        return feedback.rate(self.parts, greeting_id, actor, **rating)

    def feedback_of(self, greeting_id: str) -> list[Row]:
        """What came back to a greeting."""
        with self.parts.db.read() as conn:
            return views.feedback_rows(conn, greeting_id)

    def seed_demo(self, actor: Actor) -> dict[str, int]:
        """Add the demo's clients."""
        return demo.seed(self.parts, actor)

    def clear_demo(self, actor: Actor) -> dict[str, int]:
        """Remove the demo's clients and all that is theirs."""
        return demo.clear(self.parts, actor)

    def reset(self, actor: Actor, *, everyone: bool = False, word: str = "") -> dict[str, int]:
        """Forget unsent drafts; what was sent stays."""
        return demo.reset(self.parts, actor, everyone=everyone, word=word)

    def dashboard(self) -> Row:
        """The counters of the first page."""
        with self.parts.db.read() as conn:
            return views.dashboard(conn, self.parts.today(), self.parts.clock.now())
