"""Letters over SMTP: any submission server (D62)."""

from povod.delivery.channels.smtp.transport import SmtpChannel

__all__ = ["SmtpChannel"]
