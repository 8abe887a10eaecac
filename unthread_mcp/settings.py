"""What the operator decided: environment and flags, read once into one frozen object.

Nothing else in the package reads the environment. Every option is an environment
variable and, but for the key itself, a flag; `OPTIONS` is the one list of them, from
which `--help` and the README's table are made.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from unthread_mcp.access import LEVELS, Level
from unthread_mcp.api.endpoints import ID_PATTERN, UPDATE_SLACK_USER_GROUP, Endpoint
from unthread_mcp.intents_file import default_state_file
from unthread_mcp.nearest import did_you_mean, nearest
from unthread_mcp.toolsets import parse_toolsets

ConfirmMode = Literal["auto", "always", "never"]
AnswerMode = Literal["text", "both"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

API_URL: Final = "https://api.unthread.io/api"
IN_MEMORY: Final = ":memory:"
SLACK_USER_GROUP_OPTION: Final = "UNTHREAD_SLACK_USER_GROUP_ENDPOINT"
"""The option that `update_slack_user_group` needs."""

_UNFILLED = re.compile(r"\$\{[^}]*\}")
"""A placeholder that a host did not fill, such as ``${user_config.api_key}``."""
_STANDS_FOR_A_KEY = re.compile(
    r"(?i)<.*>|\.\.\.|x{4,}|(your|my|the|insert|paste|replace|change)[-_ ].*|.*key[-_ ]?here.*|changeme|none|null"
)

_HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+")

_PATH = re.compile(r"(/(?:[A-Za-z0-9_-]+|\{[a-z_]+\}))+")
"""A path below the API's address: words, and placeholders for ids."""

_ON: Final = frozenset({"1", "true", "yes", "on"})
_OFF: Final = frozenset({"0", "false", "no", "off"})


class SettingsError(ValueError):
    """An option has a value that can't be used; the message names the option and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can decide. `api_key` is in no repr."""

    api_key: str | None = field(default=None, repr=False)
    api_key_problem: str = ""
    """Why there is no usable key, in words; empty where there is one."""
    api_key_source: str = ""
    """The option that the key came by; empty without one."""
    api_url: str = API_URL
    sandbox: str | None = None
    """`IN_MEMORY`, a file's path, or None for the real API."""
    sandbox_date: date | None = None
    """The day on which the sandbox stands; None for the real one."""
    access: Level = "reply"
    toolsets: frozenset[str] = frozenset({"default"})
    confirm: ConfirmMode = "auto"
    autoresponse: bool = False
    on_behalf_of: bool = False
    email_send_marker: bool = False
    allowed_customers: frozenset[str] = frozenset()
    """Customer ids that may be written to; empty means all."""
    webhook_hosts: frozenset[str] = frozenset()
    """Hosts that webhooks may be pointed at, `*.example.com` for all below one; empty means none."""
    upload_dir: Path | None = None
    """Where files to attach are; None lets nothing be attached."""
    download_dir: Path | None = None
    """Where attachments are put that are too large for an answer; None refuses them."""
    slack_user_group_endpoint: Endpoint | None = None
    """Where Slack user groups are updated; the reference prints the body alone."""
    answers: AnswerMode = "text"
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    state_file: Path | None = None
    """Where intents are remembered; None keeps them in memory alone."""
    log_level: LogLevel = "WARNING"
    notes: tuple[str, ...] = ()
    """What was odd about the settings but could be put right; `doctor` shows it."""

    @property
    def options(self) -> frozenset[str]:
        """The options that are set, of those that a tool needs to be offered."""
        return frozenset({SLACK_USER_GROUP_OPTION} if self.slack_user_group_endpoint else ())


