"""A webhook reaches the public Internet only, and exactly the address that was judged."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from revops.core.errors import InvalidInput
from revops.integrations import posting, targets
from revops.integrations.models import WebhookAttempt
from revops.integrations.targets import Refused, checked_url, is_public, resolve
from revops.users.models import User
from tests.integrations.receiver import Receiver, listening, make_webhook, sent
from tests.opportunities.builders import make_deal

PRIVATE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::",
    "2001::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_on_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_on_the_public_internet_passes(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/", "ftp://hooks.example.com/", "file:///etc/passwd", "//hooks.example.com/",
        "hooks.example.com", "https://", "https:///path", "https://:443/", "https://user@hooks.example.com/",
        "https://user:secret@hooks.example.com/", "https://hooks.example.com/#part", "https://hooks.example.com:0/",
        "https://hooks.example.com:70000/", "https://hooks.example.com:x/", "https://hooks example.com/",
        "https://hooks.example.com/\r\nX-Injected: 1", "https://hooks.example.com\\@127.0.0.1/", "https://höoks.example/",
        "https://１２７.0.0.1/", "https://[::1/", "https://a_b.example.com/", "https://-a.example.com/",
        "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/", "https://0/",
        "https://0x7f.0.0.1/", "https://127.0.0.1.", "https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/",
        "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]:8443/", "https://[64:ff9b::7f00:1]/", "https://169.254.169.254/latest/meta-data/",
        "https://hooks.example.com/" + "x" * 500,
    ],
)  # fmt: skip
def test_an_address_that_could_never_be_sent_to_is_refused_when_it_is_written(url: str) -> None:
    with pytest.raises(Refused):
        checked_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com:8443/a?b=c",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
    ],
)
def test_a_public_address_passes(url: str) -> None:
    assert checked_url(f" {url} ") == url


@pytest.mark.django_db
def test_a_refused_address_is_said_beside_its_field(olga: User) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_webhook(olga, "https://127.0.0.1/")
    assert [error.pointer for error in refused.value.errors] == ["url"]


# After the look-up ------------------------------------------------------------------------


class Names:
    """A resolver that answers as told, one answer after the other; addresses themselves pass."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers, self.asked = answers, 0
        self.real = socket.getaddrinfo

    def __call__(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = str(host).split(".")[0]
        if name not in self.answers:
            return self.real(host, port, *args, **kwargs)
        rounds = self.answers[name]
        addresses = rounds[min(self.asked, len(rounds) - 1)]
        self.asked += 1
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in addresses
        ]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fe80::1%lo", "::ffff:10.0.0.1"]
)
def test_a_name_that_leads_inside_is_refused(monkeypatch: Any, address: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(inside=[[address]]))
    with pytest.raises(Refused):
        resolve("https://inside.example.com/")


def test_one_private_address_among_public_ones_is_enough(monkeypatch: Any) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(mixed=[["8.8.8.8", "10.0.0.1"]]))
    with pytest.raises(Refused):
        resolve("https://mixed.example.com/")


def test_localhost_and_other_names_of_this_machine_are_refused() -> None:
    for url in ("https://localhost/", "https://LOCALHOST:8443/", "https://localhost./"):
        with pytest.raises((Refused, OSError)):
            resolve(url)


