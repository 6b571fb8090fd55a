"""A small server of both eras over Streamable HTTP, made with the official Python SDK.

    tides.py PORT
"""

import sys

from mcp.server import MCPServer
from mcp.server.mcpserver import Context

server = MCPServer("tides", version="1.0.0", instructions="Levels of four gauges.")
LEVELS = {"quay": 2.61, "lock": 2.58, "bar": 1.97, "mill": 0.4}


@server.tool()
def level(gauge: str) -> dict[str, float]:
    """The level at a gauge, in metres."""
    if gauge not in LEVELS:
        raise ValueError(f"there is no gauge {gauge}")
    return {"level_m": LEVELS[gauge]}


@server.tool()
async def survey(rounds: int, ctx: Context) -> str:
    """Reads all gauges several times and tells how far it is."""
    for done in range(rounds):
        await ctx.report_progress(done + 1, rounds, f"round {done + 1} Grüße 🌊")
    return " ".join(f"{gauge} {metres}" for gauge, metres in LEVELS.items()) * rounds


@server.resource("tide://gauges")
def gauges() -> str:
    """The names of all gauges."""
    return "\n".join(LEVELS)


@server.prompt()
def warn(gauge: str) -> str:
    """A warning to boats."""
    return f"Write a warning about the level at {gauge}."


server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
