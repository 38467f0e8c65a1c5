"""How long a sender waits, and how much it keeps open: the same for mail servers and for providers over HTTP."""

from dataclasses import dataclass

# Small servers and providers allow about ten connections of one client.
CONNECTIONS = 8
# While the server answers, a connection is free within milliseconds. If none is by then, it is better to try again
# later than to hold an activity slot.
QUEUE_SECONDS = 10.0
# A healthy provider answers a handshake in well under a second, from the other side of the world too.
CONNECT_SECONDS = 5.0
# RFC 5321 section 4.5.3.2: five minutes for a greeting or a recipient. Until the body is written, giving up is safe.
READY_SECONDS = 300.0
# RFC 5321 allows the server ten minutes; real ones scan for a few seconds. After giving up nobody knows the outcome.
ANSWER_SECONDS = 30.0
# Of a provider that knows a repeated request: the first pause, which doubles, and how often it is asked. All tries
# together fit into the usual time for an answer, if each fails at once.
PAUSE_SECONDS = 0.25
TRIES = 10
# A process that is asked to stop has about ten seconds; most answers under way arrive in the first.
CANCELLED_SECONDS = 5.0
# Shorter than any server's own limit (30 s and more), so that a connection in use is rarely one being closed.
IDLE_SECONDS = 20.0
# Now and then a new connection finds a mail server's new address, certificate and login.
AGE_SECONDS = 300.0
# Servers commonly allow a hundred messages on a connection.
USES = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a sender waits, in seconds.

    Attributes:
        queue: for a free connection; and for a provider that wants to be left alone.
        connect: for a connection to a provider over HTTP, with TLS.
        ready: from there until a mail server has accepted the recipient: handshake, MAIL and RCPT in all; and once more
            for its answer to DATA.
        answer: for the answer to the message, repetitions included.
        pause: before the first repetition of a request, where a provider knows it again.
        tries: how often such a request is made at most.
        cancelled: for that answer once the send has been cancelled.
        idle, age: how long a connection may lie unused, and be used at all.
        uses: messages on one connection.
    """

    queue: float = QUEUE_SECONDS
    connect: float = CONNECT_SECONDS
    ready: float = READY_SECONDS
    answer: float = ANSWER_SECONDS
    pause: float = PAUSE_SECONDS
    tries: int = TRIES
    cancelled: float = CANCELLED_SECONDS
    idle: float = IDLE_SECONDS
    age: float = AGE_SECONDS
    uses: int = USES
