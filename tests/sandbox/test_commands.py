"""The commands as a person or a script uses them, on the real project.

Only what a process shows is shown by one: what it prints in all, its end by a signal, its environment.
"""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from sandbox.cli.main import main
from tests.waiting import until

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "events" / "state_machine"
ELIGIBLE = str(EVENTS / "eligible.json")
STATES = [
    *("CheckEligibility", "Eligible?", "GenerateLicense", "SendEmail"),
    *("CreateIssue", "NotifySlack", "CommentTicket", "Issued"),
]
READY = {
    *("api_url", "console_url", "aws_endpoint_url", "region", "state_machine_arn", "functions", "secrets"),
    *("zendesk_url", "gitlab_url", "slack_url", "app_secret", "zendesk_subdomain", "outbox", "public_key"),
    *("log", "pid"),
}


def left(folder, name):
    return json.loads((folder / name).read_text())


def descendants(pid):
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in found.stdout.split()]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class TestRun:
    def test_it_issues_a_license_says_so_and_leaves_everything(self, tmp_path, capsys):
        # given a folder in which a former run and a person left something
        (tmp_path / "outbox").mkdir()
        for name in ("outbox/0009-old.eml", "issues.json", "outbox/mine.txt", "notes.txt"):
            (tmp_path / name).write_text("before")
        # when
        command = [sys.executable, "-m", "sandbox", "run", ELIGIBLE, "--out", tmp_path]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        # then it says what it did
        assert (ran.returncode, ran.stderr) == (0, "")
        assert [line.split(":")[0] for line in ran.stdout.splitlines()[:8]] == STATES
        assert "License issued" in ran.stdout
        for name in ("license.gitlab-license", "issues.json", "slack.json", "ticket.json", "result.json"):
            assert name in ran.stdout
        # and what came of it
        result = left(tmp_path, "result.json")
        assert sorted(result) == ["cause", "error", "execution_arn", "output", "status", "steps"]
        assert (result["status"], result["error"], result["cause"]) == ("SUCCEEDED", None, None)
        assert result["output"]["status"] == "issued"
        assert [step["state"] for step in result["steps"]] == STATES
        assert all(set(step) == {"state", "status", "attempts", "seconds"} for step in result["steps"])
        assert [mail.name for mail in (tmp_path / "outbox").glob("*.eml")] == [
            "0001-ops@customer.example.eml"
        ]
        (issue,), (message,) = left(tmp_path, "issues.json"), left(tmp_path, "slack.json")
        ticket = left(tmp_path, "ticket.json")
        assert issue["state"] == "closed"
        assert "4242" in json.dumps(message)
        assert (ticket["id"], len(ticket["notes"])) == (4242, 1)
        # and the person's files are still there
        assert {(tmp_path / name).read_text() for name in ("outbox/mine.txt", "notes.txt")} == {"before"}
        # and no step read anything twice, but the ticket, before and after the request became its active one
        asked = left(tmp_path, "calls.json")["requests"]
        again = [each for each in asked if each["times"] > 1 and each["operation"] in ("GetItem", "Query")]
        assert [(each["function"], each["items"]) for each in again] == [
            ("CheckEligibilityFunction", ["ticket#N ticket"])
        ]
        # and the license is valid, a damaged one not
        whole, key = tmp_path / "license.gitlab-license", str(tmp_path / "public_key.pem")
        assert main(["verify", str(whole), "--public-key", key]) == 0
        assert json.loads(capsys.readouterr().out)["restrictions"]["active_user_count"] == 250
        damaged = tmp_path / "damaged"
        damaged.write_bytes(whole.read_bytes()[:200] + whole.read_bytes()[260:])
        assert main(["verify", str(damaged), "--public-key", key]) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith(f"{damaged} is not a valid license: ")
        assert printed.err.count("\n") == 1

    def test_a_refusal_is_no_failure(self, tmp_path, capsys):
        assert main(["run", str(EVENTS / "prospect.json"), "--out", str(tmp_path)]) == 0
        printed = capsys.readouterr()
        assert "prospect" in printed.out
        assert printed.err == ""
        assert left(tmp_path, "result.json")["output"]["status"] == "refused"
        assert not list((tmp_path / "outbox").iterdir())
        assert not (tmp_path / "license.gitlab-license").exists()

    def test_a_wrong_input_fails(self, tmp_path, capsys):
        broken = tmp_path / "input.json"
        broken.write_text('["no", "request"]')
        assert main(["run", str(broken), "--out", str(tmp_path / "out")]) == 1
        printed, result = capsys.readouterr(), left(tmp_path / "out", "result.json")
        assert (result["status"], result["error"], result["output"]) == ("FAILED", "InvalidRequest", None)
        assert result["steps"][-1]["status"] == "failed"
        assert "InvalidRequest" in printed.out
        assert printed.err == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "arguments are required: COMMAND"),
        (["run", "nothing.json"], "nothing.json cannot be read: No such file or directory"),
        (["run", "README.md"], "README.md is no JSON"),
        (["run", ELIGIBLE, "--set", "TrialDays"], "'TrialDays' is not Parameter=Value"),
        (["run", ELIGIBLE, "--set", "NoSuchParameter=1"], "the template has no parameter NoSuchParameter"),
        (["run", ELIGIBLE, "--set", "TrialDays=11"], "TrialDays=11: must be a whole number from 1 to 10"),
        (["run", ELIGIBLE, "--set", "LimitDays=4"], "TrialDays must not be more than LimitDays"),
        (["run", ELIGIBLE, "--fixtures", "nothing.json"], "--fixtures nothing.json: .*No such file"),
        (["run", ELIGIBLE, "--time-scale", "nan"], "'nan' is not a number from 1 to 1000000"),
        (["run", ELIGIBLE, "--gitlab-url", "http://127.0.0.1:99999"], "'http.*:99999' is not a URL"),
        (["run", ELIGIBLE, "--gitlab-url", "http://127.0.0.1:1/path"], "GitLabUrl=.*: must be https://HOST"),
        (["run", ELIGIBLE, "--fail", "CreateIssue:501"], "STATE one of .*CreateIssue.* KIND one of .*500"),
        (["run", ELIGIBLE, "--out", "README.md"], "README.md cannot be used"),
        (["serve", "--ready-file", "README.md/ready.json"], "README.md/ready.json: .*give another"),
        (["verify", "README.md", "--public-key", "none.pem"], "none.pem is not there"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(arguments, words, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("sandbox: ")
    assert printed.err.count("\n") == 1
    assert re.search(words, printed.err)


def test_a_wrong_option_leaves_the_last_runs_results(tmp_path):
    (tmp_path / "result.json").write_text("last")
    assert main(["run", ELIGIBLE, "--out", str(tmp_path), "--set", "TrialDays=11"]) == 2
    assert (tmp_path / "result.json").read_text() == "last"


def test_a_folder_that_another_sandbox_is_writing_into_is_left_alone(tmp_path, capsys):
    mail = tmp_path / "outbox" / "0001-ops@customer.example.eml"
    mail.parent.mkdir()
    mail.write_text("of the other one")
    other = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert main(["run", ELIGIBLE, "--out", str(tmp_path)]) == 2
    finally:
        os.close(other)
    advice = "is in use by another sandbox: end that one, or give another folder with --out"
    assert capsys.readouterr().err == f"sandbox: {tmp_path} {advice}\n"
    assert mail.exists()


def test_a_port_that_is_taken_is_said(tmp_path, capsys):
    ready = tmp_path / "ready.json"
    ready.write_text("of an earlier run")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", "--port", port, "--out", str(tmp_path), "--ready-file", str(ready)]) == 2
    assert not ready.exists(), "whoever waits for it would take the earlier run's"
    assert (
        capsys.readouterr().err == f"sandbox: port {port}: Address already in use; give another with --port\n"
    )


class TestServe:
    def test_the_ready_file_the_functions_addresses_and_an_end_that_leaves_nothing(self, tmp_path, serve):
        """The outside address for SES reaches only the functions: the deployment works, though nothing listens there."""
        served = serve(
            tmp_path,
            lambda ready: [
                *("-m", "sandbox", "serve", "--port", "0"),
                *("--ready-file", ready, "--out", tmp_path / "out"),
            ],
            {"AWS_ENDPOINT_URL_SESV2": "http://127.0.0.1:9", "AWS_PROFILE": "nobodys"},
        )
        try:
            self.is_ready(served)
            arn = served.start(json.loads(Path(ELIGIBLE).read_text()))
            until("the mail fails", lambda: "TaskFailed" in served.types(arn))
            assert served.entered(arn)[-1] == "SendEmail"
            served.sfn.stop_execution(executionArn=arn)
            below = descendants(served.process.pid)
            assert below
        finally:
            code = served.end(signal.SIGINT)
        assert code == 0
        assert not [pid for pid in below if alive(pid)]
        assert not list((tmp_path / "temporary").iterdir())
        assert "Traceback" not in served.printed.read_text()

    def is_ready(self, served):
        ready = served.ready
        assert set(ready) == READY
        assert ready["pid"] == served.process.pid
        assert set(ready["secrets"]) == {
            *("SigningKeySecret", "ZendeskSecret", "GitLabSecret", "SlackSecret", "AppSecret")
        }
        assert len(ready["functions"]) == 11
        assert ready["slack_url"].endswith("/api/")
        assert ready["zendesk_subdomain"] == "127"
        assert len(ready["app_secret"]) >= 32
        for name in ("outbox", "public_key", "log"):
            assert Path(ready[name]).is_absolute()
            assert Path(ready[name]).exists()
        secret = served.aws("secretsmanager").get_secret_value(SecretId=ready["secrets"]["AppSecret"])
        assert json.loads(secret["SecretString"]) == {"current": ready["app_secret"], "previous": ""}
        with urllib.request.urlopen(ready["console_url"]) as page:
            text = page.read().decode()
        assert ready["api_url"] in text
        assert ready["app_secret"] not in text
