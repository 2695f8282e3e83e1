"""What the app gets for what it asks: each answer of POST /requests, GET /requests/{id} and the dry run.

An issued request's answers are in test_issued.py, a failed one's in test_failed.py.
"""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.workflow.journey import REFUSALS, STEPS, VIEW, TicketJourney

CODES = [*REFUSALS, "already_issued"]
CONFLICT = {"error", "message", "request_id", "issue_url"}


class TestBodies:
    """400 names every bad field, starts nothing, and quotes nothing; tests/unit/test_request.py has all faults."""

    def refused(self, case, body, **headers):
        status, _, answer = case.at.call("POST", "/requests", case.token(), body, **headers)
        assert (status, set(answer), answer["error"]) == (
            400,
            {"error", "message", "fields"},
            "invalid_request",
        )
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
        assert set(self.refused(case, {**case.body, "ticket_id": "mine"})["fields"]) == {"ticket_id"}
        assert case.executions() == []
        assert case.at.call("GET", f"/requests/{case.request_id}", case.token())[0] == 404

    def test_a_body_that_is_no_json_object_or_is_not_called_json_or_is_too_long(self, case):
        for written in (b"", b"\xff\xfe\x00", b"[" * 8000):
            assert self.refused(case, written)["fields"] == {}
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""):
            answer = self.refused(case, json.dumps(case.body).encode(), Content_Type=kind)
            assert answer["fields"] == {}
        answer = self.refused(case, {**case.body, "gitlab_username": "a" * 1_000_000})
        assert (answer["message"], answer["fields"]) == ("Send at most 16384 bytes", {})


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

    def test_while_it_runs_it_is_shown_step_by_step(self, case):
        with case.held_at_the_mail():
            view, again, other = case.view(), case.post(), case.post(user_count=300)

        assert (set(view), view["request_id"], view["ticket_id"]) == (VIEW, case.request_id, case.id)
        assert [step["name"] for step in view["steps"]] == STEPS
        done, running, pending = ["done"] * 2, ["running"], ["pending"] * 3
        assert [step["status"] for step in view["steps"]] == [*done, *running, *pending]
        assert all(
            re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", step["at"])
            for step in view["steps"]
            if step["status"] == "done"
        )
        assert (view["status"], view["next_action"]) == ("running", "Wait: the license is being made.")
        assert (view["reasons"], view["issue_url"], view["delivery"], view["error"]) == ([], None, None, None)
        assert (again[0], again[2]) == (200, {"request_id": case.request_id, "status": "running"})
        assert (other[0], set(other[2]), other[2]["error"]) == (409, CONFLICT, "in_progress")
        assert (other[2]["request_id"], other[2]["issue_url"]) == (case.request_id, None)
        case.ended("issued")
        assert len(case.mails()) == 1

    def test_after_it_was_issued(self, issued):
        """Without a reason to replace it, too."""
        before, id_ = issued.effects(), issued.request_id

        for changes in ({}, {"user_count": 300}, {"gitlab_username": "grace"}):
            status, _, answer = issued.post(**changes)
            assert (status, set(answer)) == (409, CONFLICT)
            assert (answer["error"], answer["request_id"]) == ("already_issued", id_)
            assert answer["issue_url"] == issued.issues()[0]["web_url"]
        for count in (250, 249):
            status, _, answer = issued.post(user_count=count, replaces=id_)
            assert (status, set(answer)) == (409, CONFLICT)

        assert (len(issued.executions()), issued.effects()) == (1, before)

    def test_after_a_refusal_takes_the_next_number(self, deployment):
        case = TicketJourney(deployment, screenshots=())
        case.refused()
        for replaced in (case.request_id, f"zd-{case.id}-9"):
            assert case.post(user_count=400, replaces=replaced)[0] == 409, "it was not issued"
        assert len(case.executions()) == 1

        assert case.accepted() == f"zd-{case.id}-2", "the same details"
        case.ended("refused")
        assert case.accepted(user_count=300) == f"zd-{case.id}-3", "other details"
        case.ended("refused")

        assert not case.mails()

    def test_with_other_details_after_a_failure_ends_the_earlier_request_whoever_retries_it(self, case):
        """tests/reliability/test_operators.py has one that failed before its license was made."""
        case.failed_at_the_mail()
        first, arn = case.request_id, case.own_execution
        assert case.accepted(user_count=300) == f"zd-{case.id}-2"
        case.ended("issued")
        before = case.effects()

        redriven = case.at.redrive(arn)
        again = case.at.run(json.loads(redriven["input"]))
        case.at.sweep()

        for execution in (redriven, again):
            assert (execution["status"], execution["error"]) == ("FAILED", "Superseded")
        assert case.at.describe(arn)["redriveCount"] == 1
        assert case.effects() == before
        (mail,) = case.mails()
        assert "300" in mail.plain
        view = case.view(first)
        assert (view["status"], view["error"]) == ("superseded", None)
        assert "newer request" in view["next_action"]
        assert case.post(user_count=250)[0] == 409

    def test_after_it_was_recorded_but_not_started(self, case):
        with case.at.proxy.failing("StartExecution", case.request_id, 500, "InternalServerError"):
            status, _, answer = case.post()
        assert (status, set(answer)) == (503, {"error", "message"})
        assert not case.executions()

        status, _, answer = case.post()

        assert (status, answer["request_id"]) == (200, case.request_id)
        case.ended("issued")
        assert (len(case.executions()), len(case.mails())) == (1, 1)


