"""Where a webhook may point: what an address may look like, and what its name may resolve to.

The name is looked up once, at each try; whoever connects uses exactly the addresses that were judged here, so that a
name which changes its address between the look and the connection changes nothing.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

LONGEST = 500
NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*\.?", re.IGNORECASE)
# What the C library reads as an IPv4 address in other clothes: 2130706433, 0x7f.1, 0177.0.0.1, 127.1.
NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?", re.IGNORECASE)
PRINTABLE = re.compile(r"[\x21-\x7e]+")

IPv4, IPv6 = ipaddress.IPv4Address, ipaddress.IPv6Address
# The registry of special-purpose addresses, and multicast. Of IPv6 only 2000::/3 is handed out at all.
CLOSED_4 = [
    ipaddress.IPv4Network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
OPEN_6 = ipaddress.IPv6Network("2000::/3")
CLOSED_6 = [
    ipaddress.IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]


class Refused(Exception):
    """This address is none that we send to; the text says why."""


@dataclass(frozen=True)
class Target:
    """A judged address: what to connect to, and what to say there."""

    tls: bool
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open Internet. One that carries another inside (mapped, 6to4) is not."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, IPv4):
        return not any(ip in net for net in CLOSED_4)
    return ip.scope_id is None and ip in OPEN_6 and not any(ip in net for net in CLOSED_6)


def checked_url(url: str) -> str:
    """The address as it is stored. Raises Refused for what could never be sent to; no name is looked up here."""
    url = url.strip()
    parts = _split(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.WEBHOOK_ALLOW_HTTP):
        raise Refused(_("The address starts with https://."))
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Refused(_("The address holds no user name, password or #part. The signature tells who we are."))
    if not _trusted(host):
        _judge_host(host)
    return url


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST or not PRINTABLE.fullmatch(url) or "\\" in url:
        raise Refused(_("Write the address in plain letters, without spaces, in at most 500 characters."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused(_("This is no address."))
    if not parts.hostname or port == 0:
        raise Refused(_("This is no address."))
    return parts


def _judge_host(host: str) -> None:
    try:
        literal = str(ipaddress.ip_address(host))
    except ValueError:
        if NUMERIC.fullmatch(host) or not NAME.fullmatch(host):
            raise Refused(_("“%(host)s” is no name of a computer.") % {"host": host[:60]})
        return
    if not is_public(literal):
        raise _not_public(literal)


def _not_public(address: str) -> Refused:
    text = _("%(address)s is not on the public Internet: loopback, private and reserved addresses get nothing.")
    return Refused(text % {"address": address})


def _trusted(host: str) -> bool:
    """Hosts of one's own that the installation names in WEBHOOK_PRIVATE_HOSTS."""
    return host.lower() in settings.WEBHOOK_PRIVATE_HOSTS


def resolve(url: str) -> Target:
    """Look the name up and judge every address that it has. Raises Refused; OSError if there is no such name."""
    parts = _split(checked_url(url))
    host, tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not _trusted(host):
        for address in addresses:
            if not is_public(address):
                raise _not_public(address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(tls=tls, host=host, port=port, path=path, addresses=addresses)
