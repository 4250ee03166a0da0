"""Roaming data: what a hub and the companies behind it say of EVSEs and sessions. Verbs stand in ``services``."""
