"""All settings of the house, one class; every value comes from the environment or `.env`.

Names are the environment variables in lower case. Any value `X` may be given as a file in
`X_FILE` (container secrets).
"""

from povod.kit.settings.load import load_settings
from povod.kit.settings.model import Settings

__all__ = ["Settings", "load_settings"]
