"""Codes that the pages of people say in words."""

from povod.store.tables.house import ROLES
from povod.web.account import DONE

_LOGIN = "login_invalid login_taken role_unknown oneself last_admin person_off rate_limited"
_PASSWORD = "short is_login same wrong changed typed"
_TOKEN = "name days role"

CODES: dict[str, set[str]] = {
    "refusal": {
        *_LOGIN.split(),
        *(f"password_{word}" for word in _PASSWORD.split()),
        *(f"token_{word}" for word in _TOKEN.split()),
    },
    "people_done": set(DONE),
    "role_may": set(ROLES),
    "user": {"on", "off", "invited"},
}
