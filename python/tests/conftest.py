import pytest


@pytest.fixture(params=["async", "blocking"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which of the two clients; a test that names it runs with each."""
    kind: str = request.param
    return kind
