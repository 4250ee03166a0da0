"""Pages as values, for tests that read them."""

from __future__ import annotations

import re
from html import unescape

from django.test import Client
from django_scopes import scope

from roamdesk.cases.models import Case
from roamdesk.desks.models import Person


def page_of(client: Client, person: Person, path: str) -> str:
    """The page as that person sees it; fails when it is none."""
    client.force_login(person)
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def text_of(html: str) -> str:
    """What can be read on a page, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def path_of(case: Case, rest: str = "") -> str:
    return f"/d/{case.desk.slug}/cases/{case.reference}{rest}"


def again(case: Case) -> Case:
    """The case as it stands now."""
    with scope(desk=case.desk):
        return Case.objects.select_related("desk").get(pk=case.pk)
