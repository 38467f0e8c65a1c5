"""What goes first when Temporal's task queues hold more than the workers can take. The only place that says so.

A priority belongs to a workflow from its start, and to the activities it runs; a lower number goes first, strictly.
Among tasks of one priority each list has its turn (`fairness_key`), so that a large restock of one does not hold up
the others. The server must have `matching.enableFairness` on; without it all are served in order of their coming.
"""

from enum import IntEnum


class PriorityKey(IntEnum):
    """Temporal's numbers, 1 to 5. 1 is left free, for what nobody has thought of yet."""

    CALLED_FORWARD = 2
    """Giving places away, calling forward, delivering to who was called, and exits: a unit may be sold any moment, and
    who asked to leave must not be written to."""
    ORDINARY = 3
    """Everything else, above all the starts of journeys: who has just entered stands in line already. Temporal's own
    default."""
    BACKGROUND = 5
    """Moving or ending many journeys, entering people late, archiving, reconciling: nobody waits for it, and there is
    much of it at once."""
