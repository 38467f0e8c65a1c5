"""The other side of every provider of e-mail over HTTP."""

from tests.simulated.mail_apis_of_json import SimulatedBrevo, SimulatedPostmark, SimulatedResend, SimulatedSendGrid
from tests.simulated.mail_apis_of_mime import SimulatedMailgun, SimulatedSes

SIMULATED = (
    SimulatedSes,
    SimulatedPostmark,
    SimulatedSendGrid,
    SimulatedMailgun,
    SimulatedResend,
    SimulatedBrevo,
)
"""One of each."""
