"""The functions' own package, which is a layer of theirs and not installed here."""

import sys
from pathlib import Path

LAYER = str(Path(__file__).parents[2] / "layers/common")


def use_layer() -> None:
    """Makes ``mechanizer`` importable."""
    if LAYER not in sys.path:
        sys.path.insert(0, LAYER)
