"""From names of hosts and interfaces to addresses to listen on."""

from __future__ import annotations

import fcntl
import ipaddress
import socket
import struct

from aiges_native.config.errors import ConfigError, suggestion
from aiges_native.config.model import ServeConfig

_SIOCGIFADDR = 0x8915  # linux/sockios.h
_IFREQ_ADDRESS = slice(20, 24)  # of struct ifreq: a sockaddr_in's sin_addr
_ANY = "0.0.0.0"


def listen_host(config: ServeConfig) -> str:
    """The numeric address to listen on: that of host, else of netcard, else every one.

    Raises:
        ConfigError: there is no such host or interface.
    """
    if config.host is not None:
        return _resolve(config.host, config.origin("host"))
    if config.netcard is not None:
        return interface_address(config.netcard, config.origin("netcard"))
    return _ANY


def _resolve(host: str, origin: str) -> str:
    bare = host.removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(bare, None, socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(
            f"{origin}: host {host!r} has no IPv4 address: {reason}; give an address, or "
            f"{_ANY} for every interface"
        ) from None
    return str(found[0][4][0])


def interface_address(name: str, origin: str) -> str:
    """The IPv4 address of a network interface; ConfigError when there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            request = struct.pack("256s", name.encode()[:15])
            answer = fcntl.ioctl(any_socket.fileno(), _SIOCGIFADDR, request)
        except OSError:
            names = sorted(interface for _, interface in socket.if_nameindex())
            if name in names:
                problem = f"network interface {name!r} has no IPv4 address"
            else:
                problem = f"there is no network interface {name!r}{suggestion(name, names)}"
            raise ConfigError(f"{origin}: {problem}; there are {', '.join(names)}") from None
    return socket.inet_ntoa(answer[_IFREQ_ADDRESS])


def join_address(host: str, port: int) -> str:
    """``host:port``, with an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_address(text: str) -> bool:
    """Whether it is ``ipv4`` or ``ipv4:port``, as --advertise takes it; handles have no more."""
    host, colon, port = text.partition(":")
    if colon and not (port.isdecimal() and int(port) <= 65535):
        return False
    try:
        return not ipaddress.IPv4Address(host).is_unspecified
    except ValueError:
        return False
