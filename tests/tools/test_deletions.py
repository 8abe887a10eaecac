"""What is deleted for good is deleted past the human, as far as somebody can ask them."""

from __future__ import annotations

from typing import NamedTuple

import anyio
import pytest

from tests.support import Agent, Desk, Era, Human
from tests.tools.examples import EVERYTHING

pytestmark = pytest.mark.anyio


class Deletion(NamedTuple):
    tool: str
    arguments: dict[str, str]
    table: str
    named: str
    """In the question."""
    renamed: str
    """SQL that makes another question of it."""

    @property
    def where(self) -> str:
        """Where in SQL it stands."""
        return self.renamed[self.renamed.index(" WHERE ") :]


DELETIONS = [
    Deletion(
        "delete_customer",
        {"customer": "Oakhurst University"},
        "customers",
        "Delete the customer 'Oakhurst University'?\n",
        "UPDATE customers SET name = 'Oakhurst College' WHERE name = 'Oakhurst University'",
    ),
    Deletion(
        "delete_account",
        {"account": "Petrichor Labs"},
        "accounts",
        "Delete the account 'Petrichor Labs'?\n",
        "UPDATE accounts SET name = 'Petrichor Laboratories' WHERE name = 'Petrichor Labs'",
    ),
    Deletion(
        "delete_tag",
        {"tag": "Trial"},
        "tags",
        "Delete the tag 'Trial'?\n",
        "UPDATE tags SET name = 'Paying' WHERE name = 'Trial'",
    ),
    Deletion(
        "delete_ticket_type",
        {"ticket_type": "Access request"},
        "ticket_types",
        "Delete the ticket type 'Access request'?\n",
        "UPDATE ticket_types SET name = 'Every request' WHERE name = 'Access request'",
    ),
    Deletion(
        "delete_webhook",
        {"webhook": "https://hooks.quayside.example/unthread-test"},
        "webhooks",
        "Delete the webhook to 'https://hooks.quayside.example/unthread-test'?\n",
        "UPDATE webhooks SET url = 'https://hooks.quayside.example/unthread'"
        " WHERE url = 'https://hooks.quayside.example/unthread-test'",
    ),
]
EACH = pytest.mark.parametrize("deletion", DELETIONS, ids=lambda deletion: deletion.tool)


@pytest.fixture
def desk() -> Desk:
    return Desk(EVERYTHING)


def _left(desk: Desk, deletion: Deletion) -> int:
    return desk.sandbox.database.execute(f"SELECT count(*) FROM {deletion.table}").fetchone()[0]


@EACH
async def test_what_is_deleted_is_deleted_once_the_human_agreed(desk: Desk, deletion: Deletion, era: Era) -> None:
    before = _left(desk, deletion)
    human = Human("decline")
    async with desk.agent(era, human=human) as agent:
        refused = await agent.call(deletion.tool, **deletion.arguments)
        assert (_left(desk, deletion), desk.wire.writes) == (before, [])
        human.answer = "approve"
        said = await agent.call(deletion.tool, **deletion.arguments)
        questions = len(human.asked)
        again = await agent.call(deletion.tool, **deletion.arguments)
    assert refused.text.startswith("refused: The human did not approve this.")
    assert all(each.startswith(deletion.named) and each.endswith("It can't be taken back.") for each in human.asked)
    assert said.text.startswith("done: ")
    assert again.text.startswith("already_done: ")
    assert len(human.asked) == questions
    assert _left(desk, deletion) == before - 1


@EACH
async def test_what_became_another_one_while_the_human_was_asked_is_left(
    desk: Desk, deletion: Deletion, era: Era
) -> None:
    """In the modern era the call is made anew with the answer: none goes by that name, or they are asked anew."""
    before, database, human = _left(desk, deletion), desk.sandbox.database, Human()

    def rename() -> None:
        if len(human.asked) == 1:
            database.execute(deletion.renamed)
        else:
            human.answer = "decline"

    human.meanwhile = rename
    async with desk.agent(era, human=human) as agent:
        said = await agent.call(deletion.tool, **deletion.arguments)
    assert era == "auto" or "changed while the human was asked" in said.text
    assert said.text.startswith("refused: ")
    assert not any(each.startswith(deletion.named) for each in human.asked[1:])
    assert (_left(desk, deletion), desk.wire.writes) == (before, [])


async def test_a_yes_is_to_this_webhook_and_not_to_another_at_the_same_address(desk: Desk, era: Era) -> None:
    deletion = DELETIONS[-1]
    before, database = _left(desk, deletion), desk.sandbox.database
    [first] = database.execute(f"SELECT id FROM webhooks{deletion.where}").fetchone()
    human = Human()

    def swap() -> None:
        if len(human.asked) == 1:
            database.execute(f"UPDATE webhooks SET id = 'another-one'{deletion.where}")
        else:
            human.answer = "decline"

    human.meanwhile = swap
    async with desk.agent(era, human=human) as agent:
        await agent.call(deletion.tool, **deletion.arguments)
    assert f"\nId: {first}" in human.asked[0]
    assert all("\nId: another-one" in each for each in human.asked[1:])
    assert (_left(desk, deletion), desk.wire.writes) == (before, [])


@EACH
async def test_two_that_delete_the_same_at_once_delete_it_once(deletion: Deletion) -> None:
    desk = Desk({**EVERYTHING, "UNTHREAD_CONFIRM": "never"})
    said: list[str] = []

    async def call(agent: Agent) -> None:
        said.append((await agent.call(deletion.tool, **deletion.arguments)).text)

    async with desk.agent() as agent, anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(call, agent)
    assert sorted(each.partition(":")[0] for each in said) == ["already_done", "done"]
    assert sum("It was deleted a moment ago." in each for each in said) == 1
    assert len(desk.wire.writes) == 1
    desk.sandbox.close()


@EACH
async def test_what_somebody_else_deletes_while_the_human_is_asked_is_already_done(
    desk: Desk, deletion: Deletion
) -> None:
    before = _left(desk, deletion)
    database = desk.sandbox.database
    human = Human(meanwhile=lambda: database.execute(f"DELETE FROM {deletion.table}{deletion.where}"))
    async with desk.agent("legacy", human=human) as agent:
        said = await agent.call(deletion.tool, **deletion.arguments)
    assert said.text.startswith("already_done: ")
    assert "Somebody else had deleted it." in said.text
    assert (_left(desk, deletion), desk.wire.writes) == (before - 1, [])


@EACH
async def test_who_can_not_be_asked_is_asked_by_the_client_or_not_at_all(deletion: Deletion) -> None:
    for mode, deleted in (("always", 0), ("auto", 1), ("never", 1)):
        desk = Desk({**EVERYTHING, "UNTHREAD_CONFIRM": mode})
        before = _left(desk, deletion)
        async with desk.agent(human=Human("decline") if mode == "never" else None) as agent:
            said = await agent.call(deletion.tool, **deletion.arguments)
        assert said.failed == (not deleted)
        assert deleted or said.text.startswith("refused: This server does this only once a human has agreed")
        assert before - _left(desk, deletion) == deleted
        desk.sandbox.close()
