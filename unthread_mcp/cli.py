"""The command line: serve (the default), demo, doctor, tools.

Serving is what hosts start on every launch, so it imports nothing that it doesn't need:
garbage collection is held while the SDK's models are built, and frozen afterwards. What
calls need beside is imported in a thread, once the tools have been listed.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO

if TYPE_CHECKING:
    import argparse

    from unthread_mcp.settings import Option, Settings

COMMANDS: Final = {
    "serve": "serve over standard input and output, as MCP clients start it (the default)",
    "demo": "play the main job on an imitated workspace, in the terminal",
    "doctor": "check the configuration and, with a key, the connection",
    "tools": "print the tools that would be shown",
}


_PREPARED_AFTER_SECONDS: Final = 0.5
"""When what calls need is imported: a client has listed the tools by then, and hardly called one."""


class CommandLine(NamedTuple):
    """What was asked for."""

    command: str = "serve"
    flags: dict[str, str] = {}  # noqa: RUF012 - nobody writes to it
    """Options given as flags: variable -> text."""
    as_json: bool = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status: 0 well, 1 not well, 2 a wrong call."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # The SDK builds some thousand pydantic models while it is imported; collecting in between finds nothing.
    gc.disable()
    asked = parse(given) if given else CommandLine()
    if asked.command == "serve":
        _build_models_when_needed()
    from unthread_mcp.settings import SettingsError, read_settings  # noqa: PLC0415 - after gc.disable

    try:
        settings = read_settings(os.environ, asked.flags)
        if asked.command in {"serve", "tools"}:
            _require_known_toolsets(settings)
    except SettingsError as problem:
        print(f"unthread-mcp: {problem}", file=sys.stderr)
        return 2
    if asked.command == "serve":
        return _serve(settings)
    gc.enable()
    _replace_what_cannot_be_shown(sys.stdout)
    try:
        return _read_to_the_end(lambda: _run(asked, settings))
    except KeyboardInterrupt:
        return 130  # as shells say it: 128 + SIGINT


def _read_to_the_end(command: Callable[[], int]) -> int:
    """The exit status of a command that prints; quietly 141 (128 + SIGPIPE) if nobody reads on, as behind `| head`."""
    status = 141
    try:
        status = command()
        sys.stdout.flush()
    except* BrokenPipeError:
        # What is left would be tried once more at the end of the process, and complained about.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _run(asked: CommandLine, settings: Settings) -> int:
    """A command that prints and ends."""
    if asked.command == "tools":
        from unthread_mcp.tools_table import print_tools  # noqa: PLC0415 - only this command needs it

        return print_tools(settings, as_json=asked.as_json)
    if asked.command == "doctor":
        from unthread_mcp.doctor import run_doctor  # noqa: PLC0415 - only this command needs it

        return run_doctor(settings)
    from unthread_mcp.demo import run_demo  # noqa: PLC0415 - only this command needs it

    return run_demo(settings)


def _serve(settings: Settings) -> int:
    from unthread_mcp.log import log_to_standard_error  # noqa: PLC0415 - after gc.disable

    log_to_standard_error(settings.log_level, settings.api_key)
    from unthread_mcp.server import build_server  # noqa: PLC0415 - after gc.disable
    from unthread_mcp.stdio import run_stdio  # noqa: PLC0415 - after gc.disable

    server = build_server(settings)
    # What was made while starting lives as long as the process: never look through it again, not even once before.
    gc.freeze()
    gc.enable()
    preparing = threading.Timer(_PREPARED_AFTER_SECONDS, server.prepare)
    preparing.daemon = True
    preparing.start()
    try:
        return run_stdio(server)
    finally:
        preparing.cancel()


def _build_models_when_needed() -> None:
    """Have pydantic build a model's validator and serializer on first use, for every model of this process.

    The SDK defines some five hundred models while it is imported, and serving uses a few dozen. This is pydantic's own
    setting, made here for all because the process is ours alone; it has to be made before the SDK is imported.
    """
    from pydantic import BaseModel  # noqa: PLC0415 - after gc.disable

    BaseModel.model_config["defer_build"] = True


def _require_known_toolsets(settings: Settings) -> None:
    """Raise `SettingsError` for a name that is neither a toolset nor a tool: the operator meant something by it."""
    from unthread_mcp.settings import SettingsError  # noqa: PLC0415 - after gc.disable
    from unthread_mcp.tool_list import TOOL_LIST  # noqa: PLC0415 - after gc.disable
    from unthread_mcp.toolsets import unknown_names  # noqa: PLC0415 - after gc.disable

    if unknown := unknown_names(settings.toolsets, TOOL_LIST):
        raise SettingsError(
            f"UNTHREAD_TOOLSETS names {unknown[0]!r}, which is no toolset and no tool. "
            "`unthread-mcp tools --toolsets all --access admin` lists them."
        )


def _replace_what_cannot_be_shown(stream: TextIO) -> None:
    """Print question marks for characters that the terminal's encoding lacks (Windows' code pages), not a traceback."""
    import io  # noqa: PLC0415 - only commands that print need it

    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def parse(arguments: Sequence[str]) -> CommandLine:
    """The command line understood. Prints what is wrong and exits with 2 on a wrong call."""
    from unthread_mcp.nearest import did_you_mean  # noqa: PLC0415 - after gc.disable
    from unthread_mcp.settings import OPTIONS  # noqa: PLC0415 - after gc.disable

    made = parser()
    flags = {"--help", "--version", "--json"} | {option.flag for option in OPTIONS if option.flag}
    for flag in (argument.partition("=")[0] for argument in arguments if argument.startswith("--")):
        if flag not in flags:
            # Said here, because argparse would repeat what follows it, which may be a key.
            made.error(f"there is no option {flag}. {did_you_mean(flag, flags)}".strip())
    joined = _values_joined(arguments)
    if any(not argument.startswith("-") and argument not in COMMANDS for argument in joined):
        # It isn't repeated: it may be a key, too.
        made.error(f"there is no such command. The commands are {', '.join(COMMANDS)}")
    known = vars(made.parse_args(joined))
    asked = CommandLine(
        known["command"],
        {each.variable: text for each in OPTIONS if (text := known.get(each.variable)) is not None},
        known["json"],
    )
    if asked.as_json and asked.command != "tools":
        made.error("--json goes with the command tools")
    return asked


def _values_joined(arguments: Sequence[str]) -> list[str]:
    """`arguments` with each option's value joined to it by `=`, as argparse would not see it otherwise.

    It takes the value of `--toolsets -reporting` for an option, and the command of `--sandbox demo` for a file
    (which `--sandbox=demo` is).
    """
    from unthread_mcp.settings import OPTIONS  # noqa: PLC0415 - after gc.disable

    takes = {option.flag: option.takes_value for option in OPTIONS if option.flag}
    joined: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        kind = takes.get(argument, "never")
        is_command = kind == "optional" and bool(rest) and rest[0] in COMMANDS
        if kind != "never" and rest and not rest[0].startswith("--") and not is_command:
            argument = f"{argument}={rest.pop(0)}"
        elif kind == "optional":
            argument += "=1"
        joined.append(argument)
    return joined


def parser() -> argparse.ArgumentParser:
    """The parser of the command line; the options come from `settings.OPTIONS`."""
    import argparse  # noqa: PLC0415 - hosts start the server without arguments

    from unthread_mcp import __version__  # noqa: PLC0415 - see above
    from unthread_mcp.settings import OPTIONS  # noqa: PLC0415 - see above

    made = argparse.ArgumentParser(
        prog="unthread-mcp",
        usage="unthread-mcp [COMMAND] [OPTIONS]",
        description="\n".join(
            [
                "Unthread for LLM agents: an MCP server that is safe around customers.",
                "",
                "commands:",
                *(f"  {name:<8} {said}" for name, said in COMMANDS.items()),
            ]
        ),
        epilog="Each option is also an environment variable, named in brackets; the option wins over the variable.\n"
        "The API key stands in UNTHREAD_API_KEY, a file or the keyring: not in an option, which process lists show.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "command", nargs="?", choices=COMMANDS, default="serve", metavar="COMMAND", help=argparse.SUPPRESS
    )
    made.add_argument("--version", action="version", version=f"unthread-mcp {__version__}")
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
        parser.add_argument(option.flag, dest=option.variable, nargs="?", metavar=option.metavar, help=said)
    else:
        parser.add_argument(option.flag, dest=option.variable, metavar=option.metavar, help=said)
