"""The embedded AWS.

EC2's catalogs of regions and instance types stay unread: whichever part of moto is imported, it imports them, which takes
more than half a second, and no resource here needs them.
"""

import sys
from types import ModuleType


class _Unread(ModuleType):
    """A module in which every name is an empty class."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


for _name in ("availability_zones_and_regions", "instance_types"):
    sys.modules.setdefault(f"moto.ec2.models.{_name}", _Unread(_name))
