"""Answers of models, kept by what was asked: the same question is never paid for twice (L97)."""

import hashlib
from dataclasses import asdict
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from povod.store.tables import model_answers
from povod.store.upsert import insert_new
from povod.writing.briefs import EmailTemplate
from povod.writing.llm import ModelAnswer
from povod.writing.llm.letters import letter_from


def answer_key(*parts: object) -> str:
    """SHA-256 over prompt version, offer version, model and both texts."""
    return hashlib.sha256("\x00".join(str(part) for part in parts).encode()).hexdigest()


def known_answer(conn: Connection, key: str) -> EmailTemplate | None:
    """The letter that this question already gave."""
    found = conn.execute(
        sa.select(model_answers.c.answer).where(model_answers.c.id == key)
    ).scalar()
    return None if found is None else letter_from(found)


def keep_answer(conn: Connection, key: str, answer: ModelAnswer, cost: Decimal) -> None:
    """Store an answer with what it cost."""
    row = {
        "id": key,
        "model": answer.model,
        "answer": asdict(answer.letter),
        "tokens_in": answer.usage.tokens_in,
        "tokens_out": answer.usage.tokens_out,
        "cost": cost,
    }
    insert_new(conn, model_answers, [row], ["id"])


def cost_of_answers(conn: Connection) -> Decimal:
    """What all model calls cost so far."""
    costs = conn.execute(sa.select(model_answers.c.cost)).scalars()
    return sum((cost for cost in costs if cost is not None), Decimal(0))
