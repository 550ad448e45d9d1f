"""Which addresses of the network may be called: public ones, and what the operator allows by name or network.

Names and addresses are judged after they are resolved, and what was judged is what is connected to: an answer that
changes between the two (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from notifications.channels.channel import DeliveryFailed

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], list[str]]
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system resolves it; OSError if there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts and networks that may be called although they are not public."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def names(self, host: str) -> bool:
        """Whether the host itself is allowed, or stands for an allowed address."""
        return host.lower() in self.hosts or any(self.holds(each) for each in _literal(host))

    def holds(self, address: Address) -> bool:
        """Whether the address lies in an allowed network."""
        return any(address.version == network.version and address in network for network in self.networks)


def allowed(entries: Iterable[str]) -> Allowed:
    """Host names, addresses and networks (`hooks.internal`, `10.1.2.3`, `10.0.0.0/8`) an operator trusts.

    ValueError names one that is none of these.
    """
    hosts, networks = set[str](), list[IPv4Network | IPv6Network]()
    for entry in entries:
        try:
            networks.append(ip_network(entry))
        except ValueError:
            if "/" in entry or not entry.strip() or not entry.isascii():
                raise ValueError(f"{entry!r} is no host, address or network such as 10.0.0.0/8") from None
            hosts.add(entry.lower())
    return Allowed(frozenset(hosts), tuple(networks))


def callable_addresses(host: str, port: int, trusted: Allowed, resolve: Resolve = resolved) -> list[str]:
    """The addresses of a host, every one of which may be connected to; DeliveryFailed otherwise."""
    try:
        found = resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise DeliveryFailed(f"the name {host} cannot be resolved: {error}", permanent=False) from error
    if host.lower() not in trusted.hosts:
        refused = [each for each in found if not (is_public(ip_address(each)) or trusted.holds(_bare(each)))]
        if refused:
            raise DeliveryFailed(
                f"{host} is {refused[0]}, which is no public address; if that is meant, name it in `allow`",
                permanent=True,
            )
    if not found:
        raise DeliveryFailed(f"the name {host} has no address", permanent=False)
    return found


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public network, also the one inside a mapped or tunnelled address."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    inner = _inside(address)
    if inner is not None:
        return is_public(inner)
    return address in _GLOBAL_UNICAST and address.is_global and not address.is_multicast and address.teredo is None


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that this one stands for (mapped, 6to4, NAT64)."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _bare(text: str) -> Address:
    """The address itself; a mapped one is the IPv4 address it stands for."""
    address = ip_address(text)
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _literal(host: str) -> list[Address]:
    try:
        return [_bare(host)]
    except ValueError:
        return []
