"""Gates about the address: its form, its class, safe places to send to (4-8)."""

from povod.delivery.addresses import is_test_address, why_invalid
from povod.delivery.gates.model import OPEN, SKIP, Scene, Verdict


def address_valid(scene: Scene) -> Verdict:
    """Something that a mailer can use; kit's rules, as strict as at intake."""
    if scene.message["channel"] != "email":
        return OPEN if scene.message["to_value"].strip() else Verdict(SKIP, "invalid_recipient")
    return Verdict(SKIP, "invalid_email") if why_invalid(scene.message["to_value"]) else OPEN


def address_class(scene: Scene) -> Verdict:
    """No robots, no traps; role addresses unless they are switched off (D42)."""
    kind = scene.message["address_class"]
    if kind == "never":
        return Verdict(SKIP, "never_mail")
    if kind == "role" and scene.office.settings.role_accounts == "deny":
        return Verdict(SKIP, "role_address")
    return OPEN


def demo_safety(scene: Scene) -> Verdict:
    """What belongs to the demo never leaves the host."""
    if scene.message["is_demo"] and scene.leaves_host:
        return Verdict(SKIP, "blocked:demo-client")
    return OPEN


def test_address(scene: Scene) -> Verdict:
    """Reserved names lead nowhere, or to somebody else."""
    if scene.leaves_host and is_test_address(scene.message["to_value"]):
        return Verdict(SKIP, "blocked:test-recipient")
    return OPEN


def allow_list(scene: Scene) -> Verdict:
    """Until it is lifted, only the named domains are written to."""
    settings = scene.office.settings
    if not scene.leaves_host or settings.smtp_allow_all_recipients:
        return OPEN
    if not settings.smtp_allowlist_domains:
        return Verdict(SKIP, "blocked:allowlist-empty")
    domain = scene.message["recipient_domain"]
    allowed = {name.lower() for name in settings.smtp_allowlist_domains}
    return OPEN if domain in allowed else Verdict(SKIP, f"blocked:domain-not-allowlisted:{domain}")
