"""What goes first when outbox or Temporal's task queues hold more than can be taken. All priorities are decided here.

In the outbox a call has the priority of what it asks for (`set_queue` in the schema), and the stores of one priority
are served in turn.

A priority belongs to a workflow from its start, and to the activities it runs; a lower number goes first, strictly.
Among tasks of one priority the lists are served in turn (`fairness_key`), so that a large restock of one does not
hold up the others. The server must have `matching.enableFairness` on; without it, first come, first served.
"""

from enum import IntEnum


class PriorityKey(IntEnum):
    """Temporal's numbers, 1 to 5. 1 is left free for later needs."""

    URGENT = 2
    """Giving places away, notifying claims, delivering to those contacts, and exits: a unit may be sold any moment, and
    a contact who leaves must not be written to. What contacts did and operators ask for, too: somebody looks for
    the answer."""
    ORDINARY = 3
    """Everything else, above all the starts of journeys: the place in line is in PostgreSQL already. Temporal's own
    default."""
    BACKGROUND = 5
    """Moving or ending many journeys, broadcasts, entering people late, archiving, reconciling: nobody waits for it,
    and there is much of it at once."""
