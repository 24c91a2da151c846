"""The GitHub connector against a GitHub that keeps state (emulate): what one call changes, the next one sees."""
import base64

import pytest

from emulated import emulate

ANN = {"token": "gho_ann"}
GARDEN = {"owner": "ann", "repo": "garden"}


@pytest.fixture(scope="module")
def github(fairlead):
    with emulate("github", "https://api.github.com") as url:

        def call(entity, action, params=None, credentials=ANN):
            return fairlead.call("github", entity, action, params, url=url, credentials=credentials)

        yield call


@pytest.fixture
def data(github):
    def succeed(entity, action, params=None):
        result = github(entity, action, params)
        assert result["success"], result["error"]
        return result["data"]

    return succeed


def assert_error(result, kind, status):
    assert not result["success"]
    assert (result["error"]["kind"], result["error"]["status"]) == (kind, status)


def test_the_token_says_who_calls(data):
    assert data("viewer", "get")["login"] == "ann"


@pytest.mark.parametrize("credentials", [{"token": "gho_nobody"}, {"access_token": "gho_nobody"}], ids=["token", "oauth"])
def test_an_unknown_token_is_refused(github, credentials):
    assert_error(github("viewer", "get", credentials=credentials), "authentication", 401)


def test_an_access_token_works_like_a_personal_one(github):
    assert github("viewer", "get", credentials={"access_token": "gho_ann"})["data"]["login"] == "ann"


def test_an_issue_lives(data):
    issue = data("issues", "create", {**GARDEN, "title": "Weeds", "body": "They grow.", "labels": ["bug"], "assignees": ["ann"]})
    this = {**GARDEN, "issue_number": issue["number"]}
    assert (issue["title"], issue["state"], issue["user"]["login"]) == ("Weeds", "open", "ann")
    assert [label["name"] for label in issue["labels"]] == ["bug"]

    comment = data("issue_comments", "create", {**this, "body": "I saw them"})
    data("issue_comments", "update", {**GARDEN, "comment_id": comment["id"], "body": "I saw them too"})
    assert [c["body"] for c in data("issue_comments", "list", this)] == ["I saw them too"]
    data("issue_comments", "delete", {**GARDEN, "comment_id": comment["id"]})
    assert data("issue_comments", "list", this) == []

    closed = data("issues", "update", {**this, "state": "closed", "state_reason": "completed", "title": "Weeds gone"})
    assert (closed["state"], closed["title"]) == ("closed", "Weeds gone")
    assert data("issues", "get", this)["state"] == "closed"
    assert issue["number"] in [i["number"] for i in data("issues", "list", {**GARDEN, "state": "closed"})]
    assert issue["number"] not in [i["number"] for i in data("issues", "list", {**GARDEN, "state": "open"})]
    assert "closed" in [event["event"] for event in data("issue_events", "list", this)]


def test_pages_are_linked(github, data):
    for number in range(5):
        data("issues", "create", {"owner": "acme", "repo": "site", "title": f"Issue {number}"})
    titles = []
    for page in (1, 2, 3):
        result = github("issues", "list", {"owner": "acme", "repo": "site", "per_page": 2, "page": page})
        titles += [issue["title"] for issue in result["data"]]
        following = result["meta"]["next_page_url"]
        assert (following is None) == (page == 3)
        assert following is None or f"page={page + 1}" in following
    assert sorted(titles) == [f"Issue {number}" for number in range(5)]


def test_search_finds_by_words_and_qualifiers(github, data):
    wanted = data("issues", "create", {**GARDEN, "title": "Tomatoes are late"})
    data("issues", "create", {**GARDEN, "title": "Cucumbers are early"})
    result = github("issues", "search", {"q": "repo:ann/garden is:open Tomatoes"})
    assert [issue["number"] for issue in result["data"]] == [wanted["number"]]
    assert result["meta"]["total_count"] == 1
    assert [user["login"] for user in data("users", "search", {"q": "ben"})] == ["ben"]


