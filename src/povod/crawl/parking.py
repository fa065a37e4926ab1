"""Pages that stand where a company's site was: domains for sale, unpaid or switched off (L79)."""

import re

LONGEST = 3000
"""A page with more visible text than this is somebody's site, whatever words it holds."""

_WORDS = re.compile(
    r"домен[^\n]{0,30} (?:прода[её]тся|припаркован|не оплачен|не продл[её]н|свободен)"
    r"|(?:купить|куплю|продажа) (?:этого |этот )?домен|срок (?:регистрации|действия) домена"
    r"|домен (?:был )?(?:только что )?зарегистрирован"
    r"|сайт (?:временно )?(?:отключ[её]н|заблокирован|приостановлен)|хостинг[^\n]{0,20} не оплачен"
    r"|(?:this|the)? ?domain(?: name)? (?:is|may be) (?:for sale|parked)|buy this domain"
    r"|domain (?:has )?expired|parked (?:domain|page)|account (?:has been )?suspended"
    r"|welcome to nginx|apache2? (?:ubuntu |debian )?default page",
    re.IGNORECASE,
)


def is_parked(text: str) -> bool:
    """Whether the visible text of a home page, its title included, is that of a parking page."""
    return len(text) <= LONGEST and _WORDS.search(text) is not None
