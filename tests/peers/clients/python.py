"""The official Python SDK (both eras) as a client that plays a scenario.

    python.py SCENARIO.json FOLDER legacy|modern|auto -- COMMAND ARGS…

Prints what the client got, one canonical JSON line a step, like `scenario.mjs`.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError

MODES = {"legacy": "legacy", "modern": "2026-07-28", "auto": "auto"}


def fill(value: Any, words: dict[str, str]) -> Any:
    """Replaces every placeholder in every string of a JSON value."""
    if isinstance(value, str):
        for word, by in words.items():
            value = value.replace(word, by)
        return value
    if isinstance(value, list):
        return [fill(item, words) for item in value]
    if isinstance(value, dict):
        return {fill(key, words): fill(item, words) for key, item in value.items()}
    return value


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def answers(scenario: dict[str, Any]) -> dict[str, Any]:
    """The callbacks for what the scenario says this client can do, with their fixed answers."""
    client = scenario.get("client", {})
    delay = client.get("answer_after_ms", 0) / 1000
    callbacks: dict[str, Any] = {}
    if roots := client.get("roots"):

        async def list_roots(_context: Any) -> types.ListRootsResult:
            return types.ListRootsResult(
                roots=[types.Root(uri=Path(root).as_uri(), name=Path(root).name) for root in roots]
            )

        callbacks["list_roots_callback"] = list_roots
    if text := client.get("sampling"):

        async def sample(_context: Any, _params: Any) -> types.CreateMessageResult:
            await anyio.sleep(delay)
            content = types.TextContent(type="text", text=text)
            return types.CreateMessageResult(
                role="assistant", model="a-fixed-model", stop_reason="endTurn", content=content
            )

        callbacks["sampling_callback"] = sample
    if content := client.get("elicitation"):

        async def elicit(_context: Any, _params: Any) -> types.ElicitResult:
            await anyio.sleep(delay)
            return types.ElicitResult(action="accept", content=content)

        callbacks["elicitation_callback"] = elicit
    return callbacks


class Player:
    """Runs steps one after the other, or side by side, and returns the lines in the order of the scenario."""

    def __init__(self, client: Client, scenario: dict[str, Any]) -> None:
        self.client = client
        self.scenario = scenario
        self.random = random.Random(scenario.get("seed", 1))

    async def pause(self, span: Any) -> None:
        await anyio.sleep((self.random.uniform(*span) if isinstance(span, list) else span) / 1000)

    async def send(self, step: dict[str, Any], on_progress: Any) -> Any:
        client, params = self.client, step.get("params", {})
        match step["method"]:
            case "tools/list":
                return await client.list_tools()
            case "tools/call":
                return await client.call_tool(params["name"], params.get("arguments"), progress_callback=on_progress)
            case "prompts/list":
                return await client.list_prompts()
            case "prompts/get":
                return await client.get_prompt(params["name"], params.get("arguments"))
            case "resources/list":
                return await client.list_resources()
            case "resources/templates/list":
                return await client.list_resource_templates()
            case "resources/read":
                return await client.read_resource(params["uri"])
            case "completion/complete":
                kind = {"ref/prompt": types.PromptReference, "ref/resource": types.ResourceTemplateReference}
                ref = kind[params["ref"]["type"]].model_validate(params["ref"])
                return await client.complete(ref, params["argument"])
            case method:
                raise ValueError(f"this client has no verb for {method}")

    async def call(self, step: dict[str, Any]) -> list[str]:
        line: dict[str, Any] = {"method": step["method"], "params": step.get("params")}
        progress: list[Any] = []

        async def on_progress(done: float, total: float | None, message: str | None) -> None:
            progress.append([done, total, message])

        wait = step.get("cancel_after_ms")
        with anyio.move_on_after(wait / 1000 if wait is not None else 120) as scope:
            try:
                result = await self.send(step, on_progress if step.get("progress") else None)
                line["result"] = result.model_dump(mode="json", by_alias=True, exclude_unset=True)
            except MCPError as error:
                line["error"] = {"code": error.code, "message": error.message, "data": error.data}
            except Exception as error:  # what the SDK itself objects to is a result of this client too
                line["error"] = f"{type(error).__name__}: {error}"
        if scope.cancelled_caught:
            line["error"] = "cancelled by the client"
        if step.get("progress"):
            line["progress"] = progress
        return [canonical(line)]

    async def perform(self, step: dict[str, Any]) -> list[str]:
        if "pause_ms" in step:
            await self.pause(step["pause_ms"])
            return []
        if "parallel" in step:
            return await self.side_by_side(step["parallel"])
        if "sequence" in step:
            return await self.perform_all(step["sequence"])
        if "repeat" in step:
            return await self.perform_all(step["steps"] * step["repeat"])
        if "each" in step:
            return await self.perform_all([s for item in step["each"] for s in fill(step["steps"], {"{each}": item})])
        lines = await self.call(step)
        if pace := self.scenario.get("pace_ms"):
            await self.pause(pace)
        return lines

    async def side_by_side(self, steps: list[dict[str, Any]]) -> list[str]:
        lines: list[list[str]] = [[] for _ in steps]

        async def one(at: int) -> None:
            lines[at] = await self.perform(steps[at])

        async with anyio.create_task_group() as group:
            for at in range(len(steps)):
                group.start_soon(one, at)
        return [line for part in lines for line in part]

    async def perform_all(self, steps: list[dict[str, Any]]) -> list[str]:
        return [line for step in steps for line in await self.perform(step)]


async def main() -> None:
    try:
        at = sys.argv.index("--")
        file, folder, era = sys.argv[1:at]
        command, *args = sys.argv[at + 1 :]
        mode = MODES[era]
    except (ValueError, KeyError):
        sys.exit("usage: python.py SCENARIO.json FOLDER legacy|modern|auto -- COMMAND ARGS…")
    scenario = fill(json.loads(Path(file).read_text()), {"{dir}": folder})
    # A server's address stands in place of its command.
    is_url = command.startswith(("http:", "https:"))
    server = command if is_url else StdioServerParameters(command=command, args=args, env=scenario.get("env"))
    info = types.Implementation(name="python-sdk", version="2.3.0")
    async with Client(server, mode=mode, client_info=info, **answers(scenario)) as client:
        player = Player(client, scenario)
        for step in scenario["steps"]:
            for line in await player.perform(step):
                print(line, flush=True)


anyio.run(main)
