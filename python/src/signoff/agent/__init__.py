"""Agents: serve reasoners, ask people from within them, go on after a crash."""

from signoff.agent.app import Agent

__all__ = ["Agent"]
