"""An imitation of a help desk that answers whatever it gets and lies in every header that could tell."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import parseaddr

from correspondence.smtp_peer import BOUND, SmtpPeer

WORDS = ("We have got your request", "Your ticket was updated", "Thank you for contacting us", "New comment")


@dataclass
class LyingHelpDesk:
    """Takes mail at ``inbox``; ``answer_all`` writes back to whom each asks to be answered at. ``sent`` counts.

    Every answer has a new Message-ID, sender tag and subject, no References, and says ``Auto-Submitted: no``.
    """

    inbox: SmtpPeer
    writes_to_port: int
    sent: list[EmailMessage] = field(default_factory=list)
    writes_the_template: bool = False

    def answer_all(self) -> int:
        """How many were left to answer."""
        waiting = self.inbox.taken[len(self.sent) :]
        for mail in waiting:
            self._answer(mail)
        return len(waiting)

    def _answer(self, mail: EmailMessage) -> None:
        number = len(self.sent) + 1
        answer = EmailMessage()
        answer["From"] = f"VoltPass help <support+t{number * 7919}@voltpass.example>"
        answer["To"] = to = parseaddr(str(mail["Reply-To"] or mail["From"]))[1]
        answer["Subject"] = f"[Ticket {40_000 + number}] {WORDS[number % len(WORDS)]}"
        answer["Message-ID"] = f"<{number}.ticket@voltpass.example>"
        answer["Auto-Submitted"] = "no"
        answer["X-Auto-Response-Suppress"] = "None"
        template = f"Date and time: 10/03/2026 09:0{number}\nEVSE id: DE*NDL*E77{number}*1\nToken: none\n"
        answer.set_content(
            f"A colleague takes care of it. This is message {number}.\n\n{template if self.writes_the_template else ''}"
        )
        self.sent.append(answer)
        with smtplib.SMTP("127.0.0.1", self.writes_to_port, timeout=BOUND) as smtp:
            smtp.send_message(answer, f"support+t{number}@voltpass.example", [to])
