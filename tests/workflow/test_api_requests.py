"""What the app gets for what it asks: each answer of POST /requests, GET /requests/{id} and the dry run."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.workflow.journey import REFUSALS, TicketJourney

STEPS = [
    "check_eligibility",
    "generate_license",
    "send_email",
    "create_issue",
    "notify_slack",
    "comment_ticket",
]
VIEW = {
    *("request_id", "ticket_id", "status", "next_action", "steps", "reasons", "issue_url", "expires_on"),
    *("blocks_on", "delivery", "error", "execution_url", "replaces"),
}
CODES = [*REFUSALS, "already_issued"]
AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def statuses(view):
    return [step["status"] for step in view["steps"]]


def zendesk_forbids(case):
    """Zendesk refuses the next reading of the ticket: a lasting failure of the first step."""
    case.at.zendesk.inject({"method": "GET", "path": f"/api/v2/tickets/{case.id}.json", "status": 403})


class TestBodies:
    """400 names every bad field, starts nothing, and quotes nothing; tests/unit/test_request.py has all faults."""

    def refused(self, case, body, **headers):
        status, _, answer = case.at.call("POST", "/requests", case.token(), body, **headers)
        assert (status, set(answer)) == (400, {"error", "message", "fields"})
        assert answer["error"] == "invalid_request"
        return answer

    def test_every_fault_is_named_and_nothing_starts(self, case):
        bad = {"ticket_id": case.id, "user_count": "5", "gitlab_username": "@ada", "<b>\r\n": 1}

        answer = self.refused(case, bad)

        assert answer["fields"] == {
            "gitlab_username": "must be a GitLab username: letters, digits and _ - . only, without @",
            "customer_email": "is missing: it must be one e-mail address, such as ops@customer.example",
            "user_count": "must be a whole number from 1 to 1000000",
            "license_expired_on": "is missing: it must be a date written YYYY-MM-DD",
            "?b???": "is not known: leave it out",
        }
        assert case.executions() == []
        assert case.at.call("GET", f"/requests/{case.request_id}", case.token())[0] == 404

    @pytest.mark.parametrize("written", [b"", b"\xff\xfe\x00", b"[" * 8000], ids=["empty", "binary", "deep"])
    def test_a_body_that_is_no_json_object(self, case, written):
        assert self.refused(case, written)["fields"] == {}

    def test_a_body_that_is_not_called_json(self, case):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""):
            answer = self.refused(case, json.dumps(case.body).encode(), Content_Type=kind)
            assert answer["fields"] == {}

    def test_a_body_of_a_megabyte(self, case):
        answer = self.refused(case, {**case.body, "gitlab_username": "a" * 1_000_000})

        assert (answer["message"], answer["fields"]) == ("Send at most 16384 bytes", {})


class TestANewRequest:
    def test_is_202_with_its_location(self, issued):
        status, headers, answer = issued.first_answer

        assert status == 202
        assert answer == {"request_id": f"zd-{issued.id}-1", "status": "running"}
        assert headers["location"] == f"/requests/zd-{issued.id}-1"

    def test_is_shown_step_by_step(self, case):
        with case.held_at_the_mail():
            view = case.view()

        assert set(view) == VIEW
        assert (view["request_id"], view["ticket_id"], view["status"]) == (
            case.request_id,
            case.id,
            "running",
        )
        assert [step["name"] for step in view["steps"]] == STEPS
        assert statuses(view) == ["done", "done", "running", "pending", "pending", "pending"]
        assert all(AT.fullmatch(step["at"]) for step in view["steps"] if step["status"] == "done")
        assert view["next_action"] == "Wait: the license is being made."
        assert (view["reasons"], view["issue_url"], view["delivery"], view["error"]) == ([], None, None, None)
        assert case.ended("issued")

    def test_is_shown_issued(self, issued):
        view = issued.view()

        assert set(view) == VIEW
        assert view["status"] == "issued"
        assert [step["name"] for step in view["steps"]] == STEPS
        assert all(
            set(step) == {"name", "status", "at"} and AT.fullmatch(step["at"]) for step in view["steps"]
        )
        assert statuses(view) == ["done"] * 6
        assert (view["reasons"], view["error"], view["replaces"]) == ([], None, None)
        assert view["issue_url"] == issued.issues()[0]["web_url"]
        assert view["delivery"] == "delivered"
        assert view["execution_url"].startswith("https://")
        assert view["execution_url"].endswith(issued.own_execution)

    def test_is_the_state_machines_whole_input(self, issued):
        document = issued.recorded_input()

        assert AT.fullmatch(document.pop("requested_at"))
        assert document == {"request_id": issued.request_id, **issued.body, "agent_id": 77}


class TestAskedTwice:
    def test_at_the_same_moment_starts_one_execution(self, case):
        with case.at.proxy.holding("SendEmail", case.request_id), ThreadPoolExecutor(3) as clicks:
            answers = [click.result() for click in [clicks.submit(case.post) for _ in range(3)]]

        assert sorted(status for status, _, _ in answers) == [200, 200, 202], answers
        assert [answer for _, _, answer in answers] == [
            {"request_id": case.request_id, "status": "running"}
        ] * 3
        case.ended("issued")
        assert (len(case.executions()), case.counts()) == (1, (1, 1, 1, 1))

    def test_while_it_runs(self, case):
        with case.held_at_the_mail():
            again, other = case.post(), case.post(user_count=300)

        assert (again[0], again[2]) == (200, {"request_id": case.request_id, "status": "running"})
        assert (other[0], set(other[2])) == (409, {"error", "message", "request_id", "issue_url"})
        assert (other[2]["error"], other[2]["request_id"], other[2]["issue_url"]) == (
            "in_progress",
            case.request_id,
            None,
        )
        case.ended("issued")
        assert len(case.mails()) == 1

    def test_after_it_was_issued(self, issued):
        before = issued.effects()

        for changes in ({}, {"user_count": 300}, {"gitlab_username": "grace"}):
            status, _, answer = issued.post(**changes)
            assert (status, set(answer)) == (409, {"error", "message", "request_id", "issue_url"})
            assert (answer["error"], answer["request_id"]) == ("already_issued", issued.request_id)
            assert answer["issue_url"] == issued.issues()[0]["web_url"]

        assert (len(issued.executions()), issued.effects()) == (1, before)

    def test_after_a_refusal_takes_the_next_number(self, deployment):
        case = TicketJourney(deployment, screenshots=())
        case.refused()

        assert case.accepted() == f"zd-{case.id}-2", "the same details"
        case.ended("refused")
        assert case.accepted(user_count=300) == f"zd-{case.id}-3", "other details"
        case.ended("refused")

        assert not case.mails()

    def test_after_a_failure_the_same_request_goes_on(self, case):
        case.failed_at_the_mail()
        (failure,) = case.issues()

        status, headers, answer = case.post()

        assert (status, answer) == (202, {"request_id": case.request_id, "status": "running"})
        assert headers["location"] == f"/requests/{case.request_id}"
        view = case.ended("issued")
        assert (view["error"], statuses(view)) == (None, ["done"] * 6)
        assert [e["redriveCount"] for e in case.executions()] == [1]
        assert len(case.mails()) == 1
        (success,) = case.issues()
        assert (failure["iid"], failure["state"]) == (success["iid"], "opened")
        assert success["state"] == "closed"


class TestSuperseding:
    """Other details after a failure: from then on the earlier request makes no license and sends no mail."""

    @pytest.fixture(params=["SendEmail", "CheckEligibility"])
    def superseded(self, request, case):
        if request.param == "SendEmail":
            case.failed_at_the_mail()
        else:
            zendesk_forbids(case)
            case.accepted()
            case.ended("failed")
        case.first, case.first_arn = case.request_id, case.own_execution
        assert case.accepted(user_count=300) == f"zd-{case.id}-2"
        case.ended("issued")
        return case

    def test_ends_the_earlier_request_whoever_retries_it(self, superseded):
        case = superseded
        before = case.effects()

        redriven = case.at.redrive(case.first_arn)
        again = case.at.run(json.loads(redriven["input"]))
        case.at.sweep()

        assert (redriven["status"], redriven["error"]) == ("FAILED", "Superseded")
        assert (again["status"], again["error"]) == ("FAILED", "Superseded")
        assert case.at.describe(case.first_arn)["redriveCount"] == 1
        assert case.effects() == before
        (mail,) = case.mails()
        assert "300" in mail.plain
        assert case.view(case.first)["status"] == "superseded"
        assert case.view(case.first)["error"] is None
        assert "newer request" in case.view(case.first)["next_action"]
        assert case.post(user_count=250)[0] == 409


class TestReplaces:
    """The way to a second license when the first does not help: once, and only with a reason."""

    @pytest.fixture
    def first(self, case):
        case.issued()
        return case

    def test_more_users_and_only_once(self, first):
        case, old = first, first.request_id

        assert case.accepted(user_count=400, replaces=old) == f"zd-{case.id}-2"
        view = case.ended("issued")
        status, _, answer = case.post(user_count=500, replaces=old)

        assert (view["replaces"], len(case.mails())) == (old, 2)
        why = f"Replaces {old}: 400 users instead of 250."
        issue = next(issue for issue in case.issues() if f"{case.request_id}/" in issue["description"])
        message = next(message for message in case.messages() if case.request_id in message["text"])
        for text in (issue["description"], message["text"], case.notes()[-1]):
            assert why in text
        assert case.view(old)["status"] == "issued"
        assert (status, answer["error"]) == (409, "already_issued")
        assert len(case.executions()) == 2

    def test_after_the_next_number_was_started_by_hand_and_refused(self, first):
        case, old = first, first.request_id
        case.at.run(case.document(request_id=f"zd-{case.id}-2", user_count=400))

        assert case.accepted(user_count=400, replaces=old) == f"zd-{case.id}-3"
        case.ended("issued")

        assert len(case.mails()) == 2

    def test_again_when_the_replacement_was_refused(self, first):
        case, old = first, first.request_id
        asked = {**case.body, "user_count": 400, "replaces": old}
        _, _, answer = case.at.call("POST", "/requests", case.token(sub="80"), asked)
        case.request_id = answer["request_id"]
        case.ended("refused")

        assert case.accepted(user_count=400, replaces=old) == f"zd-{case.id}-3"
        case.ended("issued")

        assert len(case.mails()) == 2

    def test_while_the_issues_of_both_are_missing(self, case):
        first, arns = case.request_id, []
        for asked in ({}, {"user_count": 400, "replaces": first}):
            with case.held_at_the_mail(**asked):
                case.at.gitlab.inject({"method": "POST", "path": "*/issues", "status": 403, "times": 1})
            assert case.ended("issued")["error"]["step"] == "create_issue"
            arns.append(case.own_execution)

        assert [case.at.redrive(arn)["status"] for arn in arns] == ["SUCCEEDED"] * 2

        assert len(case.mails()) == 2
        assert [(issue["state"], issue["title"][-9:]) for issue in case.issues()] == [
            ("closed", "250 users"),
            ("closed", "400 users"),
        ]
        for request_id in (first, case.request_id):
            view = case.view(request_id)
            assert (view["status"], view["error"], statuses(view)) == ("issued", None, ["done"] * 6)

    def test_a_double_click_on_it(self, first):
        case, old = first, first.request_id
        with case.held_at_the_mail(user_count=400, replaces=old):
            answers = [case.post(user_count=400, replaces=old), case.post(user_count=400)]

        # The same details are the five fields: what they replace need not be said again.
        for status, _, answer in answers:
            assert (status, answer["request_id"]) == (200, f"zd-{case.id}-2")
        case.ended("issued")
        assert len(case.mails()) == 2

    def test_without_a_reason(self, issued):
        before = issued.effects()

        for count in (250, 249):
            status, _, answer = issued.post(user_count=count, replaces=issued.request_id)
            assert (status, set(answer)) == (409, {"error", "message", "request_id", "issue_url"})

        assert (len(issued.executions()), issued.effects()) == (1, before)

    def test_a_request_that_was_not_issued(self, deployment):
        case = TicketJourney(deployment, screenshots=())
        case.refused()

        assert case.post(user_count=400, replaces=case.request_id)[0] == 409
        assert case.post(user_count=400, replaces=f"zd-{case.id}-9")[0] == 409
        assert len(case.executions()) == 1

    def test_after_a_bounce_the_same_details_will_do(self, deployment):
        case = TicketJourney(deployment, email="bounce@simulator.amazonses.com")
        assert case.issued()["delivery"] == "bounced"
        old = case.request_id
        case.undelivered()

        assert case.accepted(replaces=old) == f"zd-{case.id}-2"
        case.ended("issued")

        assert len(case.mails()) == 2
        assert f"Replaces {old}: its e-mail was bounced." in "".join(case.notes())


def test_a_request_that_was_recorded_but_not_started_starts_with_the_next_post(case):
    with case.at.proxy.failing("StartExecution", case.request_id, 500, "InternalServerError"):
        status, _, answer = case.post()
    assert (status, set(answer)) == (503, {"error", "message"})
    assert not case.executions()

    status, _, answer = case.post()

    assert (status, answer["request_id"]) == (200, case.request_id)
    case.ended("issued")
    assert (len(case.executions()), len(case.mails())) == (1, 1)


NOT_FOUND = """
    GET /
    GET /requests
    GET /requests/
    POST /nothing
    PUT /requests
    DELETE /requests/zd-{id}-1
    PATCH /requests/zd-{id}-1
    POST /tickets/{id}/eligibility
    GET /tickets/{id}
    GET /tickets/mine/eligibility
    GET /tickets/0/eligibility
    GET /requests/zd-{id}-1/steps
    GET /requests/%2e%2e%2fsecrets
    GET /requests/zd-{id}-1
    GET /requests/zd-{id}-01
