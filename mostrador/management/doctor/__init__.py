"""The doctor: checks that each say in plain words what they found and what to do next."""

from mostrador.management.doctor.findings import Finding, Severity
from mostrador.management.doctor.round import examine

__all__ = ["Finding", "Severity", "examine"]
