"""A stand-in for the roaming hub: it checks in the order of the specification and forwards between two desks."""
