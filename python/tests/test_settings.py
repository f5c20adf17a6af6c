import pytest

from signoff import AsyncClient, Client, settings


@pytest.mark.parametrize("value", [None, ""])
def test_without_settings_the_server_is_on_this_machine_and_there_is_no_key(monkeypatch, value):
    for name in ("SIGNOFF_SERVER", "SIGNOFF_API_KEY", "SIGNOFF_MODEL"):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert settings.server_url() == "http://127.0.0.1:8080"
    assert settings.api_key() is None
    assert settings.model() is None


def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("SIGNOFF_SERVER", "https://signoff.example.com/")
    monkeypatch.setenv("SIGNOFF_API_KEY", "key")
    monkeypatch.setenv("SIGNOFF_MODEL", "test")
    assert settings.api_key() == "key"
    assert settings.model() == "test"
    assert AsyncClient().server_url == "https://signoff.example.com"
    assert Client().server_url == "https://signoff.example.com"


def test_an_argument_goes_before_the_environment(monkeypatch):
    monkeypatch.setenv("SIGNOFF_SERVER", "https://signoff.example.com")
    assert Client("http://localhost:9000").server_url == "http://localhost:9000"
