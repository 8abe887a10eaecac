"""Messages as Unthread returns them -> a thread that an agent can afford to read.

`read_thread` reads them (who wrote what when, without quoted mail, signatures and markup), `fit` chooses what fits a
number of tokens, `render_thread` writes the lines:

    write = line_format(zone=zone, now=now, gap_tool="list_messages")
    fitted = fit(read_thread(messages, conversation), 4_000, format_line=write)
    text = render_thread(fitted.parts, format_line=write)

Everything here is a pure function over the JSON that Unthread returned, and all of the text is text from outside.
"""

from __future__ import annotations

from unthread_mcp.transcript.entries import Entry, Gap, Role
from unthread_mcp.transcript.files import file_words
from unthread_mcp.transcript.fitting import Fitted, FormatPart, Part, fit
from unthread_mcp.transcript.reading import in_order, read_message, read_thread
from unthread_mcp.transcript.rendering import each_date_once, line_format, render_thread

__all__ = [
    "Entry",
    "Fitted",
    "FormatPart",
    "Gap",
    "Part",
    "Role",
    "each_date_once",
    "file_words",
    "fit",
    "in_order",
    "line_format",
    "read_message",
    "read_thread",
    "render_thread",
]
