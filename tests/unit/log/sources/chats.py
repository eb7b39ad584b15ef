"""Conversations in OpenAI's form, small ones for tests."""

from __future__ import annotations

from typing import Any

SOURCE = "chat_transcripts"
USER = {"role": "user", "content": "Where is my order?"}
ANSWER = {"role": "assistant", "content": "It arrives on Monday."}


def call(name: str = "find_order", arguments: Any = '{"order": 7}', **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **more}


def asks(*calls: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls), **more}


def tool(content: Any = "found", **more: Any) -> dict[str, Any]:
    return {"role": "tool", "content": content, **more}


def conversation(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": [USER, *messages, ANSWER], **more}


def roots(events: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [e for e in events["interaction"] if e.get("task_type") == "conversation"]


def steps(events: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [e for e in events["interaction"] if e.get("task_type") == "tool_call"]
