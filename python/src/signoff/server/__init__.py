"""The reference control plane: one process that owns every durable fact."""
