"""``plan()`` alone, and against zen-engine (a decision-table engine written in Rust).

How the comparison is fair: zen-engine gets the decision only, as two tables made from the same procedure, one for the
route (first hit) and one for the duties (collect), and is handed every fact that follows from others already worked
out. ``plan()`` is handed what was recorded, and works out the facts, the route, the duties and the questions. Both
must give the same route and the same duties for every situation, or the run stops. ``plan()`` remembers decisions, as
it does in production; how long the first time takes is a figure of its own.
"""

from __future__ import annotations

import itertools
import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import zen

from benchmarks.figures import Figure, figure
from roamdesk.procedure import Entry, Facts, Procedure, fold, plan, shipped
from roamdesk.procedure.model import UNSET, Condition, Kind, Test
from roamdesk.procedure.planning import decide, deciding_facts

SITUATIONS = 2_000
ROUNDS = 7
PLANS_A_SECOND = 150_000
Row = dict[str, frozenset[str]]  # the values that each fact may have
AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)


def figures() -> Iterator[Figure]:
    procedure = shipped()
    situations = list(_situations(procedure))
    tables = _Tables(procedure)
    asked = [tables.inputs(procedure, facts) for facts in situations]
    _must_agree(procedure, tables, situations, asked)
    ours, asked_in_full, first, theirs = [], [], [], []
    for _ in range(ROUNDS):
        ours.append(_rate(lambda: [plan(procedure, facts) for facts in situations], times=10))
        asked_in_full.append(_rate(lambda: [_in_full(procedure, facts) for facts in situations]))
        first.append(_rate(lambda: [decide(procedure, facts.decisive) for facts in situations[:200]], of=200))
        theirs.append(_rate(lambda: [tables.evaluate(one) for one in asked[:500]], of=500))
    yield _figure("plan_rate", ours, [PLANS_A_SECOND] * ROUNDS, "plan() on one core against 150,000/s")
    yield _figure(
        "plan_in_full_rate", asked_in_full, [PLANS_A_SECOND] * ROUNDS, "with every duty and its instants read"
    )
    yield _figure("plan_vs_zen_engine", asked_in_full, theirs, "plan() read in full against zen-engine")
    yield _figure("plan_first_vs_zen_engine", first, theirs, "a situation never seen before against zen-engine")


def _figure(name: str, ours: Sequence[float], floor: Sequence[float], detail: str) -> Figure:
    ratios = [mine / theirs for mine, theirs in zip(ours, floor, strict=True)]
    detail = f"{detail}: {sorted(ours)[len(ours) // 2]:,.0f}/s against {sorted(floor)[len(floor) // 2]:,.0f}/s"
    return figure(name, ratios, 1.0, at_least=True, detail=detail)


def _rate(work: Callable[[], object], *, times: int = 1, of: int = SITUATIONS) -> float:
    """How many a second of one core; whoever shares the machine takes none of it."""
    began = time.process_time()
    for _ in range(times):
        work()
    return times * of / (time.process_time() - began)


def _in_full(procedure: Procedure, facts: Facts) -> tuple[object, ...]:
    made = plan(procedure, facts)
    return made.route, made.duties, made.questions


def _situations(procedure: Procedure) -> Iterator[Facts]:
    """Drawn at random, always the same: each recorded fact is told half of the time."""
    drawn = random.Random(2026)
    told = [fact for fact in procedure.facts.values() if fact.is_recorded]
    for _ in range(SITUATIONS):
        values: dict[str, Any] = {
            fact.name: drawn.choice(list(fact.options)) if fact.kind is Kind.CHOICE else "told"
            for fact in told
            if drawn.random() < 0.5
        }
        yield fold(procedure, [Entry(AT, values)])


