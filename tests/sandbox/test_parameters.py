"""The template's parameters are checked as CloudFormation checks them."""

import pytest

from sandbox.cloud.parameters import resolve
from sandbox.errors import SandboxError

TEMPLATE = {
    "Parameters": {
        "Days": {"Type": "Number", "Default": 5, "MinValue": 1, "MaxValue": 10},
        "Color": {"Type": "String", "Default": "red", "AllowedValues": ["red", "green"]},
        "Word": {
            "Type": "String",
            "Default": "word",
            "AllowedPattern": "[a-z]+",
            "MinLength": 2,
            "MaxLength": 5,
        },
        "Needed": {"Type": "String"},
    }
}
NEEDED = {"Needed": "here"}


def test_defaults_and_given_values_are_text():
    values = resolve(TEMPLATE, {**NEEDED, "Days": "10", "Color": "green"})
    assert values == {"Days": "10", "Color": "green", "Word": "word", "Needed": "here"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Days": "0"}, "Days=0: must be at least 1"),
        ({"Days": "11"}, "Days=11: must be at most 10"),
        ({"Days": ""}, "Days=: must be a number"),
        ({"Days": "1e1"}, "must be a number"),
        ({"Color": "blue"}, "Color=blue: must be one of red, green"),
        ({"Word": "a"}, "at least 2 characters"),
        ({"Word": "abcdef"}, "at most 5 characters"),
        ({"Word": "abc\n"}, "must match"),
    ],
)
def test_what_is_not_allowed_is_refused(given, words):
    with pytest.raises(SandboxError, match=words):
        resolve(TEMPLATE, {**NEEDED, **given})


def test_one_without_default_has_to_be_given():
    with pytest.raises(SandboxError, match="Needed has no default: give it with --set Needed=VALUE"):
        resolve(TEMPLATE, {})


def rules(condition, assertion):
    asserts = [{"Assert": assertion, "AssertDescription": "not so"}]
    rule = {"Assertions": asserts, **({"RuleCondition": condition} if condition else {})}
    return {**TEMPLATE, "Rules": {"Rule": rule}}


@pytest.mark.parametrize(
    ("condition", "assertion", "holds"),
    [
        (None, {"Fn::Contains": [["5"], {"Ref": "Days"}]}, True),
        (None, {"Fn::Contains": [["4"], {"Ref": "Days"}]}, False),
        ({"Fn::Equals": [{"Ref": "Color"}, "green"]}, {"Fn::Contains": [["4"], {"Ref": "Days"}]}, True),
        ({"Fn::Equals": [{"Ref": "Color"}, "red"]}, {"Fn::Contains": [["4"], {"Ref": "Days"}]}, False),
        (None, {"Fn::Not": [{"Fn::Equals": [{"Ref": "Word"}, "word"]}]}, False),
        (None, {"Fn::And": [{"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}]}, False),
        (None, {"Fn::Or": [{"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}]}, True),
    ],
)
def test_rules_are_held(condition, assertion, holds):
    template = rules(condition, assertion)
    if holds:
        resolve(template, NEEDED)
    else:
        with pytest.raises(SandboxError, match="not so"):
            resolve(template, NEEDED)


def test_a_type_and_a_function_that_the_sandbox_does_not_know_are_refused():
    with pytest.raises(SandboxError, match="parameters of type AWS::SSM::Parameter::Value"):
        resolve({"Parameters": {"X": {"Type": "AWS::SSM::Parameter::Value", "Default": "x"}}}, {})
    with pytest.raises(SandboxError, match="Fn::EachMemberIn"):
        resolve(rules(None, {"Fn::EachMemberIn": [["a"], ["b"]]}), NEEDED)
