"""People who use the house: who they are, their passwords, their tokens."""

from povod.app.people.admin_token import AdminToken
from povod.app.people.first import ensure_first_user
from povod.app.people.service import OneTime, People
from povod.app.people.tokens import ApiTokens, NewToken

__all__ = ["AdminToken", "ApiTokens", "NewToken", "OneTime", "People", "ensure_first_user"]
