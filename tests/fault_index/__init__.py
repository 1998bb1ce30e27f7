"""A package index on loopback with faults, for every test that fetches."""

from tests.fault_index.server import FaultIndex, Request, Rule
from tests.fault_index.wheels import SmallWheel, load_wheels, lock_of, make_wheel

__all__ = ["FaultIndex", "Request", "Rule", "SmallWheel", "load_wheels", "lock_of", "make_wheel"]