class TestReplaces:
    """The way to a second license when the first does not help: once, and only with a reason."""

    @pytest.fixture
    def first(self, case):
        case.issued()
        return case

    def test_more_users_and_only_once(self, first):
        case, old = first, first.request_id
        with case.held_at_the_mail(user_count=400, replaces=old):
            # The same details are the five fields: what they replace need not be said again.
            answers = [case.post(user_count=400, replaces=old), case.post(user_count=400)]
        for status, _, answer in answers:
            assert (status, answer["request_id"]) == (200, f"zd-{case.id}-2")
        view = case.ended("issued")
        status, _, answer = case.post(user_count=500, replaces=old)

        assert (view["replaces"], len(case.mails()), len(case.executions())) == (old, 2, 2)
        why = f"Replaces {old}: 400 users instead of 250."
        issue = next(issue for issue in case.issues() if f"{case.request_id}/" in issue["description"])
        message = next(message for message in case.messages() if case.request_id in message["text"])
        for text in (issue["description"], message["text"], case.notes()[-1]):
            assert why in text
        assert case.view(old)["status"] == "issued"
        assert (status, answer["error"]) == (409, "already_issued")

    def test_after_the_next_numbers_were_refused(self, first):
        case, old = first, first.request_id
        case.at.run(case.document(request_id=f"zd-{case.id}-2", user_count=400))
        asked = {**case.body, "user_count": 400, "replaces": old}
        _, _, answer = case.at.call("POST", "/requests", case.token(sub="80"), asked)
        case.request_id = answer["request_id"]
        assert case.request_id == f"zd-{case.id}-3"
        case.ended("refused")

        assert case.accepted(user_count=400, replaces=old) == f"zd-{case.id}-4"
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
            assert (view["status"], view["error"]) == ("issued", None)
            assert {step["status"] for step in view["steps"]} == {"done"}

    def test_after_a_bounce_the_same_details_will_do(self, deployment):
        case = TicketJourney(deployment, email="bounce@simulator.amazonses.com")
        assert case.issued()["delivery"] == "bounced"
        old = case.request_id
        case.undelivered()

        assert case.accepted(replaces=old) == f"zd-{case.id}-2"
        case.ended("issued")

        assert len(case.mails()) == 2
        assert f"Replaces {old}: its e-mail was bounced." in "".join(case.notes())


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
    """The same rules, and nothing is written; tests/unit has every query and what is checked of it."""

    def asked(self, case, email=None, expired_on=None, **claims):
        query = f"?customer_email={email or case.email}&license_expired_on={expired_on or case.expired_on}"
        status, _, answer = case.dry_run(query, **claims)
        assert status == 200, answer
        return answer, {check["code"]: check["message"] for check in answer["checks"] if not check["ok"]}

    def test_eligible_and_nothing_is_written(self, case):
        answer, wrong = self.asked(case)
        status, _, bare = case.dry_run()
        _, _, bad = case.dry_run("?license_expired_on=today&customer_email=&user_count=5")

        assert set(answer) == {"eligible", "checks", "latest_request"}
        assert (answer["eligible"], answer["latest_request"], wrong) == (True, None, {})
        assert [check["code"] for check in answer["checks"]] == CODES
        assert all(set(check) == {"code", "ok", "message"} for check in answer["checks"])
        # What is left out is not checked.
        of_query = {"requester_mismatch", "grace_period_not_over", "grace_period_over_too_long"}
        assert (status, bare["eligible"]) == (200, True)
        assert {check["code"] for check in bare["checks"]} == {*CODES} - of_query
        assert (bad["error"], set(bad["fields"])) == (
            "invalid_request",
            {"license_expired_on", "customer_email", "user_count"},
        )
        assert {r.method for r in case.at.zendesk.requests if str(case.id) in r.path} == {"GET"}
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

        answer, wrong = self.asked(case, email="another@customer.example", sub="80")

        assert answer["eligible"] is False
        assert [check["code"] for check in answer["checks"]] == CODES
        assert list(wrong) == [
            *("ticket_closed", "agent_not_allowed", "requester_mismatch", "no_paid_plan"),
            *("account_on_hold", "screenshots_missing"),
        ]
        assert wrong["screenshots_missing"] == "1 of 2 screenshots found"

    def test_a_ticket_that_does_not_exist(self, deployment):
        answer, wrong = self.asked(TicketJourney(deployment, ticket={"status": "deleted"}))

        assert "ticket_not_found" in wrong
        assert not {"ticket_closed", "no_organization", "screenshots_missing"} & {
            check["code"] for check in answer["checks"]
        }

    def test_shows_the_latest_request(self, issued):
        answer, wrong = self.asked(issued)

        assert (answer["eligible"], [*wrong]) == (False, ["already_issued"])
        assert answer["latest_request"] == issued.view()

    def test_zendesk_is_down(self, case):
        case.at.zendesk.inject({"path": f"/api/v2/tickets/{case.id}.json", "status": 500, "times": None})

        status, _, answer = case.dry_run()

        assert (status, set(answer)) == (503, {"error", "message"})