def _choice(choices: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        value = text.strip()
        for choice in choices:
            if choice.lower() == value.lower():
                return choice
        raise ValueError(f"is {value!r}. Use one of: {', '.join(choices)}.")

    return parse


def _flag(text: str) -> bool:
    value = text.strip().lower()
    if value in _ON:
        return True
    if value in _OFF:
        return False
    raise ValueError(f"is {text!r}. Use 1 or 0.")


def _api_url(text: str) -> str:
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        surrounded = bool(parts.username or parts.password or parts.query or parts.fragment)
        understood = bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, surrounded, understood = urlsplit(""), False, False
    if not understood or surrounded:
        # What surrounds an address may be a password, so the refusal doesn't repeat it.
        raise ValueError(f"is no plain address. Write it like {API_URL}, with no user, query or fragment.")
    loopback = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise ValueError(f"is {url!r}. Use an https address (http only for this machine itself).")
    # Written in one way, since what was sent is remembered by it.
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port not in {None, {"https": 443, "http": 80}[parts.scheme]} else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def _timezone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text.strip())
    except (KeyError, ValueError, OSError):
        raise ValueError(f"is {text!r}, which is no time zone. Use a name such as Europe/Berlin.") from None


def _customers(text: str) -> frozenset[str]:
    ids = frozenset(part.strip() for part in text.split(",") if part.strip())
    if not ids:
        raise ValueError("names nobody. Give customer ids separated by commas, or leave it unset to allow all.")
    wrong = sorted(each for each in ids if not ID_PATTERN.fullmatch(each))
    if wrong:
        raise ValueError(f"has {wrong[0]!r}, which is no customer id. Separate ids by commas.")
    return ids


def _hosts(text: str) -> frozenset[str]:
    hosts = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    wrong = sorted(each for each in hosts if not _HOST.fullmatch(each))
    if wrong or not hosts:
        raise ValueError(
            f"has {wrong[0] if wrong else text!r}, which is no host. Give names such as hooks.example.com, "
            "or *.example.com for all below."
        )
    return hosts


def _slack_user_group_endpoint(text: str) -> Endpoint:
    method, _, path = text.strip().partition(" ")
    if method.upper() not in {"PATCH", "POST", "PUT"} or not _PATH.fullmatch(path.strip()) or path.count("{") > 1:
        raise ValueError(
            f"is {text.strip()!r}. Write a method and a path, such as PATCH /slack-user-groups/{{id}}, "
            "with at most one {id} in it."
        )
    return replace(UPDATE_SLACK_USER_GROUP, method=method.upper(), path=path.strip())


def _sandbox(text: str) -> str | None:
    value = text.strip()
    if value.lower() in _OFF:
        return None
    return IN_MEMORY if value.lower() in _ON | {IN_MEMORY} else str(_path(value))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"is {text!r}, which is no date. Write it like 2026-11-20.") from None


def _path(text: str) -> Path:
    """The path in `text`, `~` resolved: hosts start servers without a shell that would do it."""
    path = Path(text.strip())
    try:
        return path.expanduser()
    except RuntimeError:
        # There is no such home. Taken as written, it is reported as a file that can't be used.
        return path


