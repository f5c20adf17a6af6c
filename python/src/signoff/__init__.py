"""signoff: pause a program until a person has said yes, no, or change this."""

from signoff._version import __version__

__all__ = ["__version__"]
