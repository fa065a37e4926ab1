"""What delivery would say about writing to clients, for many of them at once (G22-G24).

The same registry, consents and policy as the gates ask; they ask again before each handoff.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.delivery import policy
from povod.delivery.addresses import address_class, domain_of
from povod.delivery.suppression import hashes_of
from povod.greetings.model import Client, Standing
from povod.greetings.parts import Parts
from povod.store.bulk import among
from povod.store.tables import consents, opt_out_registry

GREETING, RELIGIOUS = "greeting", "religious_greeting"
EMAIL = "email"


def channel_for(client: Client, available: Iterable[str]) -> str:
    """The preferred channel where there is one, else e-mail (D59)."""
    wanted = client.preferred_channel
    return wanted if wanted != EMAIL and wanted in available and client.phone else EMAIL


class Standings:
    """Loads standings of batches of clients within one read."""

    def __init__(self, parts: Parts, conn: Connection) -> None:
        self._parts = parts
        self._conn = conn
        self._now = parts.clock.now()
        self._rules = policy.stored_rules(conn)

    def of(self, people: Sequence[Client]) -> dict[str, Standing]:
        """Client id → standing."""
        faces = {client.id: self._face(client) for client in people}
        refused = self._refused(faces.values())
        grounds = self._grounds([str(face["recipient_hash"]) for face in faces.values()])
        return {
            client.id: self._standing(client, faces[client.id], refused, grounds)
            for client in people
        }

    def _face(self, client: Client) -> dict[str, Any]:
        """The client as the recipient of a message that does not exist yet."""
        channel = channel_for(client, self._parts.delivery.channels)
        to = client.email if channel == EMAIL else client.phone
        keys = self._parts.delivery.office.keys
        face: dict[str, Any] = {
            "channel": channel,
            "recipient_hash": keys.value_hash(channel, to) if to else "",
            "recipient_domain": domain_of(to) if channel == EMAIL else "",
            "company_id": None,
            "client_id": client.id,
        }
        face["hashes"] = hashes_of(keys, face)
        return face

    def _refused(self, faces: Iterable[Mapping[str, Any]]) -> frozenset[tuple[str, str]]:
        """Pairs of hash and channel with a refusal in force; `*` is every channel."""
        wanted = sorted({value for face in faces for value in face["hashes"] if value})
        table = opt_out_registry.c
        query = sa.select(table.value_hash, table.channel).where(
            among(self._conn, table.value_hash, wanted),
            table.lifted_at.is_(None),
            table.scope.in_(["all", GREETING]),
            sa.or_(table.expires_at.is_(None), table.expires_at > self._now),
        )
        return frozenset((row.value_hash, row.channel) for row in self._conn.execute(query))

    def _grounds(self, hashes: Sequence[str]) -> Mapping[str, list[Any]]:
        wanted = sorted({value for value in hashes if value})
        query = (
            sa.select(consents)
            .where(
                among(self._conn, consents.c.value_hash, wanted),
                consents.c.purpose.in_([GREETING, RELIGIOUS]),
            )
            .order_by(consents.c.obtained_at.desc(), consents.c.id.desc())
        )
        found: dict[str, list[Any]] = defaultdict(list)
        for row in self._conn.execute(query):
            found[row.value_hash].append(row)
        return found

    def _standing(
        self,
        client: Client,
        face: Mapping[str, Any],
        refused: frozenset[tuple[str, str]],
        grounds: Mapping[str, list[Any]],
    ) -> Standing:
        rows = [r for r in grounds.get(face["recipient_hash"], ()) if r.channel == face["channel"]]
        kind = address_class(client.email) if face["channel"] == EMAIL else "personal"
        return Standing(
            suppressed=self._is_refused(face, refused) or self._never(kind),
            channel=face["channel"],
            verdict=self._verdict(client, face, rows, kind),
            religious=any(
                r.purpose == RELIGIOUS and is_valid(r, self._now) and r.evidence_text for r in rows
            ),
        )

    @staticmethod
    def _is_refused(face: Mapping[str, Any], refused: frozenset[tuple[str, str]]) -> bool:
        channels = ("*", face["channel"])
        return any((value, channel) in refused for value in face["hashes"] for channel in channels)

    def _never(self, kind: str) -> bool:
        return kind == "never" or (kind == "role" and self._parts.settings.role_accounts == "deny")

    def _verdict(
        self, client: Client, face: Mapping[str, Any], rows: Sequence[Any], kind: str
    ) -> str:
        """The policy's verdict. Without any row the outbox stores that this is a client (D38)."""
        mine = [row for row in rows if row.purpose == GREETING]
        ground = next((row for row in mine if is_valid(row, self._now)), None)
        basis = ground.basis if ground else ("none" if mine else "existing_client")
        settings = self._parts.settings
        jurisdiction = policy.jurisdiction_of(
            ground.jurisdiction if ground else "",
            client.country,
            face["recipient_domain"],
            settings.default_jurisdiction,
        )
        case = policy.Case(jurisdiction, GREETING, basis, kind, face["channel"])
        return policy.decide(case, settings.policy_preset, self._rules)[0]


def is_valid(row: Any, now: datetime) -> bool:
    """True while a consent is in force."""
    return row.withdrawn_at is None and (row.expires_at is None or row.expires_at > now)
