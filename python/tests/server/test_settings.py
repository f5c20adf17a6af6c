"""The environment is read in one place, and what is wrong in it is said in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from signoff.server.settings import PostgresUrl, SettingsError, data_folder, load

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_server_that_is_told_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = load({})
    assert settings.database == tmp_path / ".local" / "share" / "signoff" / "signoff.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.webhook_secrets == ()
    assert settings.notify_url is None
    assert settings.allowed_hosts == frozenset()
    assert settings.replay_decisions
    assert (settings.log_level, settings.log_format) == ("info", None)


def test_a_server_that_is_told_everything():
    settings = load(
        {
            "SIGNOFF_DATABASE_URL": "sqlite:////var/lib/signoff/a.db",
            "SIGNOFF_HOST": "::1",
            "SIGNOFF_PORT": "9000",
            "SIGNOFF_APPROVAL_WEBHOOK_SECRET": "new",
            "SIGNOFF_APPROVAL_WEBHOOK_SECRET_PREVIOUS": "old",
            "SIGNOFF_NOTIFY_URL": "https://hooks.example.com/signoff",
            "SIGNOFF_NOTIFY_SECRET": SECRET,
            "SIGNOFF_ALLOWED_HOSTS": "hooks.local, 10.0.0.5:9000,",
            "SIGNOFF_REPLAY_DECISIONS": "never",
            "SIGNOFF_RETENTION_DAYS": "0.5",
            "SIGNOFF_RETENTION_FOLDER": "/var/lib/signoff/audit",
            "SIGNOFF_LOG_LEVEL": "debug",
            "SIGNOFF_LOG_FORMAT": "json",
        }
    )
    assert (settings.retention_days, settings.retention_folder) == (
        0.5,
        Path("/var/lib/signoff/audit"),
    )
    assert settings.database == Path("/var/lib/signoff/a.db")
    assert (settings.host, settings.port) == ("::1", 9000)
    assert settings.webhook_secrets == ("new", "old")
    assert settings.notify_url == "https://hooks.example.com/signoff"
    assert settings.notify_secret == SECRET
    assert settings.allowed_hosts == {"hooks.local", "10.0.0.5:9000"}
    assert not settings.replay_decisions
    assert (settings.log_level, settings.log_format) == ("debug", "json")


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SIGNOFF_PORT", "9001")
    assert load().port == 9001


def test_empty_is_absent():
    assert load({"SIGNOFF_PORT": "", "SIGNOFF_APPROVAL_WEBHOOK_SECRET": ""}).port == 8080


def test_three_slashes_are_relative():
    assert load({"SIGNOFF_DATABASE_URL": "sqlite:///a/b.db"}).database == Path("a/b.db")


@pytest.mark.parametrize(
    "name, value, right",
    [
        ("SIGNOFF_PORT", "80a", "a port from 0 to 65535"),
        ("SIGNOFF_PORT", "65536", "a port from 0 to 65535"),
        ("SIGNOFF_PORT", "-1", "a port from 0 to 65535"),
        ("SIGNOFF_DATABASE_URL", "mysql://db/signoff", "or postgresql://user:password@host"),
        ("SIGNOFF_DATABASE_URL", "postgresql://", "or postgresql://user:password@host"),
        ("SIGNOFF_DATABASE_URL", "postgresql://db", "postgresql://user:password@host:port/data"),
        ("SIGNOFF_DATABASE_URL", "postgresql://db:80a/signoff", "with % escapes"),
        ("SIGNOFF_DATABASE_URL", "sqlite://a.db", "sqlite:///relative.db"),
        ("SIGNOFF_DATABASE_URL", "sqlite:///:memory:", "sqlite:///relative.db"),
        ("SIGNOFF_DATABASE_URL", "sqlite:///", "sqlite:///relative.db"),
        ("SIGNOFF_DATABASE_URL", "a.db", "sqlite:///relative.db"),
        ("SIGNOFF_NOTIFY_URL", "hooks.example.com", "an http or https URL"),
        ("SIGNOFF_NOTIFY_URL", "ftp://hooks.example.com", "an http or https URL"),
        ("SIGNOFF_NOTIFY_URL", "http://[", "an http or https URL"),
        ("SIGNOFF_NOTIFY_URL", "http://:80", "an http or https URL"),
        ("SIGNOFF_ALLOWED_HOSTS", "http://hooks.local", "hosts with commas between them"),
        ("SIGNOFF_ALLOWED_HOSTS", "*.local", "hosts with commas between them"),
        ("SIGNOFF_REPLAY_DECISIONS", "sometimes", "always or never"),
        ("SIGNOFF_RETENTION_DAYS", "0", "a number of days above 0"),
        ("SIGNOFF_RETENTION_DAYS", "a month", "a number of days above 0"),
        ("SIGNOFF_RETENTION_DAYS", "nan", "a number of days above 0"),
        ("SIGNOFF_LOG_LEVEL", "loud", "debug or info or warning or error"),
        ("SIGNOFF_LOG_FORMAT", "xml", "json or text"),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(name: str, value: str, right: str):
    with pytest.raises(SettingsError) as error:
        load({name: value})
    text = str(error.value)
    assert text.startswith(f"{name} is {value!r}; it must be ")
    assert right in text


@pytest.mark.parametrize(
    "url, shown",
    [
        ("postgresql://db/signoff", "postgresql://db/signoff"),
        ("postgres://me:hunter2@db:5433/signoff", "postgres://me@db:5433/signoff"),
        ("postgresql://me@[::1]/s?password=hunter2", "postgresql://me@[::1]/s"),
        ("postgresql:///signoff?host=/run/postgresql", "postgresql:///signoff"),
    ],
)
def test_a_postgres_database_is_shown_without_its_password(url: str, shown: str):
    settings = load({"SIGNOFF_DATABASE_URL": url})
    assert settings.database == PostgresUrl(url)
    assert str(settings.database) == shown
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("url", ["mysql://me:hunter2@db/s", "postgresql://me:hunter#2@db/s"])
def test_a_password_in_a_wrong_url_is_never_shown(url: str):
    with pytest.raises(SettingsError, match="SIGNOFF_DATABASE_URL is set; it must be") as error:
        load({"SIGNOFF_DATABASE_URL": url})
    assert "hunter" not in str(error.value)


@pytest.mark.parametrize("secret", ["hunter2", "whsec_", "whsec_!!!!"])
def test_a_secret_is_never_shown(secret: str):
    with pytest.raises(SettingsError) as error:
        load({"SIGNOFF_NOTIFY_SECRET": secret})
    assert str(error.value) == "SIGNOFF_NOTIFY_SECRET is set; it must be whsec_ and base64"


def test_secrets_are_not_in_the_repr():
    settings = load({"SIGNOFF_APPROVAL_WEBHOOK_SECRET": "hunter2", "SIGNOFF_NOTIFY_SECRET": SECRET})
    assert "hunter2" not in repr(settings)
    assert SECRET not in repr(settings)


def test_the_previous_secret_alone_is_a_mistake():
    with pytest.raises(SettingsError, match="set the new secret too"):
        load({"SIGNOFF_APPROVAL_WEBHOOK_SECRET_PREVIOUS": "old"})


@pytest.mark.parametrize(
    "platform, environment, folder",
    [
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/signoff"),
        ("linux", {"XDG_DATA_HOME": "relative"}, "~/.local/share/signoff"),
        ("linux", {}, "~/.local/share/signoff"),
        ("darwin", {}, "~/Library/Application Support/signoff"),
        ("win32", {"LOCALAPPDATA": "/appdata"}, "/appdata/signoff"),
        ("win32", {}, "~/AppData/Local/signoff"),
    ],
)
def test_the_data_folder_is_that_of_the_platform(
    platform: str, environment: dict[str, str], folder: str
):
    assert data_folder(environment, platform) == Path(folder).expanduser()


def test_runs_are_not_deleted_without_a_place_for_their_events():
    for name, value in (("DAYS", "30"), ("FOLDER", "/var/lib/signoff/audit")):
        with pytest.raises(SettingsError, match="go together"):
            load({f"SIGNOFF_RETENTION_{name}": value})
