from __future__ import annotations

from typing import Any

from .conftest import Mapped


def event(**more: Any) -> dict[str, Any]:
    return {"event_id": "e1", "timestamp": 1588438460.488, "platform": "python", **more}


def frame(function: str | None, place: str, line: int = 3, **more: Any) -> dict[str, Any]:
    return {"function": function, "abs_path": place, "lineno": line, **more}


def raised(*frames: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"values": [{"type": "First"}, {"type": "E", "value": "no", "stacktrace": {"frames": list(frames)}, **more}]}


def test_the_last_exception_is_an_error_with_the_traceback_of_its_platform(mapped: Mapped) -> None:
    found = [
        event(
            exception=raised(frame("run", "/srv/app/main.py"), frame("pay", "/srv/app/pay.py", 9)), transaction="/pay"
        ),
        event(
            platform="javascript", exception=raised(frame(None, "http://x/a.js", colno=1), frame("f", "http://x/b.js"))
        ),
        event(platform="java", exception=raised(frame("run", "", module="a.B", filename="B.java"))),
        event(platform="csharp", exception=raised(frame("Run", "/a/B.cs", module="A.B"))),
        event(platform="go", exception=raised(frame("Run", "/a/b.go", module="x.io/b"))),
        event(platform="php", exception=raised(frame("B::run", "/a/B.php"))),
    ]
    errors = mapped("sentry", found)["error"]
    assert [e["stack_trace"].partition("\n")[2] for e in errors] == [
        '  File "/srv/app/main.py", line 3, in run\n  File "/srv/app/pay.py", line 9, in pay',
        "    at f (http://x/b.js:3:0)\n    at ? (http://x/a.js:3:1)",
        "\tat a.B.run(B.java:3)",
        "   at A.B.Run() in /a/B.cs:line 3",
        "x.io/b.Run()\n\t/a/b.go:3",
        "#0 /a/B.php(3): B::run()",
    ]
    assert {(e["error_type"], e["message"], e["clock"]) for e in errors} == {("E", "no", "real")}
    assert errors[0]["occurred_at"] == "2020-05-02T16:54:20.488000Z"
    assert errors[0]["attributes"] == {"transaction": "/pay", "platform": "python"}


def test_a_message_is_said_with_its_parameters(mapped: Mapped) -> None:
    found = [
        event(message="plain %s"),
        event(logentry={"message": "a %s and %s", "params": ["b %s", 7]}),
        event(message={"message": "new {what}", "params": {"what": "x"}}),
        event(logentry={"message": "a %s", "formatted": "a b", "params": ["b"]}),
    ]
    errors = mapped("sentry", found)["error"]
    assert [e["message"] for e in errors] == ["plain %s", "a b %s and 7", "new x", "a b"]
    assert {e["error_type"] for e in errors} == {"Message"}


def test_what_is_no_error_is_left_out_and_what_is_broken_does_no_harm(mapped: Mapped) -> None:
    odd = [event(exception={"values": [{"type": "E", "stacktrace": {"frames": [None, 3, {}]}}]}, timestamp="soon")]
    found = [{"type": "transaction"}, {}, {"exception": []}, event(), *odd, {"exception": 5, "message": "m"}]
    errors = mapped("sentry", found)["error"]
    assert [(e["error_type"], e["clock"]) for e in errors] == [("E", "synthetic"), ("Message", "synthetic")]
