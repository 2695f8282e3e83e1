"""CloudFormation resource types: those the sandbox makes itself, those moto makes, and those that do nothing here."""

import base64
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import moto.cloudformation.parsing  # noqa: F401  moto's own models first: of two for one type, the later one is taken
from moto.awslambda_simple.models import lambda_simple_backends
from moto.core.common_models import CloudFormationModel
from moto.events.models import EventPattern
from moto.secretsmanager.models import secretsmanager_backends
from moto.secretsmanager.utils import random_password
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from sandbox.cloud.account import ACCOUNT, REGION
from sandbox.cloud.events import Rule
from sandbox.errors import SandboxError

MADE_BY_MOTO = {
    "AWS::DynamoDB::Table",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
}
WITHOUT_EFFECT = {
    "AWS::ApiGatewayV2::Api": "SAM's own local gateway serves the API",
    "AWS::ApiGatewayV2::Stage": "SAM's own local gateway serves the API",
    "AWS::AppConfig::Application": "settings come by the environment",
    "AWS::AppConfig::ConfigurationProfile": "settings come by the environment",
    "AWS::AppConfig::HostedConfigurationVersion": "settings come by the environment",
    "AWS::CloudWatch::Alarm": "nothing is measured here",
    "AWS::CloudWatch::Dashboard": "nothing is measured here",
    "AWS::CodeDeploy::Application": "a stack is made once here, and never updated",
    "AWS::CodeDeploy::DeploymentConfig": "a stack is made once here, and never updated",
    "AWS::CodeDeploy::DeploymentGroup": "a stack is made once here, and never updated",
    "AWS::IAM::ManagedPolicy": "IAM is not enforced here",
    "AWS::Lambda::Permission": "IAM is not enforced here",
    "AWS::Logs::MetricFilter": "nothing is measured here",
    "AWS::SNS::TopicPolicy": "IAM is not enforced here",
    "AWS::SQS::QueuePolicy": "IAM is not enforced here",
    "AWS::Scheduler::Schedule": "schedules fire on demand: invoke the function",
}


TARGET_PROPERTIES = {"Arn", "Id", "DeadLetterConfig", "RetryPolicy"}
"""Of a rule's target: the event reaches it as it is."""


@dataclass(frozen=True)
class DeployedFunction:
    """``code`` and ``layers`` are the folders that the template names."""

    name: str
    arn: str
    handler: str
    code: str
    layers: tuple[str, ...]
    environment: Mapping[str, str]
    timeout: float
    memory: int
    log_format: str
    dead_letter_queue: str | None


