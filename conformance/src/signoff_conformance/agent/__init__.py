"""Agents under test: processes that are sent work by a control plane that the suite plays."""
