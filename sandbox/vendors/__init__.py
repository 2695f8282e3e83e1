"""Stand-ins for Zendesk, GitLab and Slack: strict servers on the loopback that hold state and keep a log.

They answer as the vendors do where the project relies on it, refuse what a careful client would not send, and
note each such call as a violation.
"""

from sandbox.vendors.fixtures import Fixtures, FixturesError, load_fixtures
from sandbox.vendors.gitlab import GitLab
from sandbox.vendors.slack import Slack
from sandbox.vendors.zendesk import Zendesk

__all__ = ["Fixtures", "FixturesError", "GitLab", "Slack", "Zendesk", "load_fixtures"]
