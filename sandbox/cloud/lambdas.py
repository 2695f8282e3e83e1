"""The deployed functions as the runtime gets them: their folders, libraries and environment."""

import os
from collections.abc import Mapping
from pathlib import Path

from sandbox.cloud.account import REGION
from sandbox.cloud.calls import access_key
from sandbox.cloud.resources import DeployedFunction
from sandbox.errors import SandboxError
from sandbox.functions.libraries import Libraries
from sandbox.functions.runtime import Function

SHORTEST_LEASE = 0.5
LOOPBACK = "127.0.0.1,localhost"


class Lambdas:
    """Makes functions of a project.

    Args:
        project: The folder that the template's paths begin at.
        libraries: Where the functions' libraries come from.
        environment: What every function finds in its environment.
        time_scale: Durations in a function's own environment are that many times shorter.
    """

    def __init__(
        self, project: Path, libraries: Libraries, environment: Mapping[str, str], time_scale: float
    ) -> None:
        self._project, self._libraries = project, libraries
        self._environment, self._time_scale = environment, time_scale

    def function(self, logical_id: str, deployed: DeployedFunction, proxy: str) -> Function:
        """A function that calls everything through ``proxy``, unless that is empty.

        Raises:
            SandboxError: A folder or a library is missing.
        """
        paths = [self._project / deployed.code, *(self._layer(layer) for layer in deployed.layers)]
        if missing := [path for path in paths if not path.is_dir()]:
            raise SandboxError(f"{missing[0]} is named in the template but is not there")
        view = self._libraries.view(*(path / "requirements.txt" for path in paths))
        own = {name: scaled(name, value, self._time_scale) for name, value in deployed.environment.items()}
        return Function(
            name=deployed.name,
            arn=deployed.arn,
            handler=deployed.handler,
            paths=(*paths, view),
            environment={
                **self._environment,
                "AWS_ACCESS_KEY_ID": access_key(logical_id),
                "AWS_LAMBDA_LOG_FORMAT": deployed.log_format,
                **own,
            },
            timeout=deployed.timeout,
            memory=deployed.memory,
            proxy=proxy,
        )

    def _layer(self, folder: str) -> Path:
        """What a layer adds to the path: its folder python/ when it is built, and its sources as they are."""
        built = self._project / folder / "python"
        return built if built.is_dir() else self._project / folder


def scaled(name: str, value: str, time_scale: float) -> str:
    """A function's environment variable: a duration is shortened by the time scale, anything else stays as it is."""
    if not name.endswith("_SECONDS") or time_scale == 1:
        return value
    seconds = float(value) / time_scale
    if name == "LEASE_SECONDS":
        seconds = max(seconds, SHORTEST_LEASE)
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


def shared_environment(aws_url: str, ses_url: str) -> dict[str, str]:
    """What every function finds in its environment: the embedded AWS, and nobody's real account.

    The sandbox's own ``AWS_ENDPOINT_URL_<SERVICE>`` are for the functions, and win.
    """
    services = {k: v for k, v in os.environ.items() if k.startswith("AWS_ENDPOINT_URL_")}
    return {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_SESSION_TOKEN": "sandbox",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_ENDPOINT_URL_SESV2": ses_url,
        "NO_PROXY": LOOPBACK,
        "no_proxy": LOOPBACK,
        **services,
    }
