"""How much is measured: the whole run, and the small one that shows that everything works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each is done.

    Attributes:
        at_once: journeys that are open, and told, together.
        rounds: how often they are started and told, on either side.
        restocks: how often each waiting list is restocked.
        imported: people whose start lies in the outbox behind a restock.
        variants: of one product that is watched as a whole, to which levels are told.
        first_messages: how often a first message is timed.
        requests: webhooks, and sign-ups, that are sent in a round of intake.
        feed_rows: variants of a feed that is read.
        console: contacts and events of the shop that the console shows, and how often each of its pages is opened.
        cached: open journeys whose memory is measured.
        moved: open journeys that are moved to another version.
        messages: that are written, and sent by each way, in a round.
        killed: they are moved back too, by an engine that is killed in the middle and one that goes on. It waits for a
            heartbeat that does not come.
        replayed: archived journeys that are replayed in a round.
    """

    at_once: int
    rounds: int
    warm_up: int
    waiting: tuple[int, ...]
    restocks: int
    imported: int
    variants: int
    first_messages: int
    requests: int
    feed_rows: int
    console: tuple[int, int, int]
    cached: int
    moved: int
    messages: int
    killed: bool
    replayed: int


FULL = Sizes(
    at_once=500,
    rounds=4,
    warm_up=60,
    waiting=(200, 20_000, 1_000_000),
    restocks=9,
    imported=100_000,
    variants=2_000,
    first_messages=15,
    requests=1_000,
    feed_rows=1_000_000,
    console=(100_000, 1_000_000, 5),
    cached=800,
    moved=10_000,
    messages=200,
    killed=True,
    replayed=1_000,
)

QUICK = Sizes(
    at_once=30,
    rounds=1,
    warm_up=5,
    waiting=(20, 40),
    restocks=2,
    imported=50,
    variants=20,
    first_messages=2,
    requests=20,
    feed_rows=2_000,
    console=(1_000, 5_000, 1),
    cached=30,
    moved=20,
    messages=20,
    killed=False,
    replayed=20,
)
