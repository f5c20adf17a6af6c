"""The version, where the SDK, the server and the build all read it."""

__version__ = "0.1.0"
