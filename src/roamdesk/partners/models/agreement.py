"""Which procedure is carried out: versions that are kept, and the one that a desk chose."""

from __future__ import annotations

from django.db import models

from roamdesk.desks.models import Desk


class ProcedureVersion(models.Model):
    """A procedure file as it was when it was taken up. Never changed, only added."""

    key = models.CharField(max_length=60)
    version = models.CharField(max_length=20)
    title = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64, unique=True)
    source = models.TextField()
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


class DeskProcedure(models.Model):
    """Which version a desk opens its next cases with."""

    desk = models.OneToOneField(Desk, on_delete=models.CASCADE, related_name="procedure")
    version = models.ForeignKey(ProcedureVersion, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return str(self.version)
