"""How a line sounds on its channel: greetings, signatures and quoted mail, Slack's markup, HTML."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from unthread_mcp.sandbox.markup import slack_text
from unthread_mcp.sandbox.store import new_uuid

from .files import make_file
from .people import COMPANY, DOMAIN

if TYPE_CHECKING:
    from unthread_mcp.sandbox.authors import Channel
    from unthread_mcp.sandbox.calls import Upload

    from .dice import Dice

# Written out, because strftime's names follow the machine's language.
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_FILE: Final = re.compile(r" ?\[file: ([^\]]+)\]")
_LINK: Final = re.compile(r"\[([^\]]+)\]\((https://[^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says a line, as far as it is heard."""

    name: str
    first: str
    title: str
    company: str
    email: str
    slack_id: str


@dataclass(frozen=True, slots=True)
class Said:
    """A dressed line."""

    text: str
    html: str | None
    files: list[tuple[str, Upload]]
    """Ids and files."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The mail that is being answered."""

    name: str
    email: str
    at: datetime
    text: str


class Voice:
    """Dresses the lines of one conversation. `dressed=False` leaves out what English letters have around them."""

    def __init__(
        self, dice: Dice, channel: Channel, customer: Speaker, agent: Speaker, *, dressed: bool, outlook: bool
    ) -> None:
        self._dice = dice
        self._channel = channel
        self._customer = customer
        self._agent = agent
        self._dressed = dressed
        self._outlook = outlook
        self._quote: Quote | None = None

    def customer_says(self, line: str, at: datetime) -> Said:
        """A line of the customer's."""
        text, files = self._files(line)
        if self._channel == "email":
            return self._mail(text, files, at)
        if self._channel == "slack":
            mentions = self._quote is not None and self._dice.chance(0.25)
            text = f"<@{self._agent.slack_id}> {text}" if mentions else text
        self._quote = Quote(self._customer.name, self._customer.email, at, text)
        return Said(self._marked_up(text), None, files)

    def agent_says(self, line: str, at: datetime) -> Said:
        """A line of the team's to the customer."""
        text, files = self._files(line)
        if self._channel == "email":
            greeting, ending = f"Hi {self._customer.first},", f"Best regards,\n{self._agent.first}\n{COMPANY} Support"
            words = self._marked_up(text)
            text = "\n\n".join([greeting, words, ending] if self._dressed else [words, ending])
            self._quote = Quote(self._agent.name, f"support@{DOMAIN}", at, text)
            return Said(text, None, files)
        if self._channel == "slack" and self._dice.chance(0.2):
            text = f"<@{self._customer.slack_id}> {text}"
        self._quote = Quote(self._agent.name, self._agent.email, at, text)
        return Said(self._marked_up(text), None, files)

    def noted(self, line: str) -> str:
        """A note among the team."""
        return self._marked_up(line)

    def _mail(self, text: str, files: list[tuple[str, Upload]], at: datetime) -> Said:
        answering = self._quote
        if self._dressed and answering is None:
            text = f"{self._dice.pick(('Hi team,', 'Hello,', 'Dear support team,', 'Hi,'))}\n\n{text}"
        signature = self._signature()
        text = f"{self._marked_up(text)}\n\n{signature}"
        self._quote = Quote(self._customer.name, self._customer.email, at, text)
        own = _html(text)
        if answering is None:
            return Said(text, f'<div dir="ltr">{own}</div>', files)
        quoted = self._outlook_quote(answering) if self._outlook else _gmail_quote(answering)
        return Said(f"{text}\n\n{quoted}", f'<div dir="ltr">{own}</div><blockquote>{_html(quoted)}</blockquote>', files)

    def _signature(self) -> str:
        person = self._customer
        if self._dice.chance(0.15):
            return f"{person.first}\n\nSent from my iPhone"
        number = int(new_uuid(person.email)[:6], 16) % 900_000 + 100_000
        closing = self._dice.pick(("Best regards,", "Kind regards,", "Thanks,", "Best,"))
        return f"{closing}\n{person.name}\n{person.title}\n{person.company}\nT +00 555 {number}"

    def _outlook_quote(self, quote: Quote) -> str:
        return (
            f"________________________________\nFrom: {quote.name} <{quote.email}>\n"
            f"Sent: {_day(quote.at)} {quote.at:%H:%M}\n"
            f"To: {self._customer.name} <{self._customer.email}>\nSubject: Re: your request\n\n{quote.text}"
        )

    def _files(self, line: str) -> tuple[str, list[tuple[str, Upload]]]:
        names = _FILE.findall(line)
        return _FILE.sub("", line), [self._file(name) for name in names]

    def _file(self, name: str) -> tuple[str, Upload]:
        key = new_uuid(f"file {name} {self._customer.email} {self._dice.whole(0, 999_999)}")
        file_id = f"F0{key.replace('-', '')[:9].upper()}" if self._channel == "slack" else key
        return file_id, make_file(name, self._dice.whole(0, 999_999))

    def _marked_up(self, text: str) -> str:
        if self._channel in ("slack", "triage"):
            text = text.replace("<@agent>", f"<@{self._agent.slack_id}>")
            return slack_text(_LINK.sub(r"<\2|\1>", text))
        return _LINK.sub(r"\1 (\2)", text)


def _day(at: datetime) -> str:
    return f"{_DAYS[at.weekday()]}, {at.day} {_MONTHS[at.month - 1]} {at.year}"


def _gmail_quote(quote: Quote) -> str:
    lines = "\n".join(f"> {line}".rstrip() for line in quote.text.splitlines())
    return f"On {_day(quote.at)} at {quote.at:%H:%M}, {quote.name} <{quote.email}> wrote:\n{lines}"


def _html(text: str) -> str:
    """Paragraphs and line breaks as mail programs write them; lines of cells become a table."""
    parts: list[str] = []
    for paragraph in text.split("\n\n"):
        lines = [html.escape(line, quote=False) for line in paragraph.splitlines()]
        if all(line.count(" | ") > 1 for line in lines):
            rows = ("".join(f"<td>{cell}</td>" for cell in line.split(" | ")) for line in lines)
            parts.append(f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>")
        else:
            parts.append(f"<p>{'<br>'.join(lines)}</p>")
    return "".join(parts)
