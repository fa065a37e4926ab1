"""Who is asking: a signed session cookie, or an API token; and protection against forged posts."""

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import sqlalchemy as sa
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer

from povod.app.people import AdminToken
from povod.store.tables import users
from povod.store.tables.house import ROLES
from povod.web.problems import answer, for_programs, problem, wants_json

if TYPE_CHECKING:
    from povod.app.house import House

COOKIE = "povod_session"
MAX_AGE_SECONDS = 14 * 24 * 3600
OPEN_PATHS = ("/login", "/static/", "/api/health", "/u/", "/preferences")
# Mail programs post here on behalf of a person who never saw this host (RFC 8058).
POSTED_FROM_ANYWHERE = ("/u/",)
# All that a person with a one-time password may do: choose another, or leave.
FIRST_STEPS = ("/account", "/account/password", "/logout")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Person:
    """The user of this request."""

    id: str
    login: str
    role: str
    must_change: bool = False
    """Signed in with a password that was made for one use."""
    by_token: bool = False
    """A program with a token, not a person at a browser."""

    def may(self, role: str) -> bool:
        """True if this person's role includes `role`."""
        return ROLES.index(self.role) >= ROLES.index(role)


LOCAL = Person("local", "local", "admin")
TOKEN_PERSON = Person("admin-token", "admin-token", "admin", by_token=True)


class SessionKeeper:
    """Signs sessions in and out and decides whether a request may pass."""

    def __init__(self, house: "House") -> None:
        self._db = house.db
        self._tokens = house.people.tokens
        self._open = house.settings.web_auth == "off"
        self._signer = URLSafeTimedSerializer(house.secret_key, salt="session")
        self._friends = frozenset(house.settings.cors_origins)
        self._admin_token = AdminToken(house.db, house.settings.admin_token)

    def refusal(self, request: Request) -> Response | None:
        """None when the request may pass; sets `request.state.person`."""
        path = request.url.path
        bearer = self._by_header(request)
        request.state.person = LOCAL if self._open else bearer or self._by_session(request)
        if self._open and not is_loopback(request.url.hostname or ""):
            # A page elsewhere could give its own name our address and then read everything.
            return answer(request, 403, "without sign-in the console answers on 127.0.0.1 only")
        # Browsers send a token only from pages that know it: such a request is not forged.
        forged = bearer is None and self._may_be_forged(request)
        if forged and not path.startswith(POSTED_FROM_ANYWHERE):
            return answer(request, 403, "the request came from another site")
        if path.startswith(OPEN_PATHS) or path == "/api" or (path == "/" and wants_json(request)):
            return None
        if request.state.person is not None:
            return _password_first(request) if request.state.person.must_change else None
        if for_programs(request):
            detail = "sign in, or send a token: Authorization: Bearer …"
            return problem(request, 401, detail, headers={"WWW-Authenticate": "Bearer"})
        return RedirectResponse(f"/login?next={quote(_page_asked_for(request))}", status_code=303)

    def _may_be_forged(self, request: Request) -> bool:
        return request.method not in SAFE_METHODS and not self._same_origin(request)

    def _same_origin(self, request: Request) -> bool:
        """A browser names the origin of every post; other clients carry a token, not a cookie."""
        origin = request.headers.get("origin")
        if self._open and origin in self._friends:
            return True
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site in ("same-origin", "none")
        if origin is not None:
            return urlsplit(origin).netloc == request.headers.get("host")
        return COOKIE not in request.cookies

    def _by_header(self, request: Request) -> Person | None:
        """The owner of a token; headers such as X-User-Role say nothing here."""
        header = request.headers.get("authorization", "")
        if header.lower().startswith("bearer "):
            return self._by_token(header[7:].strip())
        given = request.headers.get("x-admin-token", "")
        return TOKEN_PERSON if given and self._admin_token.fits(given) else None

    def _by_session(self, request: Request) -> Person | None:
        cookie = request.cookies.get(COOKIE)
        return self._by_cookie(cookie) if cookie else None

    def _by_cookie(self, cookie: str) -> Person | None:
        try:
            data: Any = self._signer.loads(cookie, max_age=MAX_AGE_SECONDS)
        except BadSignature:
            return None
        with self._db.read() as conn:
            row = conn.execute(
                sa.select(users).where(
                    users.c.id == data["id"],
                    users.c.session_epoch == data["epoch"],
                    users.c.active,
                )
            ).first()
        if row is None:
            return None
        return Person(row.id, row.login, row.role, must_change=row.must_change_password)

    def _by_token(self, token: str) -> Person | None:
        found = self._tokens.bearer(token)
        return Person(found.id, found.login, found.role, by_token=True) if found else None

    def sign_in(self, request: Request, response: Response, user_id: str, epoch: int) -> None:
        """Give the browser its session."""
        value = self._signer.dumps({"id": user_id, "epoch": epoch})
        response.set_cookie(
            COOKIE,
            value,
            max_age=MAX_AGE_SECONDS,
            httponly=True,
            secure=request.url.scheme == "https",
            samesite="lax",
        )

    @staticmethod
    def sign_out(response: Response) -> None:
        """Take the session back."""
        response.delete_cookie(COOKIE)


def is_loopback(host: str) -> bool:
    """True for a name or address that only this machine can reach."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _password_first(request: Request) -> Response | None:
    """None for the way to a password of one's own; everything else waits for it."""
    if request.url.path in FIRST_STEPS:
        return None
    if for_programs(request):
        detail = "your password was made for one use: open /account in a browser and choose another"
        return problem(request, 403, detail, code="password_change_required")
    return RedirectResponse("/account", status_code=303)


def _page_asked_for(request: Request) -> str:
    """Where to go after signing in: the page with its filters; never a form that was posted."""
    if request.method not in SAFE_METHODS:
        return "/"
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path