"""


def test_any_other_call_is_not_found(case):
    for line in (*NOT_FOUND.strip().splitlines(), f"GET /requests/{'9' * 900}"):
        method, path = line.format(id=case.id).split()
        status, headers, answer = case.at.call(method, path, case.token())
        assert (status in (404, 405), set(answer)) == (True, {"error", "message"}), line
        assert headers["content-type"] == "application/json"


class TestDryRun:
    """The same rules, and nothing is written."""

    def asked(self, case, email=None, expired_on=None, **claims):
        query = f"?customer_email={email or case.email}&license_expired_on={expired_on or case.expired_on}"
        status, _, answer = case.dry_run(query, **claims)
        assert status == 200, answer
        return answer

    def test_eligible_and_nothing_is_written(self, case):
        answer = self.asked(case)

        assert set(answer) == {"eligible", "checks", "latest_request"}
        assert (answer["eligible"], answer["latest_request"]) == (True, None)
        assert [check["code"] for check in answer["checks"]] == CODES
        assert all(
            set(check) == {"code", "ok", "message"} and check["ok"] is True for check in answer["checks"]
        )

        asked = [r.method for r in case.at.zendesk.requests if str(case.id) in r.path]
        assert set(asked) == {"GET"}
        assert not case.executions()
        assert case.at.call("GET", f"/requests/{case.request_id}", case.token())[0] == 404
        assert case.accepted() == f"zd-{case.id}-1"

    def test_all_that_is_wrong_at_once(self, deployment):
        case = TicketJourney(
            deployment,
            ticket={"status": "solved"},
            organization={"sub_sm_premium": False, "support_hold": True},
            screenshots=("dashboard.png",),
        )

        answer = self.asked(
            case, email="another@customer.example", expired_on=case.body["license_expired_on"], sub="80"
        )

        wrong = {check["code"]: check["message"] for check in answer["checks"] if not check["ok"]}
        assert answer["eligible"] is False
        assert [check["code"] for check in answer["checks"]] == CODES
        assert list(wrong) == [
            "ticket_closed",
            "agent_not_allowed",
            "requester_mismatch",
            "no_paid_plan",
            "account_on_hold",
            "screenshots_missing",
        ]
        assert wrong["screenshots_missing"] == "1 of 2 screenshots found"

    def test_what_is_left_out_is_not_checked(self, case):
        status, _, bare = case.dry_run()
        _, _, with_email = case.dry_run(f"?customer_email={case.email}")

        of_date = {"grace_period_not_over", "grace_period_over_too_long"}
        assert (status, bare["eligible"]) == (200, True)
        assert {check["code"] for check in bare["checks"]} == {*CODES} - {"requester_mismatch", *of_date}
        assert {check["code"] for check in with_email["checks"]} == {*CODES} - of_date

    def test_a_ticket_that_does_not_exist(self, deployment):
        case = TicketJourney(deployment, ticket={"status": "deleted"})

        checks = {check["code"]: check["ok"] for check in self.asked(case)["checks"]}

        assert checks["ticket_not_found"] is False
        assert not {"ticket_closed", "no_organization", "screenshots_missing"} & set(checks)

    def test_a_bad_query(self, case):
        status, _, answer = case.dry_run("?license_expired_on=today&customer_email=&user_count=5")

        assert (status, answer["error"]) == (400, "invalid_request")
        assert set(answer["fields"]) == {"license_expired_on", "customer_email", "user_count"}

    def test_shows_the_latest_request(self, issued):
        answer = self.asked(issued)

        wrong = [check["code"] for check in answer["checks"] if not check["ok"]]
        assert (answer["eligible"], wrong) == (False, ["already_issued"])
        assert answer["latest_request"] == issued.view()

    def test_zendesk_is_down(self, case):
        case.at.zendesk.inject({"path": f"/api/v2/tickets/{case.id}.json", "status": 500, "times": None})

        status, _, answer = case.dry_run()

        assert (status, set(answer)) == (503, {"error", "message"})
