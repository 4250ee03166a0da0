"""From a procedure file to a Procedure, or to all of its faults at once."""

from __future__ import annotations

import re
from pathlib import Path

from roamdesk.procedure.errors import Fault, ProcedureError
from roamdesk.procedure.model import (
    ALWAYS,
    SET,
    UNSET,
    Answer,
    Channel,
    Condition,
    CountOf,
    Derivation,
    Disclosure,
    Due,
    DutyRule,
    FactDef,
    KickOff,
    Kind,
    Late,
    Machine,
    MessageTemplate,
    Procedure,
    Requirement,
    Route,
    Side,
    Step,
    TemplateField,
    Test,
)
from roamdesk.procedure.reading import Node, read
from roamdesk.procedure.template_words import field_words, references

SHIPPED = Path(__file__).parent / "procedures"
CONTEXT = frozenset(
    {"desk", "partner", "operator_name", "emergency_number", "reference", "their_reference", "outcome_words"}
)
TOP = (
    "procedure", "version", "title", "statements", "out_of_scope", "targets", "tolerances", "tries", "facts",
    "routes", "duties", "disclosures", "template", "references", "messages", "readiness", "kick_off",
)  # fmt: skip
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*$")


def load(source: str | Path, *, name: str = "") -> Procedure:
    """The procedure in a file (a Path) or in a text.

    Raises ProcedureError with every fault found, each with file, line and mend.
    """
    if isinstance(source, Path):
        return load(_text_of(source), name=name or source.name)
    root, faults = read(source, name or "procedure.yaml")
    procedure = _Loader(name or "procedure.yaml").build(root)
    if faults:
        raise ProcedureError(faults)
    return procedure


def shipped(name: str = "hubject") -> Procedure:
    """A procedure that comes with the product."""
    return load(SHIPPED / f"{name}.yaml")


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ProcedureError(
            [Fault(path.name, 0, f"Byte {error.start} is not UTF-8.", "Save the file as UTF-8.")]
        ) from None


