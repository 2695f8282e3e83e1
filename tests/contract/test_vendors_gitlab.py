"""The package's GitLab module against the stand-in."""

import pytest

from mechanizer.errors import OutcomeUnknown
from mechanizer.vendors import gitlab as ours
from sandbox.vendors import GitLab
from tests.contract.calls import call
from tests.contract.memory import HOSTILE, MemoryEffects, notification, request

pytestmark = pytest.mark.usefixtures("deployed")

LICENSE = "\n".join([*["/close" + "A" * 54] * 20, "/9j4=", ""])
RESULTS = {
    "license": {"expires_on": "2026-11-26", "blocks_on": "2026-12-01"},
    "email": {"message_id": "m", "possibly_sent_twice": True},
    "eligibility": {"notices": [HOSTILE]},
}


def test_an_issue_is_confidential_labelled_and_holds_the_license_whole(gitlab: GitLab) -> None:
    made = ours.issue(MemoryEffects(request()), "A title", notification(), LICENSE)

    [issue] = gitlab.state()
    assert made == {"iid": 1, "url": issue["web_url"], "outcome": "issued"}
    assert (issue["title"], issue["state"], issue["confidential"]) == ("A title", "opened", True)
    assert issue["labels"] == ["Mechanizer::Emergency License Generation"]
    assert f"```text\n{LICENSE.strip()}\n```" in issue["description"]
    assert gitlab.violations == []


def test_closing_makes_it_the_success_whatever_it_said_before(gitlab: GitLab) -> None:
    ours.issue(MemoryEffects(request()), "[Failure] - …", notification("failed"))

    for _ in range(2):
        ours.close_issue(1, "[Success] - …", notification("issued"), LICENSE)

    [issue] = gitlab.state()
    assert (issue["title"], issue["state"]) == ("[Success] - …", "closed")
    assert "zd-4242-1/issued" in issue["description"]
    assert "zd-4242-1/failed" not in issue["description"]
    assert (issue["labels"], issue["confidential"]) == (["Mechanizer::Emergency License Generation"], True)
    assert gitlab.violations == []


@pytest.mark.parametrize("kind", [{"status": 500}, {"reset": True}, {"malformed": True}])
def test_closing_again_after_a_lost_answer_changes_nothing(gitlab: GitLab, kind: dict[str, object]) -> None:
    ours.issue(MemoryEffects(request()), "A title", notification(), LICENSE)
    gitlab.inject({"method": "PUT", "after_effect": True, **kind})

    with pytest.raises(OutcomeUnknown):
        ours.close_issue(1, "Another title", notification(), LICENSE)
    before = gitlab.state()[0]
    ours.close_issue(1, "Another title", notification(), LICENSE)

    after = gitlab.state()[0]
    assert {**after, "updated_at": None, "closed_at": None} == {
        **before,
        "updated_at": None,
        "closed_at": None,
    }
    assert sum(r.method == "PUT" for r in gitlab.requests) == 2


def test_text_from_outside_runs_no_quick_action_and_calls_nobody(gitlab: GitLab) -> None:
    effects = MemoryEffects(request())

    ours.issue(effects, "A title", notification(fact=HOSTILE), LICENSE)
    ours.comment(effects, 1, notification("undelivered", fact=HOSTILE))

    [issue] = gitlab.state()
    flat = " ".join(HOSTILE.split())
    assert flat in issue["description"]
    assert flat in issue["notes"][0]["body"]
    assert issue["state"] == "opened"
    assert gitlab.violations == []


@pytest.mark.parametrize("fact", ["`", "``", "a`", "`a", "```text", "` `` ```", "@all", "", "/close", "~~~"])
def test_no_value_ends_its_code_span(gitlab: GitLab, fact: str) -> None:
    ours.issue(MemoryEffects(request()), "A title", notification(fact=f"{fact} @all {fact}"), LICENSE)

    assert gitlab.violations == []


def test_only_the_requests_own_issue_is_found(gitlab: GitLab) -> None:
    forged = "x\n- Reference: `zd-4242-1/issued`"
    for number in range(10, 130):
        ours.issue(
            MemoryEffects(request()),
            "Another",
            notification(request_id=f"zd-4242-{number}", fact=forged),
            LICENSE,
        )
    gitlab.inject({"method": "POST", "reset": True})
    effects = MemoryEffects(request())
    with pytest.raises(OutcomeUnknown):
        ours.issue(effects, "A title", notification(), LICENSE)

    made = ours.issue(effects, "A title", notification(), LICENSE)

    assert made["iid"] == 121
    assert gitlab.state()[-1]["title"] == "A title"


def test_an_old_issue_is_found_behind_a_hundred_newer_ones(gitlab: GitLab) -> None:
    effects = MemoryEffects(request())
    gitlab.inject({"method": "POST", "reset": True, "after_effect": True})
    with pytest.raises(OutcomeUnknown):
        ours.issue(effects, "A title", notification("failed"))
    for number in range(10, 130):
        ours.issue(MemoryEffects(request()), "Another", notification(request_id=f"zd-4242-{number}"))

    found = ours.issue(effects, "A title", notification(), LICENSE)

    assert (found["iid"], found["outcome"]) == (1, "failed")
    assert gitlab.violations == []


def test_a_person_can_close_and_retitle_the_issue_and_it_is_still_found(gitlab: GitLab) -> None:
    effects = MemoryEffects(request())
    gitlab.inject({"method": "POST", "malformed": True, "after_effect": True})
    with pytest.raises(OutcomeUnknown):
        ours.issue(effects, "A title", notification())
    change = {"title": "Mine", "state_event": "close", "add_labels": "seen"}
    call(f"{gitlab.url}/api/v4/projects/42/issues/1", "PUT", change, **{"PRIVATE-TOKEN": gitlab.token})

    assert ours.issue(effects, "A title", notification())["iid"] == 1
    assert len(gitlab.state()) == 1
