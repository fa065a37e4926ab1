"""The inbox: bounces, automatic answers, replies and refusals come back (section 13)."""

from povod.delivery.inbox.dsn import Bounce, classify_bounce, classify_bounces
from povod.delivery.inbox.reply import reply_text

__all__ = ["Bounce", "classify_bounce", "classify_bounces", "reply_text"]
