"""What people see of hypotheses, of an error text and of probes, as snapshots."""

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

from assumable.diagnose import Diagnosis, diagnose
from assumable.findings.observed import observe
from assumable.render import json as as_json
from assumable.render import markdown, terminal
from tests.findings.test_hypotheses import oracle
from tests.worlds import DEPLOYER, ROLE, B, allow, classic, parsed, trust

TAGS = [{"Key": "team", "Value": "web"}]
MAY = [allow(["sts:AssumeRole", "sts:TagSession"])]
DENIED = f"User: {DEPLOYER} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"


def probed() -> Diagnosis:
    """Nothing of the role was read; its trust policy does not allow the tags."""
    truth = classic(trust_statements=[trust({"AWS": DEPLOYER})], identity=MAY, Tags=TAGS)
    world, call = parsed({**truth, "unknown": [f"account:{B}"]})
    return diagnose(world, call, probe=oracle(*parsed(truth)))


def told(scenario: dict[str, Any], text: str) -> Diagnosis:
    """With an error text as evidence."""
    world, call = parsed(scenario)
    return diagnose(world, call, error=observe(text, call))


SHOWN: dict[str, Callable[[], Diagnosis]] = {
    "probed": probed,
    "refused-anyway": lambda: told(classic(), "AccessDenied"),
    "not-used": lambda: told({**classic(), "unknown": [f"account:{B}"]}, "hello"),
    "sure": lambda: told({**classic(), "unknown": [f"boundary:{DEPLOYER}"]}, DENIED),
}


@pytest.mark.parametrize("name", SHOWN)
def test_it_reads_as_before(name: str, snapshot: SnapshotAssertion) -> None:
    assert terminal.render(SHOWN[name]()).partition("7  caps")[2] == snapshot


@pytest.mark.parametrize("name", SHOWN)
def test_the_section_is_short_and_says_what_priors_are(name: str) -> None:
    answer = terminal.render(SHOWN[name]())
    label = "refused because" if name == "probed" else "if refused"
    section = answer.partition(label)[2].partition("\n\n")[0].splitlines()
    assert len(section) <= 6
    assert "priors from 241 public failures" in section[0]
    assert "not evidence" in section[0]


@pytest.mark.parametrize("name", SHOWN)
def test_json_and_markdown_have_it_too(name: str) -> None:
    diagnosis = SHOWN[name]()
    answer = json.loads(as_json.render(diagnosis))
    jsonschema.validate(answer, as_json.schema())
    assert answer["hypotheses"]
    world, _ = parsed(classic())
    text = markdown.render(diagnosis, world)
    assert "priors from 241 public failures" in text
    assert answer["hypotheses"][0]["cause"] in text
