"""The ways out of the house. One line here registers a channel; its folder holds the rest."""

from povod.delivery.channels.contract import Channel, Parcel, Reply, Session
from povod.delivery.channels.file import FileChannel
from povod.delivery.channels.noop import NoopChannel
from povod.delivery.channels.smtp import SmtpChannel
from povod.kit.settings import Settings

__all__ = ["Channel", "Parcel", "Reply", "Session", "all_channels"]


def all_channels(settings: Settings) -> dict[str, Channel]:
    """Every channel by name."""
    found: list[Channel] = [FileChannel(settings), NoopChannel(), SmtpChannel(settings)]
    return {channel.name: channel for channel in found}
