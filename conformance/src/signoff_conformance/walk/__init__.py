"""Random walks: what a server answers, beside what the oracle says it must."""
