"""The worker's inside: rounds of work, threads beside the jobs, and a watchdog over them all."""
