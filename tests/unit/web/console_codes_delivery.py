"""Codes that the pages of letters say in words: why one waits, failed or was left out."""

from povod.delivery.withdrawal import WITHDRAWN

_SERVER = {"mailbox_full", "unknown_user", "no_reply", "unreachable", "auth_failed", "deferred"}
_SERVER |= {"sender_not_owned", "limit", "spam_verdict", "cannot_deliver_smtputf8", "too_big"}
_SERVER |= {"content_refused", "retries_exhausted", "abandoned", "noop"}
_BLOCKED = {"blocked:allowlist-empty", "blocked:demo-client", "blocked:test-recipient"}

CODES: dict[str, set[str]] = {"reason": {*_SERVER, *_BLOCKED, WITHDRAWN}}
