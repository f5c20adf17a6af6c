"""Agents: serve reasoners, ask people from within them, go on after a crash."""

from signoff.agent.app import Agent
from signoff.agent.run import RunContext

__all__ = ["Agent", "RunContext"]
