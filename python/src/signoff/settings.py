"""What the SDK takes from the environment; nothing else in it reads there.

- `SIGNOFF_SERVER`: where the control plane is, `http://127.0.0.1:8080` when not set
- `SIGNOFF_API_KEY`: the key to send; none when not set
- `SIGNOFF_MODEL`: the model of `app.ai()` where the code names none

An argument in code always goes first. (The server has its own module of this name.)
"""

import os
from typing import Final

DEFAULT_SERVER: Final = "http://127.0.0.1:8080"


def server_url() -> str:
    """Where the control plane is."""
    return os.environ.get("SIGNOFF_SERVER") or DEFAULT_SERVER


def api_key() -> str | None:
    """The API key to send, if there is one."""
    return os.environ.get("SIGNOFF_API_KEY") or None


def model() -> str | None:
    """The name of the model to use where the code names none."""
    return os.environ.get("SIGNOFF_MODEL") or None
