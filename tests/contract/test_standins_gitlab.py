"""The stand-in GitLab, held against the real python-gitlab."""

import pytest
from gitlab import Gitlab
from gitlab import exceptions as errors
from gitlab.v4.objects import Project

from sandbox.vendors import GitLab
from sandbox.vendors.markup import find_mentions, read_markdown
from tests.contract.calls import call

LABEL = "Mechanizer::Emergency License Generation"


@pytest.fixture
def project(gitlab: GitLab) -> Project:
    return Gitlab(gitlab.url, private_token=gitlab.token, timeout=5).projects.get(gitlab.project, lazy=True)


def create(project: Project, description: str = "", title: str = "A title"):
    return project.issues.create(
        {"title": title, "description": description, "labels": [LABEL], "confidential": True}
    )


def test_the_project_is_known_by_its_path_and_its_number(gitlab: GitLab) -> None:
    projects = Gitlab(gitlab.url, private_token=gitlab.token, timeout=5).projects

    assert projects.get(gitlab.project).id == 42
    assert projects.get(42).path_with_namespace == gitlab.project
    assert gitlab.violations == []
    with pytest.raises(errors.GitlabGetError) as error:
        projects.get("someone/else")
    assert error.value.response_code == 404
    assert "someone/else" in gitlab.violations[0]


def test_an_issue_is_found_by_label_state_and_words(gitlab: GitLab, project: Project) -> None:
    create(project, "the request `zd-4242-1`")
    create(project, "the request `zd-4242-2`").notes.create({"body": "`zd-4242-1`"})
    other = create(project, "", title="zd-4242-1")
    other.state_event = "close"
    other.save()
    project.issues.create({"title": "zd-4242-1, not labelled"})

    def found(**asked: object) -> list[int]:
        inside = asked.pop("in", "title,description")
        return [i.iid for i in project.issues.list(get_all=True, query_parameters={**asked, "in": inside})]

    assert found(labels=LABEL, search="zd-4242-1", **{"in": "description"}) == [1]
    assert found(labels=LABEL, search="zd-4242-1") == [3, 1]
    assert found(labels=LABEL, state="opened", search="zd-4242-1") == [1]
    assert found(search="request zd-4242") == [2, 1]
    assert found(created_after="2999-01-01T00:00:00Z") == []
    assert found(search="zd-4242-1") == [4, 3, 1]
    assert gitlab.violations == []


def test_a_title_has_at_most_255_characters(gitlab: GitLab, project: Project) -> None:
    create(project, title="x" * 255)

    with pytest.raises(errors.GitlabCreateError) as error:
        create(project, title="x" * 256)
    assert (error.value.response_code, "too long" in str(error.value)) == (400, True)

    assert [held["title"] for held in gitlab.state()] == ["x" * 255]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_quick_actions_are_executed_and_noted(gitlab: GitLab, project: Project, line_end: str) -> None:
    issue = create(project, line_end.join(["Hello", "/close", "there"]))

    [held] = gitlab.state()
    assert (held["state"], held["description"]) == ("closed", "Hello\nthere")
    assert "/close" in gitlab.violations[0]
    issue.notes.create({"body": "/reopen\nWell"})
    assert gitlab.state()[0]["state"] == "opened"
    assert gitlab.state()[0]["notes"][0]["body"] == "Well"
    assert "a quick action ran in a note of issue 1: /reopen" in gitlab.violations[-1]


@pytest.mark.parametrize(
    "text",
    [
        "````\n```\n/close\n@all\n````",
        "~~~ text\n/close\n```\n@all\n~~~",
        "```\r\n/close\r\n```",
        "```\n/close in a fence that never ends\n@all",
        "> /close",
        "`/close` and `@all` and ``a`@all``",
        "ops@customer.example",
    ],
)
def test_what_is_fenced_quoted_or_in_a_word_does_nothing(gitlab: GitLab, project: Project, text: str) -> None:
    create(project, text)

    assert gitlab.violations == []
    assert gitlab.state()[0]["state"] == "opened"
    assert gitlab.state()[0]["description"] == text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("@all", ["@all"]),
        ("(@ada, @group/x)", ["@ada", "@group"]),
        ("`a` @all `b`", ["@all"]),
        ("a ` that opens nothing @all", ["@all"]),
        ("\\`@all`", ["@all"]),
        ("``@no` @no``", []),
        ("a span `ends with\n\nits paragraph @all`", ["@all"]),
        ("> @all", ["@all"]),
        ("+@all.example", ["@all.example"]),
    ],
)
def test_mentions_outside_code_are_found(text: str, mentions: list[str]) -> None:
    assert find_mentions(text) == mentions
    assert read_markdown(f"{text}\n```\n@never\n```").mentions == mentions


def test_mentions_are_noted_wherever_gitlab_looks_for_them(gitlab: GitLab, project: Project) -> None:
    create(project, "cc @all", title="For @ada").notes.create({"body": "and @grace"})

    assert [v.rpartition(": ")[2] for v in gitlab.violations] == ["@ada", "@all", "@grace"]


def test_a_line_that_could_become_a_quick_action_is_noted(gitlab: GitLab, project: Project) -> None:
    create(project, "/var/log/gitlab\n/9j4AAQ")

    assert len(gitlab.violations) == 1
    assert gitlab.violations[0].endswith("/var/log/gitlab")
    assert gitlab.state()[0]["description"] == "/var/log/gitlab\n/9j4AAQ"


def test_a_missing_or_wrong_token_is_refused_and_noted(gitlab: GitLab) -> None:
    with pytest.raises(errors.GitlabAuthenticationError):
        Gitlab(gitlab.url, private_token="wrong", timeout=5).projects.get(42)
    assert call(gitlab.url + "/api/v4/projects/42/issues")[0] == 401
    assert call(gitlab.url + "/api/v4/user", Authorization=f"Bearer {gitlab.token}")[0] == 200

    assert len(gitlab.violations) == 2


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/api/v4/projects/42/issues/1", None),
        ("GET", "/api/v4/projects/42/issues?label=x", None),
        ("POST", "/api/v4/projects/42/issues", {"title": "x", "state_event": "close"}),
        ("POST", "/api/v4/projects/42/issues", {"description": "x"}),
        ("PUT", "/api/v4/projects/42/issues/1", {"titel": "x"}),
        ("POST", "/api/v4/projects/42/issues", b"{"),
    ],
)
def test_a_careless_call_is_refused_and_noted(gitlab: GitLab, method: str, path: str, body: object) -> None:
    token = {"PRIVATE-TOKEN": gitlab.token}
    call(gitlab.url + "/api/v4/projects/42/issues", "POST", {"title": "There is one"}, **token)
    before = gitlab.state()

    status, _, _ = call(gitlab.url + path, method, body, **token)

    assert 400 <= status < 500
    assert len(gitlab.violations) == 1
    assert gitlab.state() == before
