"""Whether a person is asked, and what their answer does."""

from __future__ import annotations

import pytest
from workspace_stubs import StubClient, workspace_on

from unthread_mcp.api.errors import NotPermitted
from unthread_mcp.gate import Gate
from unthread_mcp.settings import ConfirmMode
from unthread_mcp.tools.knowledge_base import create_kb_article

pytestmark = pytest.mark.anyio


class Person:
    def __init__(self, *, reachable: bool, answer: bool = True) -> None:
        self.reachable = reachable
        self.answer = answer
        self.asked: list[str] = []

    async def approves(self, question: str) -> bool:
        self.asked.append(question)
        return self.answer


@pytest.mark.parametrize(
    ("mode", "reachable", "asks"),
    [
        ("auto", True, True),
        ("auto", False, False),
        ("always", True, True),
        ("always", False, True),
        ("never", True, False),
        ("never", False, False),
    ],
)
def test_who_is_asked_depends_on_the_mode_and_the_client(mode: ConfirmMode, reachable: bool, asks: bool) -> None:
    assert Gate(mode, Person(reachable=reachable)).asks is asks


@pytest.mark.parametrize(("mode", "asked"), [("auto", ["Send?"]), ("always", ["Send?"]), ("never", [])])
async def test_a_yes_opens_the_gate(mode: ConfirmMode, asked: list[str]) -> None:
    person = Person(reachable=True)
    await Gate(mode, person).pass_through("Send?")
    assert person.asked == asked


async def test_where_nobody_can_be_asked_auto_relies_on_the_host() -> None:
    person = Person(reachable=False)
    await Gate("auto", person).pass_through("Send?")
    assert person.asked == []


async def test_a_no_closes_it() -> None:
    with pytest.raises(NotPermitted, match=r"did not approve this\. Nothing was changed\."):
        await Gate("auto", Person(reachable=True, answer=False)).pass_through("Send?")


async def test_where_nobody_can_be_asked_always_sends_nothing() -> None:
    person = Person(reachable=False)
    with pytest.raises(NotPermitted, match="this client can't ask one"):
        await Gate("always", person).pass_through("Send?")
    assert person.asked == []


async def test_the_human_sees_an_article_exactly_as_it_will_stand() -> None:
    person, client = Person(reachable=True), StubClient(lambda _: {"id": "a-1\n#7"})
    answer = await create_kb_article(
        workspace_on(client),
        Gate("auto", person),
        "Mentions",
        "Write <!channel>\r\nto reach everybody.",
        url=" https://help.example.com/mentions ",
        user_group_ids=["g-1", "g-2"],
    )
    (asked,) = client.asked
    title, content, url = (asked.body[name] for name in ("title", "content", "url"))
    lines = ["Add this article to the knowledge base?", f"Title: {title}", f"Address: {url}"]
    lines += ["Only for the groups: g-1, g-2", "", "It says:", "", *(f"> {line}" for line in content.splitlines())]
    assert person.asked == ["\n".join(lines)]
    assert "<!channel>" not in person.asked[0]
    assert answer.text == "article a-1 #7 'Mentions'"
