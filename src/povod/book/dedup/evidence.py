"""What speaks for two records being one firm, and what forbids an automatic merge (L62, L63)."""

from dataclasses import dataclass

from rapidfuzz import fuzz

from povod.book.dedup.census import Census
from povod.book.dedup.profile import Profile

SAME_NAME = 93
"""Likeness that counts as the same name within a city."""

TELLING_NAME = 78
"""Least likeness of two names that share a telling first word, or where one holds the other."""

CROWD_NAME = 90
"""Likeness from which even a shared call-centre phone or directory page counts."""

ADDRESS_NAME = 85
"""Likeness that is enough when town, street and house agree as well; from 70 it is worth a look."""

CONTACT_NAME = 70
"""Likeness that is enough with the same phone or the same e-mail address."""

MAIL_NAME = 45
"""Likeness below which a shared mail domain needs a person's look."""

_STRENGTH = {
    "inn": 7, "domain": 6, "mail_domain": 5, "email": 4, "phone": 3, "address": 2, "name_city": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why two records are candidates. `guard` is empty when they may be joined by machine."""

    score: float
    reasons: tuple[str, ...]
    guard: str = ""

    @property
    def strength(self) -> tuple[int, float]:
        """How strong it is: the best reason first, then the likeness of the names."""
        return max(_STRENGTH[reason] for reason in self.reasons), self.score

    @property
    def is_weak(self) -> bool:
        """Whether only name, city and address speak for the pair."""
        return set(self.reasons) <= {"name_city", "address"}


@dataclass(frozen=True, slots=True)
class Ties:
    """What two records have in common besides their names."""

    inn: bool
    domains: frozenset[str]
    mail_domains: frozenset[str]
    mails: frozenset[str]
    phones: frozenset[str]
    city: bool


def compare(a: Profile, b: Profile, census: Census) -> Evidence | None:
    """The evidence that ties a pair, or None when it is no candidate at all."""
    if a.inn and b.inn and a.inn != b.inn:
        return None
    tied = _share_contact(a, b)
    if not tied and not (a.city and a.city == b.city):
        return None
    score = name_score(a, b, census, at_least=0 if tied else CONTACT_NAME)
    if not tied and score < CONTACT_NAME:
        return None
    ties = _ties(a, b)
    reasons = _reasons(a, b, score, ties, census)
    if not reasons:
        return None
    return Evidence(score, reasons, _guard(a, b, score, reasons, ties, census))


def name_score(a: Profile, b: Profile, census: Census, at_least: float = 0) -> float:
    """Likeness of two names, 0 to 100; below `at_least` it may come out as 0."""
    if not a.joined or not b.joined:
        return 0.0
    score = fuzz.ratio(a.joined, b.joined, score_cutoff=at_least)
    if score < TELLING_NAME and _share_telling_words(a.words, b.words, census):
        return float(TELLING_NAME)
    return score


def differ(a: str | frozenset[str], b: str | frozenset[str]) -> bool:
    """Whether both values are known and have nothing in common."""
    if isinstance(a, frozenset) and isinstance(b, frozenset):
        return bool(a and b) and not a & b
    return bool(a and b) and a != b


def other_address(a: Profile, b: Profile) -> bool:
    """Whether both streets are known and are clearly two."""
    return bool(a.street and b.street) and not same_address(a, b, likeness=70)


def same_address(a: Profile, b: Profile, likeness: float = 85) -> bool:
    """Whether street and house agree; one of the two may also name an office."""
    if not (a.houses and b.houses) or not (a.houses <= b.houses or b.houses <= a.houses):
        return False
    return fuzz.token_set_ratio(a.street, b.street) >= likeness


def _share_contact(a: Profile, b: Profile) -> bool:
    """A quick look whether anything but the city is shared: most pairs end here."""
    return (
        bool(a.inn and b.inn)
        or not a.domains.isdisjoint(b.domains)
        or not a.phones.isdisjoint(b.phones)
        or not a.mails.isdisjoint(b.mails)
        or not a.mail_domains.isdisjoint(b.mail_domains)
        or not a.mail_domains.isdisjoint(b.domains)
        or not a.domains.isdisjoint(b.mail_domains)
    )


def _ties(a: Profile, b: Profile) -> Ties:
    return Ties(
        inn=bool(a.inn) and a.inn == b.inn,
        domains=a.domains & b.domains,
        mail_domains=(a.mail_domains & (b.mail_domains | b.domains)) | (b.mail_domains & a.domains),
        mails=a.mails & b.mails,
        phones=a.phones & b.phones,
        city=bool(a.city) and a.city == b.city,
    )


def _share_telling_words(a: tuple[str, ...], b: tuple[str, ...], census: Census) -> bool:
    if a[0] == b[0] and census.is_telling_word(a[0]):
        return True
    one, two = set(a), set(b)
    if not (one <= two or two <= one):
        return False
    return any(len(word) > 3 and census.is_telling_word(word) for word in one & two)


def _reasons(a: Profile, b: Profile, score: float, ties: Ties, census: Census) -> tuple[str, ...]:
    """The candidate rules that hold: those of L62, an equal address, an equal e-mail address."""
    phone = bool(ties.phones)
    rules = {
        "inn": ties.inn,
        "domain": bool(ties.domains) and (score >= 60 or phone or (score >= 45 and ties.city)),
        "mail_domain": bool(ties.mail_domains),
        "email": bool(ties.mails),
        "phone": phone and (score >= CONTACT_NAME or (score >= 55 and ties.city)),
        "address": score >= CONTACT_NAME and ties.city and same_address(a, b),
        "name_city": ties.city
        and score >= SAME_NAME
        and not differ(a.phones, b.phones)
        and not census.is_everywhere(a.joined),
    }
    return tuple(name for name, holds in rules.items() if holds)


def _guard(
    a: Profile, b: Profile, score: float, reasons: tuple[str, ...], ties: Ties, census: Census
) -> str:
    """The first guard that forbids an automatic merge, by name; empty when none does (L63)."""
    if differ(a.domains, b.domains):
        return "different_domains"
    if ties.inn:
        return ""
    if _is_crowd(ties, census) and not (score >= CROWD_NAME and ties.city):
        return "crowded"
    if not {"domain", "phone", "address", "name_city"} & set(reasons):
        enough = MAIL_NAME if "mail_domain" in reasons else CONTACT_NAME
        return "" if score >= enough else "unlike_names"
    if {"domain", "mail_domain", "email", "phone"} & set(reasons):
        return ""
    return _name_guard(a, b, score, reasons, census)


def _name_guard(
    a: Profile, b: Profile, score: float, reasons: tuple[str, ...], census: Census
) -> str:
    """Guards of pairs that only name, city and address tie together."""
    if differ(a.phones, b.phones):
        return "phone_conflict"
    if differ(a.mail_domains | a.domains, b.mail_domains | b.domains):
        return "different_mail"
    if "address" in reasons:
        return "" if score >= ADDRESS_NAME else "unlike_names"
    if not (census.is_rare(a.joined) and census.is_rare(b.joined)):
        return "common_name"
    return "different_address" if other_address(a, b) else ""


def _is_crowd(ties: Ties, census: Census) -> bool:
    """Whether every contact that the pair shares belongs to a crowd."""
    crowded = [census.is_crowded_phone(phone) for phone in ties.phones]
    shared = ties.domains | ties.mail_domains | ties.mails
    crowded += [census.is_crowded_domain(domain) for domain in shared]
    return bool(crowded) and all(crowded)