def _directory(text: str) -> Path:
    path = _path(text)
    if not path.is_absolute():
        # Hosts start servers wherever they happen to be: a relative one would mean any directory.
        raise ValueError(f"is {text.strip()!r}. Give the whole path of a directory.")
    return path


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that the operator can set."""

    variable: str
    help: str
    default: str
    parse: Callable[[str], Any]
    sets: str = ""
    """The field of `Settings` that it sets; empty for options that are read on the way."""
    flag: str = ""
    """Its flag; empty where only the environment may say it."""
    metavar: str = ""
    takes_value: Literal["always", "optional", "never"] = "always"


OPTIONS: Final = (
    Option(
        "UNTHREAD_API_KEY",
        "The key of an Unthread service account. Never a flag, so that it stays out of process lists.",
        "",
        str,
    ),
    Option(
        "UNTHREAD_API_KEY_FILE", "A file that holds the key instead.", "", _path, flag="--api-key-file", metavar="FILE"
    ),
    Option(
        "UNTHREAD_API_KEY_KEYRING",
        "The name under which the system's keyring holds the key instead, stored by `keyring set NAME api-key`; needs "
        "`unthread-mcp[keyring]`.",
        "",
        str,
        flag="--api-key-keyring",
        metavar="NAME",
    ),
    Option(
        "UNTHREAD_API_URL",
        "Where the API is; https, or http on this machine.",
        API_URL,
        _api_url,
        "api_url",
        "--api-url",
        "URL",
    ),
    Option(
        "UNTHREAD_SANDBOX",
        "Work on an imitated workspace instead of Unthread: `1` keeps it in memory, a path keeps it in that file.",
        "",
        _sandbox,
        "sandbox",
        "--sandbox",
        "FILE",
        "optional",
    ),
    Option(
        "UNTHREAD_SANDBOX_DATE",
        "The day on which the sandbox stands, at 10:00 UTC, for recordings and evaluations that come out the same "
        "every time. Left out, it is today.",
        "",
        _date,
        "sandbox_date",
        "--sandbox-date",
        "DATE",
    ),
    Option(
        "UNTHREAD_ACCESS",
        "What agents may do: `read` changes nothing; `triage` changes what the team sees; `reply` also reaches "
        "customers; `admin` also changes the workspace.",
        "reply",
        _choice(LEVELS),
        "access",
        "--access",
        "LEVEL",
    ),
    Option(
        "UNTHREAD_TOOLSETS",
        "Which tools to show: `default`, `all`, toolsets or tools by name, `-name` to leave one out; separated by "
        "commas.",
        "default",
        parse_toolsets,
        "toolsets",
        "--toolsets",
        "NAMES",
    ),
    Option(
        "UNTHREAD_CONFIRM",
        "Asking a human before something reaches a customer or is deleted for good: `auto` asks where the client can "
        "and otherwise relies on its approval of the call, `always` sends and deletes nothing without having asked, "
        "`never` is for autonomous agents.",
        "auto",
        _choice(get_args(ConfirmMode)),
        "confirm",
        "--confirm",
        "MODE",
    ),
    Option(
        "UNTHREAD_AUTORESPONSE",
        "Mark every reply as a bot's auto-response (`isAutoresponse`).",
        "0",
        _flag,
        "autoresponse",
        "--autoresponse",
        takes_value="never",
    ),
    Option(
        "UNTHREAD_ON_BEHALF_OF",
        "Let agents write in the name of a person (`onBehalfOf`).",
        "0",
        _flag,
        "on_behalf_of",
        "--on-behalf-of",
        takes_value="never",
    ),
    Option(
        "UNTHREAD_EMAIL_SEND_MARKER",
        "Append `/unthread send` to replies on e-mail conversations. Whether the API needs it is not documented.",
        "0",
        _flag,
        "email_send_marker",
        "--email-send-marker",
        takes_value="never",
    ),
    Option(
        "UNTHREAD_ALLOWED_CUSTOMERS",
        "Customer ids, separated by commas: nothing is written to conversations of anybody else. "
        "Knowledge base articles and webhooks are outside this limit.",
        "",
        _customers,
        "allowed_customers",
        "--allowed-customers",
        "IDS",
    ),
    Option(
        "UNTHREAD_UPLOAD_DIR",
        "A directory whose files agents may attach to what they send; without it, none.",
        "",
        _directory,
        "upload_dir",
        "--upload-dir",
        "DIR",
    ),
    Option(
        "UNTHREAD_DOWNLOAD_DIR",
        "A directory for exports, and for attachments that are too large for an answer; without it, both are refused.",
        "",
        _directory,
        "download_dir",
        "--download-dir",
        "DIR",
    ),
    Option(
        "UNTHREAD_WEBHOOK_HOSTS",
        "Hosts, separated by commas (`*.example.com` for all below one), that webhooks may be pointed at; without it, "
        "none can be created or enabled.",
        "",
        _hosts,
        "webhook_hosts",
        "--webhook-hosts",
        "HOSTS",
    ),
    Option(
        SLACK_USER_GROUP_OPTION,
        "The method and path with which Unthread updates a Slack user group, such as `PATCH /slack-user-groups/{id}`: "
        "the API reference prints neither. Without it, `update_slack_user_group` is not offered.",
        "",
        _slack_user_group_endpoint,
        "slack_user_group_endpoint",
        "--slack-user-group-endpoint",
        "ENDPOINT",
    ),
    Option(
        "UNTHREAD_ANSWERS",
        "`text` says every answer once, as compact text; `both` adds structured content for programs that parse.",
        "text",
        _choice(get_args(AnswerMode)),
        "answers",
        "--answers",
        "MODE",
    ),
    Option(
        "UNTHREAD_TIMEZONE",
        "The time zone of dates in answers, in arguments without an offset and in reports.",
        "UTC",
        _timezone,
        "timezone",
        "--timezone",
        "ZONE",
    ),
    Option(
        "UNTHREAD_STATE_FILE",
        "Where it is remembered, as hashes, what was sent, so that nothing is sent twice; `off` remembers it only "
        "while the server runs.",
        "the user's state directory",
        str,
        flag="--state-file",
        metavar="FILE",
    ),
    Option(
        "UNTHREAD_LOG_LEVEL",
        "How much is logged to standard error.",
        "WARNING",
        _choice(get_args(LogLevel)),
        "log_level",
        "--log-level",
        "LEVEL",
    ),
)


_PREFIX: Final = "UNTHREAD_"
_LIMITS: Final = frozenset({"UNTHREAD_ALLOWED_CUSTOMERS", "UNTHREAD_ACCESS", "UNTHREAD_CONFIRM", "UNTHREAD_TOOLSETS"})
"""Options whose absence allows more."""


def _said(option: Option, flags: Mapping[str, str] | None) -> str:
    """The option as the operator gave it."""
    return option.flag if option.variable in (flags or {}) else option.variable


def read_settings(environment: Mapping[str, str], flags: Mapping[str, str] | None = None) -> Settings:
    """Settings from `environment`, overridden by `flags` (variable -> text).

    An empty value, or a placeholder that the host left unfilled, counts as not set; a placeholder
    for what limits agents is refused. Raises `SettingsError` naming the option for every value that can't be used,
    but for the key: starting needs no key, and the first call says what is wrong with it.
    """
    values: dict[str, Any] = {}
    texts: dict[str, str] = {}
    notes: list[str] = []
    given = {**environment, **(flags or {})}
    for option in OPTIONS:
        text = given.get(option.variable, "")
        if not text.strip():
            continue
        if option.variable in _LIMITS and _UNFILLED.search(text):
            # To go on without it would allow more than the operator meant to.
            raise SettingsError(
                f"{_said(option, flags)} is the placeholder {text.strip()}, which nothing filled in. "
                "Fill it in, or leave the option out."
            )
        if option.variable != "UNTHREAD_API_KEY" and _UNFILLED.fullmatch(text.strip()):
            notes.append(f"{option.variable} is the placeholder {text.strip()}, which nothing filled in: not set.")
            continue
        texts[option.variable] = text
        if not option.sets:
            continue
        try:
            values[option.sets] = option.parse(text)
        except ValueError as problem:
            raise SettingsError(f"{_said(option, flags)} {problem}") from None
    key, problem, source = None, "", ""
    if not values.get("sandbox"):
        # The sandbox has a key of its own; a real one must not be asked for, nor reach it.
        key, problem, odd, source = _read_key(texts)
        notes += odd
    return Settings(
        api_key=key,
        api_key_problem=problem,
        api_key_source=source if key else "",
        notes=(*notes, *_unknown_variables(environment)),
        state_file=_state_file(texts.get("UNTHREAD_STATE_FILE", ""), values.get("sandbox"), environment),
        **values,
    )


def _unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """A note for each variable that looks like an option and is none.

    Raises `SettingsError` for one that is nearly what limits agents: misspelled, it would limit nothing.
    """
    known = {option.variable for option in OPTIONS}
    notes: list[str] = []
    for name in sorted(environment):
        if not name.startswith(_PREFIX) or name in known:
            continue
        without_effect = f"{name} is no option of this server and has no effect."
        limits = {limit.removeprefix(_PREFIX): limit for limit in _LIMITS}
        meant = nearest(name.removeprefix(_PREFIX), limits, cutoff=0.8)
        if meant and environment[name].strip():
            raise SettingsError(f"{without_effect} Write {limits[meant[0]]}, or leave it out.")
        notes.append(f"{without_effect} {did_you_mean(name, known)}".strip())
    return notes


def _read_key(texts: Mapping[str, str]) -> tuple[str | None, str, list[str], str]:
    """The key, or why there is none, what was odd about it, and where it was looked for. Never a word of it."""
    given = [variable for variable in _HOLDS if texts.get(variable)]
    where = given[0] if given else "UNTHREAD_API_KEY"
    text, problem = texts.get(where, ""), ""
    notes = [f"{others} was not looked at: the key is that of {where}." for others in given[1:]]
    if where == "UNTHREAD_API_KEY_FILE":
        try:
            path = _path(text)
            text = path.read_text("utf-8-sig")
            if sys.platform != "win32" and path.stat().st_mode & 0o077:
                notes.append("Others on this machine may read the key's file. chmod 600 keeps it to you.")
        except (OSError, UnicodeDecodeError):
            problem = "The file named by UNTHREAD_API_KEY_FILE can't be read. Check its path and permissions."
    elif where == "UNTHREAD_API_KEY_KEYRING":
        from unthread_mcp.os_keyring import stored_key  # noqa: PLC0415 - needed by few

        text, problem = stored_key(text.strip())
    if problem:
        return None, problem, notes, where
    key, problem, odd = _checked_key(text, where)
    return key, problem, [*notes, *odd], where


_HOLDS: Final = {
    "UNTHREAD_API_KEY": "UNTHREAD_API_KEY",
    "UNTHREAD_API_KEY_FILE": "that file",
    "UNTHREAD_API_KEY_KEYRING": "that entry",
}
"""What holds the key, in words, by the option that names it. The first one that is set counts."""


def _checked_key(text: str, where: str) -> tuple[str | None, str, list[str]]:
    """The key in `text`, or why it is none, and what was odd about it."""
    if not text.strip():
        empty = "No API key is set." if where == "UNTHREAD_API_KEY" else f"What {where} names is empty."
        return None, f"{empty} Put an Unthread service account's key into {_HOLDS[where]}.", []
    key, notes = text.strip(), list[str]()
    if key.lower().startswith("bearer "):
        key = key[7:].strip()
        notes.append(f"{where} began with “Bearer”, which Unthread does not want; it was left out.")
    if unfilled := _UNFILLED.search(key):
        return (
            None,
            f"{where} is the placeholder {unfilled[0]}, which nothing filled in. Put the key itself there.",
            notes,
        )
    if _STANDS_FOR_A_KEY.fullmatch(key):
        return None, f"{where} holds a placeholder, not a key. Put an Unthread service account's key there.", notes
    if not key.isascii() or not key.isprintable() or not {*" \"'"}.isdisjoint(key):
        return None, f"{where} holds characters that no key has. Copy the key again.", notes
    return key, "", notes


def _state_file(text: str, sandbox: str | None, environment: Mapping[str, str]) -> Path | None:
    if text.strip().lower() in {"off", "0", "no", "none"}:
        return None
    if text.strip():
        return _path(text)
    if sandbox == IN_MEMORY:
        # A workspace that ends with the process has nothing to remember beyond it.
        return None
    return default_state_file(environment, sys.platform)
