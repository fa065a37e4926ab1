"""From a template or a finished text to the greeting as it is sent (G56, G57, G60)."""

import re
from dataclasses import dataclass

from povod.writing.greetings.catalogue import GreetingTemplate
from povod.writing.greetings.facts import FIELDS, GreetingFacts
from povod.writing.greetings.text import GreetingText
from povod.writing.templates import TemplateError, check_template, render
from povod.writing.typography import typeset

SUBJECT_MAX = 80
_PLACEHOLDER = re.compile(r"\{\{(NAME|COMPANY)\}\}")
_PLAIN_SUBJECTS = {
    "ru": {"one": "Примите наши поздравления", "group": "Поздравляем вашу команду"},
    "en": {"one": "Our warmest congratulations", "group": "Our warmest congratulations"},
}


@dataclass(frozen=True)
class Rendered:
    """A finished greeting; `text` is salutation, body and signature in their order."""

    subject: str
    body: str
    wish: str
    salutation: str
    text: str


def parse_greeting_template(
    subject: str, body: str, wish: str, needs: tuple[str, ...] = ()
) -> None:
    """Refuse a template on saving: `TemplateError` names part, line and reason (G60)."""
    for part, text in (("subject", subject), ("body", body), ("wish", wish)):
        try:
            check_template(text, FIELDS)
        except TemplateError as error:
            raise TemplateError(f"{part}, {error}") from None
    for name in needs:
        if name not in FIELDS:
            raise TemplateError(f"needs: unknown field {name!r}; there are: {', '.join(FIELDS)}")


def render_greeting(template: GreetingTemplate, facts: GreetingFacts) -> Rendered:
    """The variant with its fields filled; values are text and are never compiled."""
    parse_greeting_template(template.subject, template.body, template.wish, template.needs)
    whole = template.subject + template.body + template.wish
    values = facts.fields(declined="name_" in whole)
    body, wish = render(template.body, values), render(template.wish, values)
    return assemble(_subject(template.subject, facts, values), body, wish, facts)


def _subject(template: str, facts: GreetingFacts, values: dict[str, str]) -> str:
    """The subject; for a title too long for it the short form, else a plain one."""
    short = {**values, "occasion_with": facts.occasion_phrase(short=True)}
    for candidate in (values, short):
        subject = " ".join(render(template, candidate).split())
        if len(subject) <= SUBJECT_MAX:
            return subject
    return _PLAIN_SUBJECTS[facts.language]["group" if facts.is_group else "one"]


def assemble(subject: str, body: str, wish: str, facts: GreetingFacts) -> Rendered:
    """Salutation and signature around a filled text, with typography; both stand once."""
    language = facts.language
    line = facts.salutation_line
    greeting = line if facts.salutation.strip() else typeset(line, language)
    parts = [greeting, typeset(body, language), typeset(signature(facts), language)]
    return Rendered(
        subject=typeset(" ".join(subject.split()), language),
        body=parts[1],
        wish=typeset(" ".join(wish.split()), language),
        salutation=greeting,
        text="\n\n".join(part for part in parts if part),
    )


def signature(facts: GreetingFacts) -> str:
    """Name, position and company of the sender, what there is of them, a line each."""
    lines = (facts.sender_name, facts.sender_position, facts.sender_company)
    closing = "Best wishes," if facts.language == "en" else "С уважением,"
    known = [line.strip() for line in lines if line.strip()]
    return "\n".join([closing, *known]) if known else ""


def short_form(rendered: Rendered, facts: GreetingFacts) -> str:
    """The message for SMS and messengers: salutation, wish, the sender's company."""
    parts = (rendered.salutation, rendered.wish, facts.sender_company.strip())
    return " ".join(part for part in parts if part)


def fill_placeholders(text: GreetingText, facts: GreetingFacts) -> GreetingText:
    """Put name and company where a model left `{{NAME}}` and `{{COMPANY}}` (G71)."""
    values = facts.fields()
    names = {"NAME": values["name"], "COMPANY": values["company"]}
    return GreetingText(*(_PLACEHOLDER.sub(lambda mark: names[mark[1]], part) for part in text))