class _Loader:
    """Reads top to bottom: a part may refer only to what stands above it, so nothing can go in circles."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.facts: dict[str, FactDef] = {}
        self.route_ids: list[str] = []
        self.statements: dict[str, str] = {}
        self.targets: dict[str, object] = {}
        self.messages: dict[str, MessageTemplate] = {}
        self.duty_ids: set[str] = set()

    def build(self, root: Node) -> Procedure:
        top = root.keys(*TOP)
        self.statements = {number: node.text() for number, node in top["statements"].items()}
        self.route_ids = [
            value.text() for node in top["routes"].entries() for key, value in node.items() if key == "id"
        ]
        targets = {name: node.target() for name, node in top["targets"].items()}
        self.targets = dict(targets)
        for name, node in top["facts"].items():
            self.facts[name] = self._fact(name, node)
        routes = tuple(self._route(node) for node in top["routes"].entries())
        if not routes:
            top["routes"].fault("There is no route.", "Add at least one, the last without 'when'.")
        self.messages = {name: self._message(name, node) for name, node in top["messages"].items()}
        return Procedure(
            id=top["procedure"].text(),
            version=top["version"].text(),
            title=top["title"].text(),
            file=self.file,
            statements=self.statements,
            out_of_scope={number: node.text() for number, node in top["out_of_scope"].items()},
            targets=targets,
            tolerances={name: node.duration() for name, node in top["tolerances"].items()},
            tries={name: node.number(3) for name, node in top["tries"].items()},
            facts=self.facts,
            routes=routes,
            duties=tuple(self._duty(node) for node in top["duties"].entries()),
            disclosures=tuple(self._disclosure(node) for node in top["disclosures"].entries()),
            template=tuple(self._template_field(node) for node in top["template"].entries()),
            references=references(top["references"]),
            messages=self.messages,
            readiness={
                role: tuple(self._requirement(each) for each in node.entries())
                for role, node in top["readiness"].items()
            },
            kick_off=self._kick_off(top["kick_off"]) if top["kick_off"] else None,
        )

    # facts

    def _fact(self, name: str, node: Node) -> FactDef:
        part = node.keys(
            "title", "ask", "kind", "one_of", "personal", "when", "in", "derive", "count", "forgets", "cites"
        )  # fmt: skip
        if not _NAME.match(name) or name in (SET, UNSET):
            node.fault(f"'{name}' can't name a fact.", "Use small letters, digits and _, for instance cable_out.")
        options = {value: text.text() for value, text in part["one_of"].items()}
        if part["one_of"] and not options:
            part["one_of"].fault(f"{name} has no options.", "List at least one 'value: text'.")
        for reserved in {SET, UNSET} & options.keys():
            part["one_of"].fault(f"'{reserved}' can't be an option.", "It says whether the fact is known at all.")
        derive = tuple(self._derivation(each) for each in part["derive"].entries())
        if sum(map(bool, (options, derive, part["count"], part["kind"]))) != 1:
            node.fault(f"It is not clear what {name} holds.", "Give exactly one of one_of, kind, derive and count.")
        return FactDef(
            name=name,
            line=node.line,
            title=part["title"].text(name.replace("_", " ").capitalize()),
            kind=Kind.CHOICE if options or derive or part["count"] else Kind(part["kind"].one_of(Kind, "text")),
            options=options,
            ask=part["ask"].text(""),
            personal=part["personal"].flag(),
            when=self._condition(part["when"]),
            routes=self._routes(part["in"]),
            derive=derive,
            count=self._count(part["count"]) if part["count"] else None,
            forgets=frozenset(part["forgets"].words()),
            cites=self._cites(part["cites"]),
        )

    def _derivation(self, node: Node) -> Derivation:
        part = node.keys("is", "when")
        return Derivation(part["is"].text(), self._condition(part["when"]))

    def _count(self, node: Node) -> CountOf:
        part = node.keys("of", "is", "up_to")
        counted = self.facts.get(part["of"].text())
        if counted is None or part["is"].text() not in counted.options:
            node.fault("It counts what is no fact.", "'of' names a fact above, 'is' one of its options.")
        return CountOf(part["of"].text(), part["is"].text(), part["up_to"].number(3))

    def _condition(self, node: Node) -> Condition:
        """A mapping is a conjunction; a list of mappings are alternatives."""
        if not node:
            return ALWAYS
        conjunctions = list(node.entries()) if node.is_list else [node]
        return Condition(tuple(tuple(self._test(n, v) for n, v in each.items()) for each in conjunctions))

    def _test(self, name: str, node: Node) -> Test:
        fact = self.facts.get(name)
        if fact is None:
            node.fault(f"{name} is no fact above this line.", "Define it above under facts, or mend the name.")
            return Test(name, frozenset())
        wanted = node.words()
        allowed = (*fact.values, SET, UNSET)
        for value in wanted:
            if value not in allowed:
                node.fault(f"{name} is never '{value}'.", f"Use one of: {', '.join(dict.fromkeys(allowed))}.")
        values = frozenset(wanted)
        return Test(name, values - {SET} | frozenset(fact.values) if SET in values else values)

    # routes and duties

    def _route(self, node: Node) -> Route:
        part = node.keys("id", "title", "when", "happens", "call_centres_talk", "danger", "closes_itself", "cites")
        if self.route_ids.count(part["id"].text()) > 1:
            node.fault(f"Two routes are called '{part['id'].text()}'.", "Give each its own id.")
        when = self._condition(part["when"])
        for late in sorted(name for name in when.facts if name in self.facts and self._follows_a_route(name)):
            part["when"].fault(f"{late} is known only within a route.", "Choose the route by facts without 'in'.")
        return Route(
            id=part["id"].text(),
            line=node.line,
            title=part["title"].text(),
            when=when,
            happens=self._wording(part["happens"]),
            call_centres_talk=part["call_centres_talk"].flag(),
            danger=part["danger"].flag(),
            closes_itself=part["closes_itself"].flag(),
            cites=self._cites(part["cites"]),
        )

    def _follows_a_route(self, name: str) -> bool:
        fact = self.facts[name]
        behind = fact.when.facts.union(*(each.when.facts for each in fact.derive))
        return bool(fact.routes) or any(each in self.facts and self._follows_a_route(each) for each in behind)

    def _duty(self, node: Node) -> DutyRule:
        part = node.keys(
            "id", "action", "in", "when", "until", "owed_by", "channel", "to", "do", "wait", "say", "spell", "tell",
            "requires", "result", "due", "late", "cites", "answers", "question", "steps", "machine", "message",
            "standing", "optional", "waivable",
        )  # fmt: skip
        id = part["id"].text()
        if id in self.duty_ids:
            node.fault(f"Two duties are called '{id}'.", "Give each its own id.")
        self.duty_ids.add(id)
        message = part["message"].text("")
        if message and message not in self.messages:
            part["message"].fault(f"There is no message '{message}'.", f"Use one of: {', '.join(self.messages)}.")
        answers = tuple(self._answer(each) for each in part["answers"].entries())
        if len(answers) > 9:
            part["answers"].fault(f"{id} has {len(answers)} answers.", "Nine keys answer: merge some.")
        return DutyRule(
            id=id,
            line=node.line,
            action=part["action"].text(id),
            routes=self._routes(part["in"]) or frozenset(self.route_ids),
            when=self._condition(part["when"]),
            until=self._condition(part["until"]),
            owed_by=Side(part["owed_by"].one_of(Side)),
            channel=Channel(part["channel"].one_of(Channel)),
            to=part["to"].words(),
            do=self._wording(part["do"], required=True),
            wait=self._wording(part["wait"]),
            say=self._wording(part["say"]),
            spell=self._fact_names(part["spell"]),
            tell=self._fact_names(part["tell"]),
            requires=self._requires(part["requires"]),
            result=part["result"].text(""),
            due=self._due(part["due"]) if part["due"] else None,
            late=tuple(self._late(each, part["due"]) for each in part["late"].entries()),
            cites=self._cites(part["cites"], required=True),
            answers=answers,
            question=self._wording(part["question"]),
            steps=tuple(self._step(each) for each in part["steps"].entries()),
            machine=Machine(part["machine"].one_of(Machine)) if part["machine"] else None,
            message=message,
            standing=part["standing"].flag(),
            optional=part["optional"].flag(),
            waivable=part["waivable"].flag(),
        )

    def _requires(self, node: Node) -> tuple[tuple[str, ...], ...]:
        """Facts without which it can't be carried out; an inner list: any one of them."""
        return tuple(self._fact_names(each) for each in node.entries())

    def _due(self, node: Node) -> Due:
        part = node.keys("target", "after")
        if part["target"].text() not in self.targets:
            part["target"].fault(f"There is no target '{part['target'].text()}'.", "Name it under targets.")
        return Due(part["target"].text(), self._fact_names(part["after"]))

    def _late(self, node: Node, due: Node) -> Late:
        part = node.keys("when", "record")
        if not due:
            node.fault("It can't be late: nothing says when it is due.", "Add to the duty: due: {target: …, after: …}.")
        return Late(self._condition(part["when"]), self._record(part["record"], "The clock"))

    def _answer(self, node: Node) -> Answer:
        part = node.keys("text", "note", "record", "asks", "call")
        call = part["call"].text("")
        if call not in ("", "answered", "no_answer", "machine", "refused"):
            part["call"].fault(f"A call is never '{call}'.", "Use answered, no_answer, machine or refused.")
        return Answer(
            text=self._wording(part["text"], required=True),
            line=node.line,
            note=self._wording(part["note"]),
            record=self._record(part["record"], "An answer"),
            asks=self._fact_names(part["asks"]),
            call=call,
        )

    def _record(self, node: Node, who: str) -> dict[str, str]:
        record = {}
        for name, value in node.items():
            record[name] = value.text()
            fact = self.facts.get(name)
            if fact is None or not fact.is_recorded or value.text() not in (*fact.options, UNSET):
                allowed = ", ".join(fact.options) if fact else "the facts above"
                value.fault(f"{who} can't record {name}: {value.text()}.", f"Use one of: {allowed}.")
        return record

    def _step(self, node: Node) -> Step:
        part = node.keys("id", "text", "when")
        return Step(part["id"].text(), self._wording(part["text"], required=True), self._condition(part["when"]))

    # messages, disclosures, readiness

    def _message(self, name: str, node: Node) -> MessageTemplate:
        part = node.keys("subject", "opening", "tells", "by_itself", "by_itself_when", "by_hand", "defaults", "cites")
        tells = {}
        for recipient, facts in part["tells"].items():
            tells[recipient] = {fact: value.text() for fact, value in facts.items()}
            for fact, value in facts.items():
                if fact not in self.facts or value.text() not in self.facts[fact].options:
                    value.fault(f"{fact}: {value.text()} can't be told.", "Name a fact above and one of its options.")
        if not tells:
            part["tells"].fault(f"{name} goes to nobody.", "List recipients, each with the facts that it then knows.")
        return MessageTemplate(
            id=name,
            line=node.line,
            subject=self._wording(part["subject"], required=True),
            opening=self._wording(part["opening"], required=True),
            tells=tells,
            by_itself=part["by_itself"].duration() if part["by_itself"] else None,
            by_itself_when=self._condition(part["by_itself_when"]),
            by_hand=part["by_hand"].flag(),
            defaults={field: self._wording(text) for field, text in part["defaults"].items()},
            cites=self._cites(part["cites"], required=True),
        )

    def _template_field(self, node: Node) -> TemplateField:
        part = node.keys(
            "name", "title", "from", "time_format", "indicative", "absent", "required", "words", "cites"
        )  # fmt: skip
        return TemplateField(
            name=part["name"].text(),
            line=node.line,
            title=part["title"].text(),
            sources=self._fact_names(part["from"]),
            time_format=part["time_format"].text(""),
            indicative=self._condition(part["indicative"]) if part["indicative"] else None,
            absent=self._wordings(part["absent"]),
            required=part["required"].flag() if part["required"] else True,
            words=field_words(part["words"], part["title"].text(""), self._wordings),
            cites=self._cites(part["cites"]),
        )

    def _disclosure(self, node: Node) -> Disclosure:
        part = node.keys("field", "to", "when", "cites")
        name = next(iter(self._fact_names(part["field"])), "")
        if name in self.facts and not self.facts[name].personal:
            part["field"].fault(f"{name} is not personal.", "Mark the fact 'personal: yes', or drop the disclosure.")
        to = Side(part["to"].one_of(Side))
        return Disclosure(name, to, self._condition(part["when"]), self._cites(part["cites"], required=True))

    def _requirement(self, node: Node) -> Requirement:
        part = node.keys("gap", "text", "purpose", "channel", "hours", "language", "skills", "count", "flag", "cites")
        return Requirement(
            gap=part["gap"].text(),
            line=node.line,
            text=part["text"].text(),
            purpose=part["purpose"].text(""),
            channel=part["channel"].text(""),
            hours=part["hours"].text(""),
            language=part["language"].text(""),
            skills=part["skills"].flag(),
            count=part["count"].number(1),
            flag=part["flag"].text(""),
            cites=self._cites(part["cites"], required=True),
        )

    def _kick_off(self, node: Node) -> KickOff:
        part = node.keys("owed_by", "business_days", "cites")
        return KickOff(
            Side(part["owed_by"].one_of(Side)),
            part["business_days"].number(5),
            self._cites(part["cites"], required=True),
        )

    # references

    def _routes(self, node: Node) -> frozenset[str]:
        for id in node.words():
            if id not in self.route_ids:
                node.fault(f"There is no route '{id}'.", f"Use one of: {', '.join(self.route_ids)}.")
        return frozenset(node.words())

    def _fact_names(self, node: Node) -> tuple[str, ...]:
        names = node.words()
        for name in names:
            if name not in self.facts:
                node.fault(f"There is no fact '{name}'.", "Define it under facts, or mend the name.")
        return names

    def _cites(self, node: Node, *, required: bool = False) -> tuple[str, ...]:
        if required and not node.words():
            node.fault(
                f"{node.path.removesuffix('.cites')} cites no statement.",
                "Say which sentence demands it: cites: [S13].",
            )
        for number in node.words():
            if number not in self.statements:
                node.fault(
                    f"There is no statement {number}.",
                    "Add its sentence under statements, or mend the number.",
                )
        return node.words()

    def _wordings(self, node: Node) -> tuple[str, ...]:
        """One wording, or a list of them."""
        nodes = list(node.entries()) if node.is_list else [node] if node else []
        return tuple(self._wording(each) for each in nodes)

    def _wording(self, node: Node, *, required: bool = False) -> str:
        text = node.text() if required else node.text("")
        for name in _PLACEHOLDER.findall(text):
            if name not in CONTEXT and name not in self.facts:
                known = ", ".join(sorted(CONTEXT))
                node.fault(f"{{{name}}} is neither a fact nor known here.", f"Use a fact, or one of: {known}.")
        return text