def test_a_host_of_ones_own_is_reached_only_by_the_name_that_the_setting_lists(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = ["localhost"]
    assert "127.0.0.1" in resolve("https://localhost/").addresses
    with pytest.raises(Refused):
        resolve("https://127.0.0.1/")
    with pytest.raises(Refused):
        resolve("http://localhost/")


@pytest.fixture
def two_receivers(settings: Any) -> Iterator[tuple[Receiver, Receiver]]:
    """On one port of two addresses of this machine."""
    settings.WEBHOOK_ALLOW_HTTP = True
    with listening() as first, listening(Receiver(), host="127.0.0.2", port=first.port) as second:
        yield first, second


@pytest.mark.django_db
def test_a_name_that_changes_its_address_between_check_and_connection_changes_nothing(
    olga: User, alice: User, two_receivers: tuple[Receiver, Receiver], monkeypatch: Any
) -> None:
    judged, inside = two_receivers
    names = Names(rebind=[["127.0.0.1"], ["127.0.0.2"]])
    monkeypatch.setattr(socket, "getaddrinfo", names)
    # As though the first address were one of the Internet; the second is this machine's.
    monkeypatch.setattr(targets, "is_public", lambda address: address == "127.0.0.1")
    make_webhook(olga, f"http://rebind.example.com:{judged.port}/")
    make_deal(alice)
    assert sent() == 1
    assert names.asked == 1 and len(judged.taken) == 1 and inside.taken == []
    assert judged.taken[0].headers["host"] == f"rebind.example.com:{judged.port}"
    # At the next message the name leads inside, and is judged again.
    make_deal(alice)
    assert sent() == 1
    assert names.asked == 2 and len(judged.taken) == 1 and inside.taken == []
    error = WebhookAttempt.objects.order_by("-pk")[0].error
    assert error.startswith("127.0.0.2 is not on the public Internet")


@pytest.mark.django_db
def test_a_name_that_leads_inside_at_the_check_is_not_reached_though_it_changes_after(
    olga: User, alice: User, two_receivers: tuple[Receiver, Receiver], monkeypatch: Any
) -> None:
    judged, inside = two_receivers
    monkeypatch.setattr(socket, "getaddrinfo", Names(rebind=[["127.0.0.2"], ["127.0.0.1"]]))
    monkeypatch.setattr(targets, "is_public", lambda address: address == "127.0.0.1")
    make_webhook(olga, f"http://rebind.example.com:{judged.port}/")
    make_deal(alice)
    assert sent() == 1
    assert judged.taken == inside.taken == []
    assert "not on the public Internet" in WebhookAttempt.objects.get().error


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.django_db
def test_a_redirect_is_not_followed_wherever_it_leads(
    olga: User, alice: User, receiver: Receiver, local_hosts: None, status: int
) -> None:
    with listening() as inside:
        receiver.answer(status, {"Location": f"http://localhost:{inside.port}/latest/meta-data/"})
        make_webhook(olga, receiver.url)
        make_deal(alice)
        assert sent() == 1
    assert len(receiver.taken) == 1 and inside.taken == []
    error = WebhookAttempt.objects.get().error
    assert "It redirects to http://localhost" in error and "not followed" in error


@pytest.mark.django_db
def test_a_receiver_that_hangs_up_early_is_not_called_back_by_name(
    olga: User, alice: User, local_hosts: None, monkeypatch: Any
) -> None:
    names = Names(localhost=[["127.0.0.1"]])
    monkeypatch.setattr(socket, "getaddrinfo", names)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        make_webhook(olga, f"http://localhost:{listener.getsockname()[1]}/")
        make_deal(alice)
        listener.shutdown(socket.SHUT_RDWR)
        assert sent() == 1
    assert names.asked == 1 and WebhookAttempt.objects.get().error


# TLS --------------------------------------------------------------------------------------


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A key and a certificate that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    crt, pem = folder / "crt.pem", folder / "key.pem"
    crt.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return crt, pem


@pytest.mark.django_db
def test_over_tls_the_name_is_said_and_proved_though_the_address_is_pinned(
    olga: User, alice: User, monkeypatch: Any, tmp_path: Path
) -> None:
    crt, key = certificate(tmp_path, "hooks.example.com")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    said: list[Any] = []
    context.sni_callback = lambda sock, name, ctx: said.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(crt))
    posting._tls.cache_clear()
    monkeypatch.setattr(socket, "getaddrinfo", Names(hooks=[["127.0.0.1"]], other=[["127.0.0.1"]]))
    monkeypatch.setattr(targets, "is_public", lambda address: address == "127.0.0.1")
    try:
        with listening(context=context) as receiver:
            make_webhook(olga, f"https://hooks.example.com:{receiver.port}/in", name="Right")
            make_webhook(olga, f"https://other.example.com:{receiver.port}/in", name="Wrong")
            make_deal(alice)
            assert sent() == 2
    finally:
        posting._tls.cache_clear()
    assert [taken.headers["host"] for taken in receiver.taken] == [f"hooks.example.com:{receiver.port}"]
    assert sorted(said) == ["hooks.example.com", "other.example.com"]
    outcome = dict(WebhookAttempt.objects.values_list("message__webhook__name", "error"))
    assert outcome["Right"] == "" and outcome["Wrong"].startswith("Its certificate or encryption is refused")
