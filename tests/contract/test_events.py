"""The example events: each in the shape that its entry gets."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mechanizer.errors import InvalidRequest
from mechanizer.rules.request import parse_body

EVENTS = Path("events")
MACHINE = json.loads(Path("statemachine/emergency_license.asl.json").read_text())


def event(entry: str, case: str) -> Any:
    return json.loads((EVENTS / entry / f"{case}.json").read_text())


def names(entry: str) -> list[str]:
    return sorted(path.stem for path in (EVENTS / entry).glob("*.json"))


def test_each_task_gets_what_the_states_before_it_left() -> None:
    state, results = MACHINE["StartAt"], set[str]()
    while state != "Issued":
        task = MACHINE["States"][state]
        if task["Type"] == "Task":
            entry = "".join(f"_{c.lower()}" if c.isupper() else c for c in state).lstrip("_")
            example = event(entry, "task")
            assert set(example) == {key.removesuffix(".$") for key in task["Parameters"]["Payload"]}
            assert set(example.get("results", {})) == results
            assert example["request"] == event("state_machine", "eligible")
            results |= left_by(task)
        state = task["Choices"][0]["Next"] if task["Type"] == "Choice" else task["Next"]


def left_by(task: dict[str, Any]) -> set[str]:
    """The names that a task adds to the results."""
    if "ResultPath" in task:
        return {task["ResultPath"].removeprefix("$.")}
    return {key.removesuffix(".$") for key in task.get("ResultSelector", {})}


def test_each_result_has_the_fields_that_its_state_keeps() -> None:
    results = event("comment_ticket", "task")["results"]
    kept = {
        task["ResultPath"].removeprefix("$."): {key.removesuffix(".$") for key in task["ResultSelector"]}
        for task in MACHINE["States"].values()
        if "ResultPath" in task
    }
    kept["eligibility"] = {
        key.removesuffix(".$")
        for key in MACHINE["States"]["CheckEligibility"]["ResultSelector"]["eligibility"]
    }

    assert {name: set(result) for name, result in results.items()} == kept
    assert set(event("comment_ticket", "refused")["results"]["eligibility"]) == kept["eligibility"]


@pytest.mark.parametrize("case", names("api"))
def test_an_api_event_is_payload_2(case: str) -> None:
    call = event("api", case)

    assert (call["version"], call["rawPath"]) == ("2.0", call["requestContext"]["http"]["path"])
    assert call["headers"]["authorization"] == "Bearer TOKEN"
    assert ("body" in call) == (call["requestContext"]["http"]["method"] == "POST")


def test_the_bodies_are_what_their_names_say() -> None:
    details = parse_body(event("api", "post_request")["body"]).details
    replacement = parse_body(event("api", "post_replacement")["body"])
    with pytest.raises(InvalidRequest) as error:
        parse_body(event("api", "post_invalid_request")["body"])

    assert (details.ticket_id, details.user_count) == (4242, 250)
    assert (replacement.replaces, replacement.details.user_count) == ("zd-4242-1", 300)
    assert set(error.value.fields) == {"gitlab_username", "user_count", "note"}


@pytest.mark.parametrize("case", names("report_failure"))
def test_a_status_event_names_its_execution(case: str) -> None:
    change = event("report_failure", case)

    detail = change["detail"]
    assert change["detail-type"] == "Step Functions Execution Status Change"
    assert change["resources"] == [detail["executionArn"]]
    assert detail["status"].lower() == case.removesuffix("_after_redrive")
    assert (
        (detail["redriveCount"] > 0) == (detail["redriveDate"] is not None) == case.endswith("_after_redrive")
    )
    assert json.loads(detail["input"]) == event("state_machine", "eligible")


@pytest.mark.parametrize("entry", ["retry_failed", "send_digest"])
def test_a_schedule_sends_its_own_event(entry: str) -> None:
    sent = event(entry, "scheduled")

    assert sent["source"] == "aws.scheduler"
    assert datetime.fromisoformat(sent["time"]).tzinfo
