"""What the benchmarks say of what they measured; how fast anything is, is not tested."""

import re

import pytest

from benchmarks.__main__ import HANDLERS, PAGE, compared
from benchmarks.scale import DAY, HOUR, day, simulate
from benchmarks.table import Row, markdown


def handlers_on_the_page(factor: float) -> list[tuple[str, ...]]:
    """The page's rows, with each ratio so many times as large."""
    rows = re.findall(
        r"^\| (\w+) \| (\d+ ms) \| ([\d.]+) \| ([\d.]+) \| (\d+ MB) \|$", PAGE.read_text(), re.MULTILINE
    )
    assert len(rows) == 11
    return [
        (name, took, f"{float(naive) * factor:.2f}", bare, memory) for name, took, naive, bare, memory in rows
    ]


@pytest.mark.parametrize(("factor", "said"), [(1.2, "SLOWER by"), (1.0, "as before")])
def test_a_cold_start_is_compared_with_the_pages(factor: float, said: str) -> None:
    assert all(said in line for line in compared(handlers_on_the_page(factor)))


def test_the_page_has_the_columns_that_are_compared() -> None:
    assert markdown(HANDLERS, [])[0] in PAGE.read_text()


@pytest.mark.parametrize(
    ("value", "at_least", "met"), [(0.9, False, True), (0.9, True, False), (1.1, True, True)]
)
def test_a_target_is_a_bound_on_one_side(value: float, at_least: bool, met: bool) -> None:
    assert Row("speed", "itself", value, 1.0, at_least=at_least).met is met


def test_nobody_waits_on_a_day_of_a_thousand_requests() -> None:
    outcome = simulate(day(1000))

    assert all(each.ended and each.ended - each.arrived < 60 for each in outcome.executions)


def test_in_the_rush_of_a_day_of_fifty_thousand_the_mail_is_in_time_and_the_channel_is_not() -> None:
    outcome = simulate(moment for moment in day(50_000) if 0 <= moment - DAY / 2 < HOUR / 2)

    assert max(each.mailed - each.arrived for each in outcome.executions if each.mailed) < 60
    assert set(outcome.turned_away) == {"NotifySlack"}
    assert outcome.waiting > 1000


def test_a_crowd_that_asks_zendesk_for_too_much_at_once_gets_its_mail_later() -> None:
    outcome = simulate([0.0] * 300)

    assert outcome.turned_away["CheckEligibility"] > 0
    assert 60 < max(each.mailed for each in outcome.executions if each.mailed) < 600
