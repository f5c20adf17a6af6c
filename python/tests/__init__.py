"""Tests of the Python package: same stems as the source."""