@dataclass
class Deployment:
    """What the stack consists of. A dict's keys are logical ids, if nothing else is said."""

    functions: dict[str, DeployedFunction] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    """The folder of each layer version, by its ARN."""
    secrets: dict[str, str] = field(default_factory=dict)
    state_machines: dict[str, str] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    configuration_sets: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A resource: what ``Ref`` gives, and what ``Fn::GetAtt`` gives."""

    ref: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """A resource as the template has it, references resolved; ``name`` is the one CloudFormation would make up."""

    logical_id: str
    name: str
    properties: Mapping[str, Any]


Make = Callable[[Deployment, Wanted], Made]
_current: ContextVar[Deployment] = ContextVar("deployment")


@contextmanager
def deploying(deployment: Deployment) -> Iterator[None]:
    """While this is open, what CloudFormation makes is written into the deployment."""
    token = _current.set(deployment)
    try:
        yield
    finally:
        _current.reset(token)


def queue_name(arn: str) -> str:
    return arn.rsplit(":", 1)[-1]


def _function(deployment: Deployment, wanted: Wanted) -> Made:
    properties = wanted.properties
    variables = {
        key: _text(value) for key, value in properties.get("Environment", {}).get("Variables", {}).items()
    }
    timeout, memory = int(properties.get("Timeout", 3)), int(properties.get("MemorySize", 128))
    spec = {
        "FunctionName": wanted.name,
        "Runtime": properties["Runtime"],
        "Handler": properties["Handler"],
        "Role": properties["Role"],
        "Code": {"ZipFile": _empty_archive()},
        "Timeout": timeout,
        "MemorySize": memory,
        "Environment": {"Variables": variables},
    }
    arn = str(lambda_simple_backends[ACCOUNT][REGION].create_function(spec).function_arn)
    queue = properties.get("DeadLetterConfig", {}).get("TargetArn")
    deployment.functions[wanted.logical_id] = DeployedFunction(
        name=wanted.name,
        arn=arn,
        handler=properties["Handler"],
        code=properties["Code"]["S3Key"],
        layers=tuple(deployment.layers[layer] for layer in properties.get("Layers", [])),
        environment=variables,
        timeout=timeout,
        memory=memory,
        log_format=properties.get("LoggingConfig", {}).get("LogFormat", "Text"),
        dead_letter_queue=queue_name(queue) if queue else None,
    )
    return Made(wanted.name, {"Arn": arn})


def _version(_: Deployment, wanted: Wanted) -> Made:
    return Made(_qualified(wanted, "1"), {"Version": "1"})


def _alias(_: Deployment, wanted: Wanted) -> Made:
    return Made(_qualified(wanted, wanted.properties["Name"]))


def _qualified(wanted: Wanted, qualifier: str) -> str:
    """The ARN of a version or an alias. A function has one version here."""
    name = wanted.properties["FunctionName"]
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}:{qualifier}"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _empty_archive() -> str:
    """The code as Lambda gets it is of no use here: the processes run the template's own folders."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", "")
    return base64.b64encode(archive.getvalue()).decode()


def _layer(deployment: Deployment, wanted: Wanted) -> Made:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{wanted.name}:1"
    deployment.layers[arn] = wanted.properties["Content"]["S3Key"]
    return Made(arn)


def _secret(deployment: Deployment, wanted: Wanted) -> Made:
    properties = wanted.properties
    value = properties.get("SecretString")
    if "GenerateSecretString" in properties:
        value = _generated(properties["GenerateSecretString"])
    answer = secretsmanager_backends[ACCOUNT][REGION].create_secret(
        name=wanted.name,
        secret_string=value,
        secret_binary=None,
        description=properties.get("Description"),
        tags=[],
        kms_key_id=properties.get("KmsKeyId"),
        client_request_token=None,
        replica_regions=[],
        force_overwrite=False,
    )
    arn = str(json.loads(answer)["ARN"])
    deployment.secrets[wanted.logical_id] = arn
    return Made(arn, {"Id": arn})


def _generated(rules: Mapping[str, Any]) -> str:
    password = random_password(
        int(rules.get("PasswordLength", 32)),
        rules.get("ExcludeCharacters", ""),
        rules.get("ExcludeNumbers", False),
        rules.get("ExcludePunctuation", False),
        rules.get("ExcludeUppercase", False),
        rules.get("ExcludeLowercase", False),
        rules.get("IncludeSpace", False),
        rules.get("RequireEachIncludedType", True),
    )
    if "GenerateStringKey" not in rules:
        return str(password)
    return json.dumps({**json.loads(rules["SecretStringTemplate"]), rules["GenerateStringKey"]: password})


def _state_machine(deployment: Deployment, wanted: Wanted) -> Made:
    properties = wanted.properties
    definition = json.dumps(properties["Definition"], indent=2)
    for key, value in properties.get("DefinitionSubstitutions", {}).items():
        definition = definition.replace(f"${{{key}}}", str(value))
    logging = properties.get("LoggingConfiguration", {})
    machine = stepfunctions_parser_backends[ACCOUNT][REGION].create_state_machine(
        name=wanted.name,
        definition=definition,
        roleArn=properties["RoleArn"],
        sm_type=properties.get("StateMachineType", "STANDARD"),
        loggingConfiguration={
            "level": logging.get("Level", "OFF"),
            "includeExecutionData": logging.get("IncludeExecutionData", False),
        },
    )
    deployment.state_machines[wanted.logical_id] = machine.arn
    return Made(machine.arn, {"Arn": machine.arn, "Name": machine.name})


