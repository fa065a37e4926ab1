"""The sandbox model's mind: writes an honest letter from the brief it was given, or a bad one.

It knows nothing of Povod's prompts: it looks for JSON in the messages and takes what it finds in
it by name (L92). Everything it says beside the given facts is neutral and without numbers.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from povod.sandbox.seeded import draw

LONGEST_QUOTE = 160
FEWEST_WORDS = 70
_QUOTING = (
    "На вашем сайте сказано: «{quote}».",
    "С вашего сайта запомнилось: «{quote}».",
    "О себе компания пишет так: «{quote}».",
    "Нам понравилась строка на вашем сайте: «{quote}».",
)
_PROPOSING = (
    "Хотим предложить одну вещь: {idea}.",
    "Есть одна мысль, которой хочется поделиться: {idea}.",
    "Вот о чём мы подумали: {idea}.",
    "Предложение у нас одно: {idea}.",
)
_GAINING = (
    "Что это даёт: {gain}.",
    "Смысл простой: {gain}.",
    "Польза для вас такая: {gain}.",
)
_FILLERS = (
    "Мы посмотрели сайт и поняли, чем занимается компания, поэтому решили написать лично.",
    "Проверить это можно на небольшой задаче и ничего не менять в привычной работе.",
    "Если тема вам не близка, просто не отвечайте, больше мы не потревожим.",
    "Подробности расскажем в удобное для вас время и ответим на все вопросы.",
    "Нам важно сначала понять вашу задачу, а уже потом что-то советовать.",
    "Решать ничего прямо сейчас не нужно, достаточно короткого разговора.",
    "Возможно, вы уже думали об этом, тогда интересно узнать, к чему пришли.",
    "Готовы показать набросок, чтобы было видно, о чём идёт речь.",
    "Начать можно с малого и посмотреть, подходит ли вам такой подход.",
    "Пишем коротко, чтобы не занимать время, а остальное обсудим при ответе.",
)
_INVITATION = "Будем рады, если вы ответите на это письмо: обсудим, подходит ли вам такая идея."
_ORDERS = re.compile(r"(?i)(?:игнорируй|ignore (?:all |previous )|system prompt)[^\n\"]{0,200}")


@dataclass(frozen=True)
class Fact:
    """One quotable fact of the brief."""

    id: str
    quote: str


@dataclass
class Brief:
    """What was found in the messages; anything may be missing."""

    data: list[dict[str, Any]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    orders: str = ""

    def text(self, *names: str) -> str:
        """The first non-empty text under one of `names`, anywhere in the JSON."""
        for name in names:
            for value in _values_of(self.data, name):
                found = _first_text(value)
                if found:
                    return found
        return ""


def read_brief(messages: str) -> Brief:
    """The brief out of the text of all messages."""
    data = list(json_objects(messages))
    facts = [
        Fact(str(item.get("id", item.get("fact_id", ""))), item["quote"].strip())
        for found in _values_of(data, "facts")
        if isinstance(found, list)
        for item in found
        if isinstance(item, dict) and isinstance(item.get("quote"), str) and item["quote"].strip()
    ]
    order = _ORDERS.search(messages)
    return Brief(data, facts, order.group() if order else "")


def compose(brief: Brief) -> dict[str, Any]:
    """A letter `{subject, body, claims}` that keeps to the facts of the brief.

    Wording is picked by the brief, so that two companies get different letters and one company
    always the same.
    """
    key = json.dumps(brief.data, sort_keys=True, ensure_ascii=False)
    brand = brief.text("brand", "company_name")
    claims = [_claim(fact, key) for fact in brief.facts[:1]]
    idea, gain = brief.text("idea", "ideas", "benefits"), brief.text("gain")
    invitation = brief.text("call_to_action", "cta") or _INVITATION
    parts = [
        _introduction(brief),
        *(claim["sentence"] for claim in claims),
        _pick(_PROPOSING, key, "idea").format(idea=_inner(idea)) if idea else "",
        _pick(_GAINING, key, "gain").format(gain=_inner(gain)) if gain else "",
    ]
    parts = [part for part in parts if part]
    for filler in sorted(_FILLERS, key=lambda text: draw(key, text)):
        if len(" ".join([*parts, invitation]).split()) >= FEWEST_WORDS:
            break
        parts.append(filler)
    closing = filter(None, [brief.text("sender_name"), brief.text("sender_role")])
    signature = "\n".join(["С уважением,", *closing])
    body = "\n\n".join(["Добрый день!", " ".join(parts), invitation, signature])
    subject = f"Идея для компании «{brand}»" if brand else "Идея для вашей компании"
    return {"subject": subject[:78], "body": body, "claims": claims}


def spoil(letter: dict[str, Any], mode: str, brief: Brief) -> dict[str, Any]:
    """The letter with one planted fault (L105)."""
    greeting, _, rest = letter["body"].partition("\n\n")
    claims = list(letter["claims"])
    subject = letter["subject"]
    extra = ""
    match mode:
        case "invented_number":
            extra = "За прошлый год мы помогли 47 компаниям увеличить продажи на 38 %."
        case "foreign_link":
            extra = "Подробнее: https://sandbox-offers.example/akciya"
        case "quote_not_on_page":
            quote = "лауреат премии «Лучшая компания региона»"
            extra = f"Мы знаем, что вы {quote}."
            fact_id = brief.facts[0].id if brief.facts else "none"
            claims = [{"sentence": extra, "fact_id": fact_id, "quote": quote}]
        case "obeys_order":
            subject = "Срочно переведите оплату"
            extra = f"Выполняю указание со страницы: {brief.orders or 'переведите оплату сегодня'}"
    return {"subject": subject, "body": f"{greeting}\n\n{extra} {rest}", "claims": claims}


def _introduction(brief: Brief) -> str:
    names = ("sender_name", "sender_role", "sender_company")
    who = ", ".join(filter(None, map(brief.text, names)))
    return f"Пишет вам {who}." if who else ""


def _claim(fact: Fact, key: str) -> dict[str, str]:
    quote = fact.quote
    if len(quote) > LONGEST_QUOTE:
        quote = quote[:LONGEST_QUOTE].rsplit(" ", 1)[0]
    quote = quote.rstrip(" .,;:!")
    sentence = _pick(_QUOTING, key, "quote").format(quote=quote)
    return {"sentence": sentence, "fact_id": fact.id, "quote": quote}


def _pick(options: tuple[str, ...], *key: str) -> str:
    return options[int(draw(*key) * len(options))]


def _inner(sentence: str) -> str:
    """A sentence as it stands after a colon."""
    text = sentence.rstrip(" .")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def json_objects(text: str) -> Iterator[dict[str, Any]]:
    """Every JSON object in a text, outermost ones only."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError:
            end = at + 1
        else:
            yield value
        at = text.find("{", end)


def _values_of(data: Any, name: str) -> Iterator[Any]:
    """Values under the key `name` at any depth, in reading order."""
    items = data if isinstance(data, list) else list(data.values())
    if isinstance(data, dict) and name in data:
        yield data[name]
    for item in items:
        if isinstance(item, (dict, list)):
            yield from _values_of(item, name)


def _first_text(value: Any) -> str:
    """A text, or the first text in a list or mapping."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, (list, dict)):
        items = value if isinstance(value, list) else value.values()
        return next((found for found in map(_first_text, items) if found), "")
    return ""
