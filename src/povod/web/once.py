"""The header Idempotency-Key: the same order within a day gives what it gave first (S19, G134)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Header, Request, Response
from pydantic import BaseModel

from povod.store.once import Once, digest, scoped

if TYPE_CHECKING:
    from povod.app.house import House

REPEATED = "What the same order gave before: its Idempotency-Key came again"
Key = Annotated[str, Header(max_length=200)]


def once(
    request: Request,
    response: Response,
    key: str,
    given: BaseModel,
    do: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """What `do` gives; with a known key what it gave then, with status 200."""
    house: House = request.app.state.house
    place = f"{request.url.path}:{request.state.person.login}"
    order = digest(given.model_dump(mode="json"))
    said, is_new = Once(house.db, house.clock).answer(scoped(place, key), order, do)
    if not is_new:
        response.status_code = 200
    return said
