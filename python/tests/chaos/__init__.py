"""The chaos run: gates through real processes that are killed all the time, then an independent
check that nothing was lost. `python -m tests.chaos`, or `make chaos`."""
