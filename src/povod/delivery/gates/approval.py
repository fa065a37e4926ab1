"""Gates about what may be said without a person: policy, approval, content (11, 12, 14)."""

import re
from collections.abc import Iterable

from povod.delivery import consents, policy
from povod.delivery.drafts import MAX_BODY, MAX_SUBJECT
from povod.delivery.footer import has_opt_out_line
from povod.delivery.gates.model import APPROVE, OPEN, SKIP, Scene, Verdict
from povod.kit.email import normalize_email
from povod.kit.errors import InvalidEmail, InvalidUrl
from povod.kit.url import host_of, registrable_domain

_UNFILLED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"'()]+", re.IGNORECASE)


def policy_gate(scene: Scene) -> Verdict:
    """The law of the recipient's country and the ground to write decide (D37-D39)."""
    message = scene.message
    ground = consents.newest_valid(scene.conn, message, scene.now)
    case = policy.Case(
        message["jurisdiction"],
        message["purpose"],
        ground["basis"] if ground else "none",
        message["address_class"],
        message["channel"],
    )
    preset = scene.office.settings.policy_preset
    verdict, rule = policy.decide(case, preset, policy.stored_rules(scene.conn))
    if verdict == "deny":
        return Verdict(SKIP, f"policy_deny:{rule}", rule=rule)
    if verdict == "approve" and not scene.approved_by_person:
        return Verdict(APPROVE, "policy_approve", rule=rule)
    return Verdict(rule=rule)


def approved(scene: Scene) -> Verdict:
    """Exactly what was approved is sent."""
    same = scene.message["approved_hash"] == scene.message["content_hash"]
    return OPEN if same else Verdict(APPROVE, "not_approved")


def content(scene: Scene) -> Verdict:
    """No holes, no foreign links, a way to refuse. A person may overrule the softer findings."""
    code = _hard_fault(scene) or ("" if scene.approved_by_person else _soft_fault(scene))
    return Verdict(APPROVE, f"content:{code}") if code else OPEN


def _hard_fault(scene: Scene) -> str:
    message = scene.message
    subject, body = message["subject"], message["body"]
    faults = {
        "unfilled": _UNFILLED.search(f"{subject}\n{body}\n{message['body_html']}"),
        "empty_subject": not subject.strip(),
        "empty_body": not body.strip(),
        "long_subject": len(subject) > MAX_SUBJECT,
        "long_body": len(body) > MAX_BODY,
        "no_opt_out": message["purpose"] == "advertising" and not has_opt_out_line(body),
    }
    return next((code for code, found in faults.items() if found), "")


def _soft_fault(scene: Scene) -> str:
    message = scene.message
    source = _source(scene)
    if message["kind"] == "letter" and source not in message["body"]:
        return "no_source"
    for host in _hosts(f"{message['body']}\n{message['body_html']}"):
        if _imitates(host):
            return "lookalike"
        if not _is_allowed(host, _allowed(scene, source)):
            return "foreign_link"
    return ""


def _source(scene: Scene) -> str:
    """The page where the address was found; a first letter must name it (D41)."""
    ground = consents.newest_valid(scene.conn, scene.message, scene.now)
    found = ground is not None and ground["basis"] == "public_corporate_address"
    return str(ground["evidence_url"]) if ground and found else ""


def _hosts(text: str) -> Iterable[str]:
    for match in _LINK.finditer(text):
        link = match[0] if "://" in match[0] else f"https://{match[0]}"
        try:
            yield host_of(link)
        except InvalidUrl:
            yield ""


def _allowed(scene: Scene, source: str) -> set[str]:
    """Domains that this letter may link to: ours, the offer's, the page that is named as source."""
    settings = scene.office.settings
    links = [settings.public_base_url, source, *scene.message["metadata"].get("links", [])]
    hosts = {*_hosts(" ".join(filter(None, links))), *settings.link_allowlist}
    hosts.add(scene.mailbox["from_email"].rpartition("@")[2])
    return {_owner(host) for host in hosts if host}


def _owner(host: str) -> str:
    return registrable_domain(host) or host


def _is_allowed(host: str, allowed: set[str]) -> bool:
    return bool(host) and _owner(host) in allowed


def _imitates(host: str) -> bool:
    try:
        normalize_email(f"x@{host}")
    except InvalidEmail as error:
        return "mixes alphabets" in str(error) or "imitates" in str(error)
    return False
