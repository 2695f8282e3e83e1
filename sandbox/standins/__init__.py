"""Stand-ins for Zendesk, GitLab and Slack: strict servers on the loopback that hold state and keep a log.

They answer as the vendors do where the project relies on it, refuse what a careful client would not send, and
note each such call as a violation.
"""

from sandbox.standins.fixtures import Fixtures, FixturesError, load_fixtures
from sandbox.standins.gitlab import GitLab
from sandbox.standins.slack import Slack
from sandbox.standins.zendesk import Zendesk

__all__ = ["Fixtures", "FixturesError", "GitLab", "Slack", "Zendesk", "load_fixtures"]
