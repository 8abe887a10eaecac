"""The command line: serve (the default), demo, doctor, tools.

Serving is what hosts start on every launch, so it imports nothing that it doesn't need:
garbage collection is held while the SDK's models are built, and frozen afterwards.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from unthread_mcp.settings import Option, Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status: 0 well, 1 not well, 2 a wrong call."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # The SDK builds some thousand pydantic models while it is imported; collecting in between finds nothing.
    gc.disable()
    command, flags = ("serve", {}) if not given else _parse(given)
    from unthread_mcp.settings import SettingsError, read_settings  # noqa: PLC0415 - after gc.disable

    json_wanted = flags.pop("json", "")
    try:
        settings = read_settings(os.environ, flags)
    except SettingsError as problem:
        print(f"unthread-mcp: {problem}", file=sys.stderr)
        return 2
    if command == "serve":
        return _serve(settings)
    gc.enable()
    if command == "tools":
        from unthread_mcp.tools_table import print_tools  # noqa: PLC0415 - only this command needs it

        return print_tools(settings, as_json=bool(json_wanted))
    if command == "doctor":
        from unthread_mcp.doctor import run_doctor  # noqa: PLC0415 - only this command needs it

        return run_doctor(settings)
    from unthread_mcp.demo import run_demo  # noqa: PLC0415 - only this command needs it

    return run_demo(settings)


def _serve(settings: Settings) -> int:
    from unthread_mcp.server import build_server  # noqa: PLC0415 - after gc.disable
    from unthread_mcp.stdio import run_stdio  # noqa: PLC0415 - after gc.disable
    from unthread_mcp.tools import TOOLS  # noqa: PLC0415 - after gc.disable
    from unthread_mcp.toolsets import unknown_names  # noqa: PLC0415 - after gc.disable

    if unknown := unknown_names(settings.toolsets, TOOLS):
        print(
            f"unthread-mcp: UNTHREAD_TOOLSETS names {unknown[0]!r}, which is no toolset and no tool.", file=sys.stderr
        )
        return 2
    server = build_server(settings)
    # What was made while starting lives as long as the process: never look through it again.
    gc.collect()
    gc.freeze()
    gc.enable()
    return run_stdio(server)


def _parse(arguments: list[str]) -> tuple[str, dict[str, str]]:
    """The command, and the options given as flags: variable -> text. Exits with 2 on a wrong call."""
    known = vars(parser().parse_args(arguments))
    from unthread_mcp.settings import OPTIONS  # noqa: PLC0415 - after gc.disable

    flags = {each.variable: text for each in OPTIONS if (text := known.get(each.variable)) is not None}
    if known.get("json"):
        flags["json"] = "1"
    return known.get("command") or "serve", flags


COMMANDS = {
    "serve": "Serve over standard input and output; what MCP clients start. The default.",
    "demo": "Play the main job against an imitated workspace, in the terminal.",
    "doctor": "Check the configuration and, with a key, the connection.",
    "tools": "Print the tools that would be shown.",
}


def parser() -> argparse.ArgumentParser:
    """The parser of the command line; the options come from `settings.OPTIONS`."""
    import argparse  # noqa: PLC0415 - hosts start the server without arguments

    from unthread_mcp import __version__  # noqa: PLC0415 - see above
    from unthread_mcp.settings import OPTIONS  # noqa: PLC0415 - see above

    made = argparse.ArgumentParser(
        prog="unthread-mcp",
        description="Unthread for LLM agents: an MCP server that is safe around customers.",
        epilog="Every option is also an environment variable, named beside it. The API key is UNTHREAD_API_KEY alone.",
    )
    made.add_argument("--version", action="version", version=f"unthread-mcp {__version__}")
    made.add_argument(
        "command",
        nargs="?",
        choices=COMMANDS,
        default="serve",
        help="; ".join(f"{k}: {v}" for k, v in COMMANDS.items()),
    )
    made.add_argument("--json", action="store_true", help="With tools: print them as JSON.")
    for option in OPTIONS:
        if option.flag:
            _add(made, option)
    return made


def _add(parser: argparse.ArgumentParser, option: Option) -> None:
    said = f"{option.help.replace('%', '%%')} [{option.variable}; default: {option.default or 'none'}]"
    if option.takes_value == "never":
        parser.add_argument(option.flag, dest=option.variable, action="store_const", const="1", help=said)
    elif option.takes_value == "optional":
        parser.add_argument(option.flag, dest=option.variable, nargs="?", const="1", metavar=option.metavar, help=said)
    else:
        parser.add_argument(option.flag, dest=option.variable, metavar=option.metavar, help=said)
