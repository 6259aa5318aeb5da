"""Every limit of the HTTP server: sizes in bytes, times in seconds, each with its reason."""

from gns3trio.classes import frozen


@frozen
class Limits:
    """Limits for one client. The defaults are for production; tests use smaller values."""

    request_head_seconds: float = 20.0
    """From the connection (or the first byte of a later request) to the end of its headers; ends a slow loris."""
    request_head_bytes: int = 64 * 1024
    """Request line and headers; browsers send at most some 16 KiB of cookies. More is answered with 431."""
    body_stall_seconds: float = 60.0
    """Without a byte of an unfinished request body. An upload may pause for this long, but not for ever."""
    keep_alive_seconds: float = 75.0
    """Idle between two requests; longer than the pools of common clients keep theirs, so that they close first."""
    write_stall_seconds: float = 60.0
    """A client that reads no byte for this long is disconnected. This also covers hosts that have vanished."""
    write_buffer_bytes: int = 64 * 1024
    """Bytes not yet passed to the kernel. When the buffer is full, the application's ``send()`` waits."""
    pipelined_bytes: int = 64 * 1024
    """Sent ahead while a reply is running. More ends the connection: nobody pipelines that much."""
    websocket_message_bytes: int = 1024 * 1024
    """Largest message of a client; a longer one is answered with close code 1009."""
    websocket_ping_seconds: float = 20.0
    """Between two pings: below the idle timeout of common proxies (60 s) and NAT tables."""
    tls_handshake_seconds: float = 10.0
    """A handshake is two round trips."""
    linger_seconds: float = 2.0
    """After a last reply, for the client to take it and close; its unread bytes would make the kernel send a
    reset, which can destroy a reply that is still under way."""
    closing_stall_seconds: float = 1.0
    """As write_stall_seconds and body_stall_seconds once the server closes."""
    closing_grace_seconds: float = 5.0
    """For requests that are running when the server closes; then they are cancelled."""
    backlog: int = 1024
    """Connections that the kernel accepts ahead of us; a burst of 500 clients must not wait for retries."""
