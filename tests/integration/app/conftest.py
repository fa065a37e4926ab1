"""Helpers that stand beside the tests of the composition root."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
