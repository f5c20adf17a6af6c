"""The conformance suite of signoff: cases as data, and what runs them."""
