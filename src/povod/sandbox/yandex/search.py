"""From a checked request to reply bytes, and the ways a reply can be spoilt (Y59, Y61)."""

import base64
from html import escape

from povod.sandbox.world.model import World
from povod.sandbox.yandex.faults import Fault
from povod.sandbox.yandex.request import SearchRequest
from povod.sandbox.yandex.xml import Reply, render, render_both

_BOMB = (
    '<!DOCTYPE bomb [<!ENTITY a "spam"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY x SYSTEM "file:///etc/hostname">]>'
)
_CAPTCHA = "<!DOCTYPE html>\n<html><head><title>Ой!</title></head><body>Вы не робот?</body></html>"


def reply_of(world: World, request: SearchRequest) -> Reply:
    """The world's answer; with typo correction on, the corrected text is what is searched."""
    corrected = world.correction(request.text)
    text = corrected if corrected and request.fix_typo else request.text
    return Reply(request, world.search(text, request.region), world.seed, corrected)


def raw_data(world: World, request: SearchRequest, fault: Fault | None = None) -> str:
    """`rawData` of a result: Base64 of the XML (or HTML) reply, spoilt if a fault says so."""
    reply = reply_of(world, request)
    if request.html and fault is None:
        return _base64(_html(reply))
    if fault is None:
        return _base64(render(reply))
    if fault.kind == "empty_raw":
        return ""
    if fault.kind == "bad_base64":
        return "*not base64*" + _base64(render(reply))
    return _base64(_spoilt(reply, fault))


def _spoilt(reply: Reply, fault: Fault) -> bytes:
    match fault.kind:
        case "xml_error":
            make = render_both if fault.with_documents else render
            return make(reply, fault.code or 20, fault.message)
        case "not_xml":
            return _CAPTCHA.encode()
        case "truncated_xml":
            whole = render(reply)
            return whole[: len(whole) * 3 // 5]
        case "doctype_bomb":
            return render(reply).replace(b"?>\n", f"?>\n{_BOMB}\n".encode(), 1)
        case "control_chars":
            return render(reply).replace(b"<title>", b"<title>\x00\x0b\x1f")
        case "huge":
            filler = b"<!--" + b"x" * fault.size + b"-->"
            return render(reply).replace(b"</results>", b"</results>" + filler, 1)
    return render(reply)


def _html(reply: Reply) -> bytes:
    rows = [
        f'<li><a href="{escape(hit.url)}">{escape(hit.domain)}</a></li>'
        for group in reply.page_groups
        for hit in group
    ]
    page = f"<!DOCTYPE html><html><body><ul>{''.join(rows)}</ul></body></html>"
    return page.encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
