"""The edge: what comes over HTTP is checked against the contract, done, and shown."""
