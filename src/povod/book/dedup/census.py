"""How often things occur: what is common is no evidence (L63)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from povod.book.dedup.profile import Profile

CROWD = 6
"""A phone, site or mail domain of more different names than this is not one firm's (L63 c)."""

RARE_NAME = 8
"""A name that more rows than this carry is no evidence alone (L63 b, `DEDUP_NAME_RARITY`)."""


EVERYWHERE = 5
"""So many times the rare name's rows, and name and city together say nothing any more."""


@dataclass
class Census:
    """Counts over the whole base: rows per name, different names per contact and per word."""

    rows_of_name: Mapping[str, int] = field(default_factory=dict)
    names_of_phone: Mapping[str, int] = field(default_factory=dict)
    names_of_domain: Mapping[str, int] = field(default_factory=dict)
    names_of_word: Mapping[str, int] = field(default_factory=dict)
    rare_name: int = RARE_NAME

    def is_rare(self, name: str) -> bool:
        """Whether few enough rows carry the name."""
        return self.rows_of_name.get(name, 0) <= self.rare_name

    def is_everywhere(self, name: str) -> bool:
        """Whether so many carry the name that a pair is not even worth a person's look."""
        return self.rows_of_name.get(name, 0) > EVERYWHERE * self.rare_name

    def is_crowded_phone(self, phone: str) -> bool:
        """Whether too many different names share the phone (a call centre, an office block)."""
        return self.names_of_phone.get(phone, 0) > CROWD

    def is_crowded_domain(self, domain: str) -> bool:
        """Whether too many different names share the domain (a directory, a studio)."""
        return self.names_of_domain.get(domain, 0) > CROWD

    def is_telling_word(self, word: str) -> bool:
        """Whether few names hold the word: «Ромашка» tells more than «Стоматология»."""
        return self.names_of_word.get(word, 0) <= self.rare_name


def take_census(profiles: Iterable[Profile], rare_name: int = RARE_NAME) -> Census:
    """Count over all profiles."""
    rows: Counter[str] = Counter()
    phones: defaultdict[str, set[str]] = defaultdict(set)
    domains: defaultdict[str, set[str]] = defaultdict(set)
    words: defaultdict[str, set[str]] = defaultdict(set)
    for profile in profiles:
        rows[profile.joined] += 1
        for phone in profile.phones:
            phones[phone].add(profile.joined)
        for domain in profile.domains | profile.mail_domains | profile.mails:
            domains[domain].add(profile.joined)
        for word in profile.words:
            words[word].add(profile.joined)
    return Census(rows, _sizes(phones), _sizes(domains), _sizes(words), rare_name)


def _sizes(groups: Mapping[str, set[str]]) -> dict[str, int]:
    return {name: len(members) for name, members in groups.items()}
