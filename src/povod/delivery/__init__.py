"""Everything between a text and an inbox, and back: outbox, gates, channels, inbox."""
