"""Prompts name tools that exist and take what they say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import pytest
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, TextContent

from unthread_mcp.gate import Gate
from unthread_mcp.prompts import PROMPTS, PromptTemplate, get, listed_prompts
from unthread_mcp.schemas import Parameter, Signature
from unthread_mcp.tokens import estimate_tokens
from unthread_mcp.tools import TOOLS
from unthread_mcp.workspace import Workspace

EVERY_PROMPT: Final = pytest.mark.parametrize("template", PROMPTS, ids=lambda template: template.name)
DECLARED: Final = {tool.name: tool for tool in TOOLS}
STAND_INS: Final[dict[str, Any]] = {"metric": "totalCount", "priority": "high", "add_tags": ["Bug"]}
_CALL: Final = re.compile(r"\b([a-z]+(?:_[a-z]+)+)\(((?:[^()\[\]]|\[[^\]]*\])*)\)")
_ARGUMENT: Final = re.compile(r"(\w+)(?:=(\[[^\]]*\]|[^,]+))?")


VALUES: Final = {"conversation": "#1001", "limit": "10", "start": "7d"} | dict.fromkeys(
    ("customer", "tone", "to", "reason"), "x"
)
GIVEN: Final = pytest.mark.parametrize("whole", [False, True], ids=["with what is required", "with every argument"])


def _filled(template: PromptTemplate, *, whole: bool) -> str:
    """The prompt with all of its arguments, or with those alone that it needs."""
    return said(
        template.name, **{name: VALUES[name] for name in template.arguments if whole or name not in template.defaults}
    )


def _calls_in(text: str) -> list[tuple[str, dict[str, Any]]]:
    """The calls that a filled prompt names, with the arguments' values; None for those left to the model."""
    return [
        (tool, {name: _value(value) if value else None for name, value in _ARGUMENT.findall(inner)})
        for tool, inner in _CALL.findall(text)
    ]


def _value(written: str) -> Any:
    if written.startswith("["):
        return written.strip("[]").split(", ")
    return {"true": True, "false": False}.get(written, written)


def _parameters(tool: str) -> Mapping[str, Parameter]:
    return Signature(DECLARED[tool].function, (Workspace, Gate)).parameters


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


@EVERY_PROMPT
def test_every_argument_stands_in_the_text_and_is_described(template: PromptTemplate) -> None:
    assert set(re.findall(r"\{(\w+)\}", template.text)) == set(template.arguments)
    assert template.defaults.keys() <= template.arguments.keys()
    assert all(template.arguments.values())
    (listed,) = [each for each in listed_prompts() if each.name == template.name]
    assert (listed.title, listed.description) == (template.title, template.description)
    assert {each.name: each.required for each in listed.arguments or []} == {
        name: name not in template.defaults for name in template.arguments
    }


@EVERY_PROMPT
def test_every_default_is_one_that_could_be_passed(template: PromptTemplate) -> None:
    required = {name: "#1001" for name in template.arguments if name not in template.defaults}
    assert set(required) <= {"conversation"}
    assert said(template.name, **required, **template.defaults) == said(template.name, **required)


