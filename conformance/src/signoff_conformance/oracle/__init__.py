"""The contract in memory: what a server must answer, written from ``openapi.yaml`` alone."""