def _rule(deployment: Deployment, wanted: Wanted) -> Made:
    functions = {}
    for target in wanted.properties["Targets"]:
        if ":function:" not in target["Arn"] or set(target) - TARGET_PROPERTIES:
            raise SandboxError(
                f"the sandbox's rules have functions as plain targets; {wanted.logical_id} has {target}"
            )
        queue = target.get("DeadLetterConfig", {}).get("Arn")
        functions[target["Arn"].split(":function:")[1].partition(":")[0]] = (
            queue_name(queue) if queue else None
        )
    pattern = EventPattern.load(json.dumps(wanted.properties["EventPattern"]))
    deployment.rules.append(Rule(pattern, functions))
    return Made(wanted.name, {"Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{wanted.name}"})


def _configuration_set(deployment: Deployment, wanted: Wanted) -> Made:
    deployment.configuration_sets[wanted.name] = set()
    return Made(wanted.name)


def _event_destination(deployment: Deployment, wanted: Wanted) -> Made:
    destination = wanted.properties["EventDestination"]
    if "EventBridgeDestination" not in destination:
        raise SandboxError(
            f"the sandbox sends mail events to EventBridge only; {wanted.logical_id} names another place"
        )
    if destination.get("Enabled", True):
        types = {kind.upper().replace("_", "") for kind in destination["MatchingEventTypes"]}
        deployment.configuration_sets[wanted.properties["ConfigurationSetName"]] |= types
    return Made(wanted.name, {"Id": wanted.name})


def _without_effect(_: Deployment, wanted: Wanted) -> Made:
    return Made(wanted.name, {"Arn": f"arn:aws:sandbox:{REGION}:{ACCOUNT}:{wanted.name}"})


MADE_HERE: Mapping[str, tuple[str, Make]] = {
    "AWS::Events::Rule": ("Name", _rule),
    "AWS::Lambda::Alias": ("", _alias),
    "AWS::Lambda::Function": ("FunctionName", _function),
    "AWS::Lambda::LayerVersion": ("LayerName", _layer),
    "AWS::Lambda::Version": ("", _version),
    "AWS::SES::ConfigurationSet": ("Name", _configuration_set),
    "AWS::SES::ConfigurationSetEventDestination": ("", _event_destination),
    "AWS::SecretsManager::Secret": ("Name", _secret),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", _state_machine),
    **dict.fromkeys(WITHOUT_EFFECT, ("", _without_effect)),
}


def _model(kind: str, name_property: str, make: Make) -> type[CloudFormationModel]:
    """A class as moto's CloudFormation looks for it: among the direct subclasses of CloudFormationModel."""

    class Model(CloudFormationModel):
        def __init__(self, made: Made) -> None:
            self.physical_resource_id = made.ref
            self._made = made

        @staticmethod
        def cloudformation_name_type() -> str:
            return name_property

        @staticmethod
        def cloudformation_type() -> str:
            return kind

        @classmethod
        def create_from_cloudformation_json(
            cls,
            resource_name: str,
            cloudformation_json: dict[str, Any],
            account_id: str,  # noqa: ARG003
            region_name: str,  # noqa: ARG003
            **kwargs: Any,
        ) -> "Model":
            wanted = Wanted(kwargs["LogicalId"], resource_name, cloudformation_json["Properties"])
            return cls(make(_current.get(), wanted))

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:  # noqa: ARG003
            return True

        def get_cfn_attribute(self, attribute: str) -> str:
            return self._made.attributes[attribute]

        def is_created(self) -> bool:
            return True

    Model.__name__ = kind.replace("::", "")
    return Model


# Kept: moto finds them by looking at what subclasses there are.
MODELS = [_model(kind, name_property, make) for kind, (name_property, make) in MADE_HERE.items()]
