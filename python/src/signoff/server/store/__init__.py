"""Engines that keep the rows: each implements :class:`signoff.server.domain.store.Store`."""