@EVERY_PROMPT
def test_the_tools_that_a_prompt_names_are_shown_by_default(template: PromptTemplate) -> None:
    named = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+(?=\()", template.text))
    assert named
    assert named <= {tool.name for tool in TOOLS if tool.shown}
    # No tool is named but in a call, which says how.
    assert not {tool.name for tool in TOOLS} & set(re.findall(r"\b\w+\b(?!\()", template.text))


@GIVEN
@EVERY_PROMPT
def test_a_prompts_calls_pass_arguments_that_the_tools_take(template: PromptTemplate, *, whole: bool) -> None:
    made = _calls_in(_filled(template, whole=whole))
    assert made
    for tool, arguments in made:
        # What has no value is the model's to fill in.
        given = {name: STAND_INS.get(name, "x") if value is None else value for name, value in arguments.items()}
        Signature(DECLARED[tool].function, (Workspace, Gate)).validate(given)


@GIVEN
@EVERY_PROMPT
def test_a_prompt_says_what_each_call_needs_and_writes_only_when_told_to(
    template: PromptTemplate, *, whole: bool
) -> None:
    steps = _filled(template, whole=whole).splitlines()
    assert [step.partition(".")[0] for step in steps[1:]] == [str(n + 1) for n in range(len(steps) - 1)]
    for step in steps[1:]:
        for tool, arguments in _calls_in(step):
            assert {name for name, each in _parameters(tool).items() if each.required} - {
                "conversation"
            } <= arguments.keys()
            if DECLARED[tool].effect != "reads":
                assert re.search(r"When I (?:say so|agree)|For (?:those|what) I agree to", step), tool


@GIVEN
@EVERY_PROMPT
def test_a_prompt_costs_at_most_320_tokens(template: PromptTemplate, *, whole: bool) -> None:
    assert estimate_tokens(_filled(template, whole=whole)) <= 320


def test_what_is_given_stands_in_the_calls_and_no_step_is_left_that_does_not_apply() -> None:
    inbox, all_of_it = said("triage_inbox", customer='Polder "Nord"'), said("triage_inbox")
    assert "descending=false, limit=10, customer=\"Polder 'Nord'\")" in inbox
    assert "descending=false, limit=10)." in all_of_it
    assert said("find_kb_gaps", customer="Polder").count('limit=100, customer="Polder")') == 1
    handed = said("escalate", conversation="7", to="Aisha")
    assert 'assignee="Aisha", priority' in handed
    assert "assignee, priority" in said("escalate", conversation="7")
    for each in (inbox, all_of_it, handed, said("find_kb_gaps"), said("find_kb_gaps", customer="Polder")):
        assert "if it is one" not in each
        assert not re.search(r"[<>|?]\w*\|", each)


def test_a_note_that_has_no_place_is_handed_to_the_user_where_it_is_escalated() -> None:
    assert "no triage thread" in said("escalate", conversation="7")
    assert "restricted" in said("draft_reply", conversation="7")


def test_a_thread_is_read_once_to_be_summarized() -> None:
    text = said("summarize_conversation", conversation="7")
    assert [tool for tool, _ in _calls_in(text)] == ["get_conversation"]
    assert "get_conversation(conversation=7, max_tokens=20000)" in text


def test_arguments_are_filled_in_and_defaults_stand_in_for_them() -> None:
    assert "open conversations of all customers that nobody has: at most 10," in said("triage_inbox")
    assert "open conversations of Acme that nobody has: at most 3," in said(
        "triage_inbox", customer=" Acme ", limit="3"
    )
    assert "at most 10," in said("triage_inbox", limit="  ")
    assert get("weekly_report", None).description == "The week's support in numbers, and what stands out."


def test_braces_in_an_argument_are_only_braces_and_its_line_ends_blanks() -> None:
    assert "conversation #7, {tone} {0} x. Send" in said("draft_reply", conversation="#7", tone="{tone}\n{0}\r\n\x1bx")


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
        ("draft_reply", {"conversation": "the last one"}, "conversation is 'the last one', which is neither"),
        ("escalate", {"conversation": "https://example.com/1"}, "conversation is a link to somewhere other than"),
        ("triage_inbox", {"limit": "many"}, "limit is 'many'. Pass a number from 1 to 25."),
        ("triage_inbox", {"limit": "0"}, "limit is '0'. Pass a number from 1 to 25."),
        ("triage_inbox", {"limit": "26"}, "limit is '26'."),
        ("weekly_report", {"start": "last week"}, "start is 'last week'"),
        ("find_kb_gaps", {"start": "2026-13-01"}, "start is '2026-13-01'"),
        ("escalate", {"conversation": "7", "reason": "x" * 501}, "reason has 501 characters. Say it in at most 500."),
    ],
)
def test_what_is_not_there_or_missing_is_refused(name: str, arguments: dict[str, str], words: str) -> None:
    with pytest.raises(MCPError) as refusal:
        get(name, arguments)
    assert refusal.value.error.message.startswith(words)
    assert refusal.value.error.message.isprintable()
    assert refusal.value.error.code == INVALID_PARAMS
