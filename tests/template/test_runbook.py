"""Whoever is woken by an alarm finds it in the runbook by its own words."""

import re
from pathlib import Path

from tests.template.stack import Stack

PAGE = Path(__file__).parents[2] / "docs/runbook.md"
ENTRY = re.compile(r"^### (.+)\n\n\*Alarm: `(\w+)`\.\* (.+)", re.MULTILINE)


def test_every_alarm_has_an_entry_and_every_entry_an_alarm(stack: Stack) -> None:
    alarms = {
        (name, stack.properties(name)["AlarmDescription"]) for name in stack.names("AWS::CloudWatch::Alarm")
    }

    assert {(name, heading) for heading, name, _ in ENTRY.findall(PAGE.read_text())} == alarms
