"""Connections to a compute: names are looked up in threads of their own, and certificates are checked."""

import socket
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime

import trio
from httpcore2 import SOCKET_OPTION, AsyncNetworkStream, ConnectError, ConnectTimeout, TrioBackend

from gns3trio import threads
from gns3trio.compute.other_hosts import ComputeAddress, context_for
from gns3trio.errors import Unavailable

CONNECT_SECONDS = 5.0
# X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED of openssl/x509_vfy.h.
_WRONG_TIMES = {9: "is not valid yet", 10: "has expired"}


def tls_context(address: ComputeAddress) -> ssl.SSLContext | None:
    """The context for a compute with https; None for one with http.

    A certificate of its own is trusted instead of this host's authorities. It says who the compute is, so the name in
    it does not matter: such certificates rarely name the address.

    Raises Invalid for a certificate that is none. Reading the authorities takes a while: call it in a thread.
    """
    if address.protocol == "http":
        return None
    if not address.certificate:
        return ssl.create_default_context()
    return context_for(address.certificate)


def _look_up(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises OSError."""
    try:
        return await threads.names.run(_look_up, host, port, abandon_on_cancel=True)
    except UnicodeError as error:
        raise OSError(f"{host!r} is not the name of a host") from error


class ResolvingBackend(TrioBackend):
    """httpcore2's connections on trio, without its look-ups in the threads of everybody."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the interface of httpcore2)
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to the first address of a host that answers. Raises ConnectError or ConnectTimeout."""
        try:
            with trio.fail_after(CONNECT_SECONDS):
                found = await resolve(host, port)
                for address in found[:-1]:
                    try:
                        return await super().connect_tcp(address, port, None, local_address, socket_options)
                    except ConnectError:
                        continue
                return await super().connect_tcp(found[-1], port, None, local_address, socket_options)
        except trio.TooSlowError as error:
            raise ConnectTimeout(f"no answer within {CONNECT_SECONDS:g} s") from error
        except OSError as error:
            raise ConnectError(error.strerror or str(error)) from error


async def open_stream(
    address: ComputeAddress, context: ssl.SSLContext | None
) -> trio.SocketStream | trio.SSLStream[trio.SocketStream]:
    """A connection to a compute. Raises Unavailable."""
    try:
        with trio.fail_after(CONNECT_SECONDS):
            found = await resolve(address.host, address.port)
            stream = await _first_that_answers(found, address.port)
            if context is None:
                return stream
            secure = trio.SSLStream(stream, context, server_hostname=address.host, https_compatible=True)
            try:
                await secure.do_handshake()
            except BaseException:
                await trio.aclose_forcefully(stream)
                raise
            return secure
    except trio.TooSlowError:
        raise Unavailable(f"no answer within {CONNECT_SECONDS:g} s") from None
    except (OSError, trio.BrokenResourceError) as error:
        raise Unavailable(reason_of(error)) from None


async def _first_that_answers(found: list[str], port: int) -> trio.SocketStream:
    for host in found[:-1]:
        try:
            return await _connect(host, port)
        except OSError:
            continue
    return await _connect(found[-1], port)


async def _connect(address: str, port: int) -> trio.SocketStream:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connected = trio.socket.socket(family, socket.SOCK_STREAM)
    try:
        await connected.connect((address, port))
    except BaseException:
        connected.close()
        raise
    return trio.SocketStream(connected)


def reason_of(error: BaseException) -> str:
    """Why a connection failed, for people. The libraries chain the system's error as the cause of theirs."""
    causes = list(_causes(error))
    for each in causes:
        if isinstance(each, ssl.SSLCertVerificationError):
            if (when := _WRONG_TIMES.get(each.verify_code)) is not None:
                now = datetime.now(UTC)
                return f"its certificate {when}, by the clock of this host, on which it is {now:%Y-%m-%d %H:%M} UTC"
            return (
                f"its certificate is not trusted: {each.verify_message}. If it is the compute's own, give it as "
                "'certificate'"
            )
        if isinstance(each, ssl.SSLError):
            return f"TLS failed: {each.reason or each}; does it speak https?"
        if isinstance(each, ConnectionRefusedError):
            return "connection refused"
    texts = [each.strerror for each in causes if isinstance(each, OSError) and each.strerror]
    return texts[-1] if texts else str(error) or type(error).__name__


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error and all its causes, of which trio groups those of all addresses."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and each not in found:
            found.append(each)
            waiting += (
                each.exceptions if isinstance(each, BaseExceptionGroup) else (each.__cause__ or each.__context__,)
            )
    return found