def _must_agree(
    procedure: Procedure, tables: _Tables, situations: Sequence[Facts], asked: Sequence[dict[str, str]]
) -> None:
    for facts, one in zip(situations, asked, strict=True):
        made = plan(procedure, facts)
        expected = made.route.id, {rule.id for rule in made.rules}
        if tables.evaluate(one) != expected:
            raise SystemExit(f"plan() and zen-engine do not agree: {expected} and {tables.evaluate(one)} for {one}")


class _Tables:
    """The procedure's routes and duties as two decision tables in zen-engine's own form (JDM)."""

    def __init__(self, procedure: Procedure) -> None:
        self.columns = sorted(deciding_facts(procedure))
        routes = _table("routes", "first", _route_rows(procedure), "route", self.columns)
        duties = _table("duties", "collect", _duty_rows(procedure), "rule", [*self.columns, "route"])
        self._decision = zen.ZenEngine().create_decision(_joined(routes, duties))

    def inputs(self, procedure: Procedure, facts: Facts) -> dict[str, str]:
        values = plan(procedure, facts).decision.values
        return {name: values.get(name, UNSET) for name in self.columns}

    def evaluate(self, inputs: dict[str, str]) -> tuple[str, set[str]]:
        result: Any = self._decision.evaluate(inputs)["result"]
        return result["route"], {row["rule"] for row in result["duties"]}


def _route_rows(procedure: Procedure) -> Iterator[tuple[Row, str]]:
    for route in procedure.routes:
        for row in _alternatives(route.when):
            yield row, route.id


def _duty_rows(procedure: Procedure) -> Iterator[tuple[Row, str]]:
    """A duty is owed where ``when`` holds and ``until`` does not: a row for each way in which both are so."""
    for rule in procedure.duties:
        for row in _alternatives(rule.when):
            rows = [row | {"route": rule.routes}]
            for tests in rule.until.alternatives:
                against = [{test.fact: _otherwise(procedure, test)} for test in tests]
                rows = [both for one in rows for other in against if (both := _and(one, other)) is not None]
            yield from ((one, rule.id) for one in rows)


def _alternatives(condition: Condition) -> list[Row]:
    found = []
    for tests in condition.alternatives or ((),):
        row: Row | None = {}
        for test in tests:
            row = _and(row, {test.fact: test.values}) if row is not None else None
        found += [row] if row is not None else []
    return found


def _otherwise(procedure: Procedure, test: Test) -> frozenset[str]:
    return frozenset({*procedure.facts[test.fact].values, UNSET}) - test.values


def _and(one: Row, other: Row) -> Row | None:
    """Both rows at once; None where no value is left."""
    both = one | {name: one.get(name, values) & values for name, values in other.items()}
    return both if all(both.values()) else None


def _table(
    name: str, hits: str, rows: Iterable[tuple[Row, str]], output: str, columns: Sequence[str]
) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "type": "decisionTableNode",
        "content": {
            "hitPolicy": hits,
            "passThrough": True,
            "inputField": None,
            "outputPath": "duties" if hits == "collect" else None,
            "executionMode": "single",
            "inputs": [{"id": column, "name": column, "field": column} for column in columns],
            "outputs": [{"id": "found", "name": output, "field": output}],
            "rules": [
                {"_id": f"{name}{number}", "found": json.dumps(id)}
                | {column: ",".join(json.dumps(each) for each in sorted(row.get(column, ()))) for column in columns}
                for number, (row, id) in enumerate(rows)
            ],
        },
    }


def _joined(*nodes: dict[str, Any]) -> str:
    ends = {"in": "inputNode", "out": "outputNode"}
    chain = ["in", *(node["id"] for node in nodes), "out"]
    return json.dumps(
        {
            "contentType": "application/vnd.gorules.decision",
            "nodes": [*nodes, *({"id": id, "name": id, "type": type} for id, type in ends.items())],
            "edges": [
                {"id": f"{a}-{b}", "sourceId": a, "targetId": b, "type": "edge"} for a, b in itertools.pairwise(chain)
            ],
        }
    )
