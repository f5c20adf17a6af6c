"""What the server does: one function per operation of the contract. Load, decide, change."""
