"""A scene as rows: its messages, its triage thread, and the conversation that they add up to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from unthread_mcp.sandbox.authors import Author, Person, agent, api, customer, message_row, system
from unthread_mcp.sandbox.encoding import dumps
from unthread_mcp.sandbox.files import file_row
from unthread_mcp.sandbox.store import SqlValue, new_uuid
from unthread_mcp.sandbox.threads import POST_CLOSE_TEXT
from unthread_mcp.sandbox.times import (
    WORK_ENDS,
    WORK_STARTS,
    Side,
    iso,
    measure,
    slack_ts,
    whole_seconds,
    working_seconds,
)

from .cast import DUTY_CHANNEL, ENTERPRISE_TRIAGE_CHANNEL, TRIAGE_CHANNEL, Cast, Rows
from .people import AT_WORK, COMPANIES, Company
from .voices import Said, Speaker, Voice

if TYPE_CHECKING:
    from unthread_mcp.sandbox.calls import JsonValue

    from .casting import Scene
    from .dice import Dice

_UNDRESSED: Final = frozenset({"japanese", "quoted-mail", "orders-1", "out-of-office", "unknown-sender"})
"""Mail whose words would look odd between an English greeting and quotes."""

_SENTIMENTS: Final = {"angry": "negative", "outage": "negative"}
_SEVERITIES: Final = {9: "Blocker", 7: "Major"}


@dataclass(slots=True)
class Told:
    """Rows by table."""

    conversations: Rows = field(default_factory=Rows)
    messages: Rows = field(default_factory=Rows)
    triage_messages: Rows = field(default_factory=Rows)
    files: Rows = field(default_factory=Rows)
    conversation_tags: Rows = field(default_factory=Rows)
    landmarks: Rows = field(default_factory=Rows)


class Teller:
    """Tells one scene after the other into `told`."""

    def __init__(self, dice: Dice, cast: Cast, seed: int) -> None:
        self._dice = dice
        self._cast = cast
        self._seed = seed
        self.told = Told()

    def tell(self, scene: Scene, number: int, times: list[datetime]) -> None:
        """Add the scene as conversation `number`; `times` are its lines' and last its closing's."""
        telling = _Telling(self._dice, self._cast, scene, new_uuid(f"{self._seed} conversation {number}"), times)
        telling.run()
        told = self.told
        told.conversations.append(telling.conversation(number))
        told.messages += sorted(telling.messages, key=lambda row: str(row["ts"]))
        told.triage_messages += telling.triage_messages
        told.files += telling.files
        tags = sorted({self._cast.tag_ids[tag] for tag in scene.story.tags.split(",")})
        links: Rows = [{"conversationId": telling.id, "tagId": tag_id} for tag_id in tags]
        told.conversation_tags += links
        if scene.landmark:
            told.landmarks.append({"name": scene.landmark, "conversationId": telling.id})


class _Telling:
    def __init__(self, dice: Dice, cast: Cast, scene: Scene, conversation_id: str, times: list[datetime]) -> None:
        self.id = conversation_id
        self.messages: Rows = []
        self.triage_messages: Rows = []
        self.files: Rows = []
        self._dice = dice
        self._cast = cast
        self._scene = scene
        self._times = times
        self._company: Company | None = None if scene.company is None else COMPANIES[scene.company]
        self._customer, self._customer_person = self._correspondent()
        self._agent, self._agent_person = cast.agents[scene.agent], cast.agent_people[scene.agent]
        self._turns: list[tuple[datetime, Side]] = []
        self._channel_id = self._where()
        self._triage_channel = self._triage_at()
        self._slots = self._fill()
        self._voice = Voice(
            dice,
            scene.channel,
            self._customer,
            self._agent,
            dressed=scene.landmark not in _UNDRESSED,
            outlook=scene.company is not None and scene.company % 2 == 1,
        )

    def _correspondent(self) -> tuple[Speaker, Person]:
        scene = self._scene
        if scene.company is None:
            return self._cast.stranger, self._cast.stranger_person
        return self._cast.contacts[scene.company][scene.contact], self._cast.contact_people[scene.company][
            scene.contact
        ]

    def _where(self) -> str | None:
        scene = self._scene
        if scene.channel == "slack" and scene.company is not None:
            return self._cast.channel_ids[scene.company]
        return DUTY_CHANNEL if scene.channel == "triage" else None

    def _triage_at(self) -> str | None:
        if self._scene.channel == "triage":
            return DUTY_CHANNEL
        if self._scene.channel != "slack" or self._company is None or not self._company.triage:
            return None
        return ENTERPRISE_TRIAGE_CHANNEL if "Enterprise" in self._company.tags else TRIAGE_CHANNEL

    def _fill(self) -> dict[str, str]:
        return {
            "{contact}": self._customer.first,
            "{domain}": self._customer.email.rpartition("@")[2],
            "{invoice}": f"INV-{20_000 + self._dice.whole(0, 999)}",
        }

    def run(self) -> None:
        for line, at in zip(self._scene.lines, self._times, strict=False):
            who, words = line[0], line[2:]
            for slot, value in self._slots.items():
                words = words.replace(slot, value)
            if who == ">":
                author = customer(self._customer_person, self._scene.channel)
                self._say(author, self._voice.customer_says(words, at), at, "customer")
            elif who == "<":
                self._say(self._agent_author(), self._voice.agent_says(words, at), at, "support")
            else:
                self._note(self._voice.noted(words), at)
            if len(self.messages) == 1 and at == self._times[0]:
                self._after_opening(at)
        if self._scene.status == "closed" and self._scene.channel == "slack":
            closing = Said(POST_CLOSE_TEXT, None, [])
            self._say(system("post_close_template_sent"), closing, self._times[-1], None)

    def _agent_author(self) -> Author:
        # In the team's own channel different people talk.
        if self._scene.channel == "triage" and len(self.messages) % 2:
            return agent(self._cast.agent_people[self._colleague()], "slack")
        return agent(self._agent_person, self._scene.channel)

    def _colleague(self) -> int:
        return AT_WORK[(self._scene.agent + 1) % len(AT_WORK)]

    def _after_opening(self, at: datetime) -> None:
        """The triage card and the autoresponder."""
        if self._triage_channel:
            who = f"*{self._customer.company}* · {self._customer.name}" if self._company else "*duty desk*"
            words = str(self.messages[0]["text"])
            # Slack shows 300 characters of a quoted message.
            card = f"New conversation from {who}\n{words[:300]}{'…' if len(words) > 300 else ''}"
            self._triage(
                api(None, external=False, private=False, autoresponse=False), card, at + timedelta(seconds=21), None
            )
        condition = self._company.autoresponder if self._company else None
        working = WORK_STARTS <= at.timetz() < WORK_ENDS
        if condition == "always" or (condition and not working):
            text = "Thank you for your message. Our team is back at 9:00 CET on the next working day."
            if condition == "always":
                text = "Thank you for your message, we have received it. You will hear from us within one working day."
            self._say(system("autoresponder_replied"), Said(text, None, []), at + timedelta(milliseconds=640), None)

    def _say(self, author: Author, said: Said, at: datetime, side: Side | None) -> None:
        self.messages.append(
            message_row(
                message_id=new_uuid(f"{self.id} message {len(self.messages)}"),
                conversation_id=self.id,
                at=at,
                ts=slack_ts(at),
                thread_ts=str(self.messages[0]["ts"]) if self.messages else None,
                channel=self._scene.channel,
                channel_id=self._channel_id,
                author=author,
                text=said.text,
                html=said.html,
                files=self._keep(said, at),
            )
        )
        if side:
            self._turns.append((at, side))

    def _keep(self, said: Said, at: datetime) -> list[JsonValue]:
        shown: list[JsonValue] = []
        for file_id, upload in said.files:
            row, described = file_row(file_id, self.id, upload, ready_at=iso(at))
            self.files.append(row)
            shown.append(described)
        return shown

    def _note(self, text: str, at: datetime) -> None:
        """A private note where the channel has them, else the triage thread; without either, it stays unsaid."""
        colleague = self._cast.agent_people[self._colleague()]
        if self._scene.channel in ("email", "widget"):
            self._say(agent(colleague, self._scene.channel, private=True), Said(text, None, []), at, None)
        elif self.triage_messages:
            self._triage(agent(colleague, "slack"), text, at, str(self.triage_messages[0]["ts"]))

    def _triage(self, author: Author, text: str, at: datetime, thread_ts: str | None) -> None:
        self.triage_messages.append(
            message_row(
                message_id=new_uuid(f"{self.id} triage {len(self.triage_messages)}"),
                conversation_id=self.id,
                at=at,
                ts=slack_ts(at),
                thread_ts=thread_ts,
                channel="triage",
                channel_id=self._triage_channel,
                author=author,
                text=text,
            )
        )

    def conversation(self, number: int) -> dict[str, SqlValue]:
        """The conversation's row."""
        scene, start, closing = self._scene, self._times[0], self._times[-1]
        closed = scene.status == "closed"
        public = [row for row in self.messages if not row["isPrivateNote"]]
        last = max(self.messages, key=lambda row: str(row["ts"]))
        answers = [at for at, side in self._turns if side == "support"]
        measures = measure(start, self._turns)
        status_at = closing if closed else None if scene.status == "open" else (answers or [start])[0]
        ticket_type, fields = self._ticket_type()
        assigned = bool(answers) or scene.status != "open" or self._dice.chance(0.4)
        return {
            "id": self.id,
            "friendlyId": number,
            "sourceType": scene.channel,
            "status": scene.status,
            "priority": scene.story.priority,
            "title": scene.title,
            "summary": scene.story.fix if closed else None,
            "category": scene.story.tags.split(",")[0],
            "sentiment": _SENTIMENTS.get(scene.landmark or "", "neutral"),
            "customerId": None if scene.company is None else self._cast.company_ids[scene.company],
            "channelId": self._channel_id,
            "wasManuallyCreated": int(scene.channel == "triage"),
            "assignedToUserId": self._agent_person.id if assigned else None,
            "submitterUserId": None if scene.channel == "triage" else self._customer_person.id,
            "ticketTypeId": ticket_type,
            "ticketTypeFields": dumps(fields),
            "metadata": dumps({"plan": "enterprise"}) if self._company and "Enterprise" in self._company.tags else "{}",
            "excludeAnalytics": int(scene.channel == "triage"),
            "initialMessageId": public[0]["id"],
            "latestMessageId": last["id"],
            "createdAt": iso(start),
            "updatedAt": iso(max(closing, start)) if closed else str(last["timestamp"]),
            "lastActivityAt": str(last["timestamp"]),
            "statusUpdatedAt": None if status_at is None else iso(status_at),
            "closedAt": iso(closing) if closed else None,
            "wakeUpAt": iso(start + timedelta(days=35)) if scene.landmark == "snoozed" else None,
            "snoozedAt": iso(answers[0]) if scene.landmark == "snoozed" else None,
            "responseTime": measures.response,
            "responseTimeWorking": measures.response_working,
            "resolutionTime": whole_seconds(start, closing) if closed else None,
            "resolutionTimeWorking": working_seconds(start, closing) if closed else None,
            "waitingOnAgentTime": measures.waiting_on_agent,
            "waitingOnCustomerTime": measures.waiting_on_customer,
        }

    def _ticket_type(self) -> tuple[str | None, dict[str, JsonValue]]:
        kind, dice = self._scene.story.kind, self._dice
        if kind is None:
            return None, {}
        ticket_type, fields = self._cast.ticket_types[kind]
        values: dict[str, JsonValue]
        if kind == "Bug report":
            severity = _SEVERITIES.get(self._scene.story.priority or 0, "Minor")
            areas: list[JsonValue] = [
                dice.pick(("Connectors", "Dashboards", "Exports")),
                *(["API"] if dice.chance(0.2) else []),
            ]
            values = {fields["severity"]: severity, fields["areas"]: areas}
            if severity == "Blocker":
                values[fields["workaround"]] = "None known"
            if dice.chance(0.5):
                values[fields["reproduced"]] = dice.pick(("true", "false"))
        elif kind == "Access request":
            values = {fields["role"]: dice.pick(("Viewer", "Editor", "Admin"))}
        else:
            reason = dice.pick(("Seats", "Refund", "Tax and address", "Payment failed", "Contract"))
            values = {fields["invoice"]: self._slots["{invoice}"], fields["reason"]: reason}
            if reason == "Refund":
                values[fields["amount"]] = f"{dice.whole(40, 900)}.00"
        return ticket_type, values
