"""`Settings`: every group of settings in one immutable value."""

from pydantic import ConfigDict

from povod.kit.settings.delivery import DeliverySettings, MailboxSettings, RoutingSettings
from povod.kit.settings.greetings import (
    CalendarSettings,
    ClientDataSettings,
    GreetingTextSettings,
)
from povod.kit.settings.house import HouseSettings
from povod.kit.settings.leads import LeadsSettings, YandexSettings
from povod.kit.settings.sites import SitesSettings


class Settings(
    HouseSettings,
    YandexSettings,
    LeadsSettings,
    DeliverySettings,
    MailboxSettings,
    RoutingSettings,
    SitesSettings,
    CalendarSettings,
    GreetingTextSettings,
    ClientDataSettings,
):
    """What the whole house is configured by. Build it with `load_settings`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
