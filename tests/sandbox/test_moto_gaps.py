"""Each gap of moto that sandbox/cloud/moto_fixes.py and sandbox/cloud/aws.py close, on moto as it comes.

A failure here is good news: the gap is closed there, so its mend (and its line here) can go.
"""

import json
import subprocess
import sys
from pathlib import Path

GAPS = [
    "no_redrive",
    "unnamed_executions_are_called_none",
    "no_redrive_count_in_the_context",
    "a_stop_loses_error_and_cause",
    "a_stop_waits_for_the_delay_before_a_retry",
    "a_history_has_no_pages",
    "a_history_has_no_reverse_order",
    "a_timed_out_execution_has_no_stop_date",
    "two_starts_by_one_name_make_two_executions",
    "a_broken_input_is_refused_without_a_code",
    "a_condition_and_its_write_are_two_steps",
    "a_transaction_copies_its_tables",
    "a_query_sorts_the_whole_table",
    "every_request_looks_at_the_folders",
    "a_function_that_is_not_there_succeeds",
    "a_configuration_set_that_is_not_there_is_taken",
    "a_message_that_is_not_utf8_breaks_it",
    "a_late_task_writes_into_the_history",
]


def test_moto_still_has_every_gap():
    script = Path(__file__).with_name("moto_as_it_comes.py")
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=120)
    found = json.loads(ran.stdout)
    assert sorted(found) == sorted(GAPS)
    closed = [gap for gap in GAPS if not found[gap]]
    assert not closed, f"moto has closed them, take their mends out: {closed}"
