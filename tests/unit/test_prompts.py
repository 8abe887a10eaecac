"""Prompts name tools that exist and take what they say."""

from __future__ import annotations

import re

import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, TextContent

from unthread_mcp.prompts import PROMPTS, get, listed_prompts
from unthread_mcp.tools import TOOLS


def said(name: str, **arguments: str) -> str:
    (message,) = get(name, arguments).messages
    assert message.role == "user"
    assert isinstance(message.content, TextContent)
    return message.content.text


def test_they_are_listed_in_the_order_of_a_day() -> None:
    assert [prompt.name for prompt in listed_prompts()] == [
        "triage_inbox",
        "draft_reply",
        "summarize_conversation",
        "escalate",
        "weekly_report",
        "find_kb_gaps",
    ]


@pytest.mark.parametrize("template", PROMPTS, ids=[each.name for each in PROMPTS])
def test_every_argument_stands_in_the_text_and_is_described(template: object) -> None:
    from unthread_mcp.prompts import PromptTemplate  # noqa: PLC0415 - for the type alone

    assert isinstance(template, PromptTemplate)
    assert set(re.findall(r"\{(\w+)\}", template.text)) == set(template.arguments)
    assert template.defaults.keys() <= template.arguments.keys()
    assert all(template.arguments.values())
    (listed,) = [each for each in listed_prompts() if each.name == template.name]
    assert (listed.title, listed.description) == (template.title, template.description)
    assert {each.name: each.required for each in listed.arguments or []} == {
        name: name not in template.defaults for name in template.arguments
    }


@pytest.mark.parametrize("template", PROMPTS, ids=[each.name for each in PROMPTS])
def test_the_tools_that_a_prompt_names_exist(template: object) -> None:
    text = str(getattr(template, "text", ""))
    named = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", text)) - {"as_of"}
    assert named
    assert named <= {tool.name for tool in TOOLS}


def test_arguments_are_filled_in_and_defaults_stand_in_for_them() -> None:
    assert "open conversations of all customers, at most 10," in said("triage_inbox")
    assert "open conversations of Acme, at most 3," in said("triage_inbox", customer=" Acme ", limit="3")
    assert "at most 10," in said("triage_inbox", limit="  ")
    assert get("weekly_report", None).description == "The week's support in numbers, and what stands out."


def test_braces_in_an_argument_are_only_braces() -> None:
    assert "conversation {tone} {0}, friendly" in said("draft_reply", conversation="{tone} {0}")


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("triage", {}, "There is no prompt 'triage'. Did you mean triage_inbox?"),
        ("zzzzzzz", {}, "There is no prompt 'zzzzzzz'. prompts/list names them."),
        ("\u202e" * 500, {}, "There is no prompt '"),
        ("draft_reply", {}, "draft_reply needs conversation. Pass it and try again."),
        ("draft_reply", {"conversation": " "}, "draft_reply needs conversation."),
        (
            "draft_reply",
            {"conversation": "7", "mood": "x"},
            "draft_reply has no argument 'mood'. It takes: conversation, tone.",
        ),
    ],
)
def test_what_is_not_there_or_missing_is_refused(name: str, arguments: dict[str, str], words: str) -> None:
    with pytest.raises(MCPError) as refusal:
        get(name, arguments)
    assert refusal.value.error.message.startswith(words)
    assert refusal.value.error.message.isprintable()
    assert refusal.value.error.code == INVALID_PARAMS
