"""The deterministic simulation of many refunds and cancellations in virtual time, with faults by swarm.

Shipped code is what runs: `domain.feeds.decide`, the table of moves, the policy of `domain.dispatch`,
`domain.quotas.Bucket`, the XML of both feeds, the reader of reports, and the sorting of Amazon's answers.
Mirrored, because it is made of Django, is the adapter around them: `worker.py` names for each step the
function of `mostrador/tasks` it stands for, and `store.py` repeats the constraints of `mostrador/models`. The
oracle is the fake Amazon's own book. One thing differs: a worker whose clock is behind the queue's would look
for its next departure over and over until the clocks agree; here it looks once a second.

Taken for granted: Amazon refuses an expired token on arrival (A1); its list is complete when the
fence falls (A2); no commit is lost (A3); another program's feed is never the only newcomer in the list
(A4); the workers' clocks are right to five minutes (A5); the network does not double a createFeed: TLS
forbids it (A6).
"""

from __future__ import annotations

from tests.faults.simulation.desk import Person
from tests.faults.simulation.faults import Faults
from tests.faults.simulation.invariants import Broken
from tests.faults.simulation.running import Result, Simulation
from tests.faults.simulation.worker import Worker

__all__ = ["Broken", "Faults", "Person", "Result", "Simulation", "Worker"]
