"""What `manage.py check --deploy` refuses."""

from pathlib import Path
from typing import Any

from revops import checks


def test_embedded_services_are_refused_for_a_company(settings: Any) -> None:
    settings.EMBEDDED_SERVICES = ["DATABASE_URL", "REDIS_URL"]
    (message,) = checks.embedded_services()
    assert message.id == "revops.E001"
    assert "trying, developing and testing only" in message.msg
    settings.EMBEDDED_SERVICES = []
    assert checks.embedded_services() == []


def test_a_key_that_changes_with_the_process_is_refused(settings: Any) -> None:
    settings.SECRET_KEY_IS_RANDOM = True
    assert [message.id for message in checks.secret_key()] == ["revops.E002"]
    settings.SECRET_KEY_IS_RANDOM = False
    assert checks.secret_key() == []


def test_missing_browser_libraries_are_named(settings: Any) -> None:
    settings.VENDOR_FOLDERS = {"vendor/echarts": Path("nowhere")}
    (message,) = checks.browser_libraries()
    assert "vendor/echarts" in message.msg
