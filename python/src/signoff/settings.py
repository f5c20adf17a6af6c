"""What the SDK takes from the environment; nothing else in it reads there.

- `SIGNOFF_SERVER`: where the control plane is, `http://127.0.0.1:8080` when not set
- `SIGNOFF_API_KEY`: the key to send; none when not set
- `SIGNOFF_MODEL`: the model of `app.ai()` where the code names none
- `SIGNOFF_AGENT_HOST`, `PORT`: where `app.run()` listens; `127.0.0.1` and 8001 when not set

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


def agent_host() -> str:
    """The address that an agent binds."""
    return os.environ.get("SIGNOFF_AGENT_HOST") or "127.0.0.1"


def agent_port() -> int:
    """The port that an agent binds.

    Raises:
        ValueError: `PORT` is no port.
    """
    text = os.environ.get("PORT") or "8001"
    if not text.isdecimal() or int(text) > 65_535:
        raise ValueError(f"PORT={text} is no port: a number from 0 to 65535 is")
    return int(text)
