"""The outside world's mail: a server that takes letters, and the sender's mailbox.

What happens to a letter depends on its recipient (`World.mailboxes`, or the beginning of the
local part for addresses the world does not know) and on faults set by a test.
"""

from povod.sandbox.mail.servers import PASSWORD, USER, MailServers, start_mail

__all__ = ["PASSWORD", "USER", "MailServers", "start_mail"]
