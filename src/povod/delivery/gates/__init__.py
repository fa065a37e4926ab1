"""The gates a message passes before it is claimed, and again before it is handed over (D34).

All gates run and are recorded; the first failing one in the order of the table decides. If one
cannot be asked, its error ends the transaction and nothing is sent (D33).
"""

from collections.abc import Sequence

from povod.delivery.gates import approval, history, pacing, recipient, switches
from povod.delivery.gates.model import Gate, GateResult, Scene, Verdict

GATES = (
    Gate("sending_enabled", switches.sending_enabled, again=True),
    Gate("not_paused", switches.not_paused, again=True),
    Gate("not_expired", switches.not_expired, again=True),
    Gate("address_valid", recipient.address_valid, again=False),
    Gate("address_class", recipient.address_class, again=False),
    Gate("demo_safety", recipient.demo_safety, again=True),
    Gate("test_address", recipient.test_address, again=False),
    Gate("allow_list", recipient.allow_list, again=True),
    Gate("not_suppressed", history.not_suppressed, again=True),
    Gate("not_duplicate", history.not_duplicate, again=False),
    Gate("policy", approval.policy_gate, again=True),
    Gate("approved", approval.approved, again=True),
    Gate("sequence_open", history.sequence_open, again=True),
    Gate("content", approval.content, again=False),
    Gate("person_cap", pacing.person_cap, again=True),
    Gate("domain_cap", pacing.domain_cap, again=False),
    Gate("mailbox_cap", pacing.mailbox_cap, again=False),
    Gate("window", switches.window, again=True),
)

__all__ = ["GATES", "Gate", "GateResult", "Scene", "Verdict", "first_failing", "run_gates"]


def run_gates(scene: Scene) -> list[GateResult]:
    """The verdicts of all gates that are asked at this point, in order."""
    asked = (gate for gate in GATES if gate.again or not scene.at_handoff)
    return [GateResult(gate.name, gate.check(scene)) for gate in asked]


def first_failing(results: Sequence[GateResult]) -> Verdict | None:
    """The verdict that decides, None when all gates are open."""
    failed = (r.verdict for r in results if r.verdict.result != "pass")
    return next(failed, None)
