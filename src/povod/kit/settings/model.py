"""`Settings`: every group of settings in one immutable value."""

from pydantic import ConfigDict

from povod.kit.settings.delivery import DeliverySettings, MailboxSettings, RoutingSettings
from povod.kit.settings.house import HouseSettings
from povod.kit.settings.leads import LeadsSettings, YandexSettings


class Settings(
    HouseSettings,
    YandexSettings,
    LeadsSettings,
    DeliverySettings,
    MailboxSettings,
    RoutingSettings,
):
    """What the whole house is configured by. Build it with `load_settings`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