def test_labels_and_milestones(github, data):
    data("labels", "create", {**GARDEN, "name": "needs water & sun", "color": "00aa00"})
    assert data("labels", "get", {**GARDEN, "name": "needs water & sun"})["color"] == "00aa00"
    data("labels", "update", {**GARDEN, "name": "needs water & sun", "new_name": "needs sun"})
    assert "needs sun" in [label["name"] for label in data("labels", "list", GARDEN)]
    data("labels", "delete", {**GARDEN, "name": "needs sun"})
    assert_error(github("labels", "get", {**GARDEN, "name": "needs sun"}), "http_status", 404)

    milestone = data("milestones", "create", {**GARDEN, "title": "Spring"})
    this = {**GARDEN, "milestone_number": milestone["number"]}
    assert data("milestones", "update", {**this, "state": "closed"})["state"] == "closed"
    assert data("milestones", "get", this)["title"] == "Spring"


def test_files_branches_and_commits(data):
    text = "Grüße aus dem Garten\n".encode()
    made = data("file_contents", "create", {**GARDEN, "path": "notes/to do.md", "message": "Add notes",
                                            "content": base64.b64encode(text).decode()})
    assert made["content"]["path"] == "notes/to do.md"
    got = data("file_contents", "download", {**GARDEN, "path": "notes/to do.md"})
    assert base64.b64decode(got["base64"]) == text
    assert "notes/to do.md" in [entry["path"] for entry in data("file_trees", "list", {**GARDEN, "tree_sha": "main", "recursive": "1"})]

    head = data("branches", "get", {**GARDEN, "branch": "main"})["commit"]["sha"]
    assert data("commits", "list", {**GARDEN, "path": "notes/to do.md"})[0]["sha"] == head
    assert data("commits", "get", {**GARDEN, "ref": head})["commit"]["message"] == "Add notes"
    data("git_references", "create", {**GARDEN, "ref": "refs/heads/winter", "sha": head})
    assert {branch["name"] for branch in data("branches", "list", GARDEN)} == {"main", "winter"}


def test_a_pull_request_is_opened_reviewed_and_merged(data):
    head = data("branches", "get", {**GARDEN, "branch": "main"})["commit"]["sha"]
    data("git_references", "create", {**GARDEN, "ref": "refs/heads/paths", "sha": head})
    data("file_contents", "create", {**GARDEN, "path": "paths.md", "message": "Add paths", "content": "cGF0aHM=", "branch": "paths"})
    pull = data("pull_requests", "create", {**GARDEN, "title": "Paths", "head": "paths", "base": "main"})
    this = {**GARDEN, "pull_number": pull["number"]}
    assert [p["number"] for p in data("pull_requests", "list", {**GARDEN, "state": "open"})] == [pull["number"]]
    assert "Add paths" in [commit["commit"]["message"] for commit in data("pull_request_commits", "list", this)]
    data("pull_request_reviews", "create", {**this, "event": "COMMENT", "body": "Good"})
    assert [review["body"] for review in data("pull_request_reviews", "list", this)] == ["Good"]
    assert data("pull_request_merges", "create", {**this, "merge_method": "squash"})["merged"] is True
    assert data("pull_requests", "get", this)["merged"] is True


def test_releases(data):
    data("releases", "create", {**GARDEN, "tag_name": "v1.0", "name": "First harvest"})
    assert data("latest_releases", "get", GARDEN)["tag_name"] == "v1.0"
    assert [release["name"] for release in data("releases", "list", GARDEN)] == ["First harvest"]


def test_repositories(data):
    data("repositories", "create", {"name": "shed", "description": "Tools", "private": True})
    assert data("repositories", "update", {"owner": "ann", "repo": "shed", "description": "Tools and pots"})["description"] == "Tools and pots"
    assert data("repositories", "get", {"owner": "ann", "repo": "shed"})["private"] is True
    assert {"garden", "shed"} <= {repository["name"] for repository in data("viewer_repositories", "list")}
    assert "garden" in [repository["name"] for repository in data("repositories", "list", {"username": "ann"})]


@pytest.mark.parametrize("entity, action, params, kind, status", [
    ("repositories", "get", {"owner": "ann", "repo": "nothing"}, "http_status", 404),
    ("issues", "get", {**GARDEN, "issue_number": 4040}, "http_status", 404),
    ("issues", "create", {**GARDEN, "title": ""}, "validation", 422),
    ("git_references", "create", {**GARDEN, "ref": "refs/heads/x", "sha": "none"}, "validation", 422),
], ids=["unknown repository", "unknown issue", "empty title", "unknown commit"])
def test_refusals_say_what_they_are(github, entity, action, params, kind, status):
    assert_error(github(entity, action, params), kind, status)
