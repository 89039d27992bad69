"""One run of the loop that reads what matters: against a generated world, as far as it is told."""

import json
from collections import Counter
from random import Random
from typing import Any

from assumable.ask import read_all
from assumable.aws.clients import Identity
from assumable.aws.reader import Connections, Reader
from assumable.engine.chain import Chain, decide_chain, hops
from assumable.engine.truth import atoms
from assumable.formats.scenario import Scenario, parse_scenario
from assumable.model.call import Call
from assumable.source import Document
from tests.partial.cloud import Cloud, listed
from tests.partial.desk import Desk, Question, Refusals, Served
from tests.partial.truths import OPT_IN
from tests.reference.generator import scenario
from tests.reference.generator.drawing import HOME, MASTER
from tests.worlds import NOW

FAMILIES = ("classic", "web-identity", "saml", "service", "chain", "parameters")
"""Those of the reference in which everything is known: what is not, is what was refused here."""
SENT = (
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "sts:ExternalId",
)
CERTAIN = ("allowed", "denied")


def world(seed: int, family: str) -> dict[str, Any]:
    """A generated scenario without what no operation tells.

    That STS is off in a Region that needs no opting in; and one account manages one organization.
    A service sends what its `context` says, and nothing that AWS's pages say of it.
    """
    made = scenario(seed, family)
    if "service" in made["call"]["caller"]:
        made["call"]["context"] = dict.fromkeys(SENT) | made["call"].get("context", {})
    for account in made["accounts"].values():
        if "Regions" in account:
            kept = [one for one in account["Regions"] if one["RegionName"] in OPT_IN]
            account["Regions"] = kept
    for organization in listed(made.get("organization"))[1:]:
        text = json.dumps(organization).replace(MASTER, "888888888888")
        made["organization"][made["organization"].index(organization)] = json.loads(text)
    return made


def parsed(made: dict[str, Any]) -> Scenario:
    """World and call."""
    return parse_scenario(Document("scenario.json", json.dumps(made)), now=NOW)


class Watched(Reader):
    """Holds the loop to what it may read: what a gate of the decision before it hangs on.

    Where every gate is certain, nothing is read.
    """

    def scenario(self) -> Scenario:
        """The world as it is known, and what is open in it."""
        found = super().scenario()
        self.open = open_questions(decide_chain(*found))
        return found

    def read(self, settle: str) -> None:
        """Read what is open."""
        assert settle in self.open, f"{settle} cannot change the answer"
        super().read(settle)


class Run:
    """What was learnt in one run, and how the call is decided on it."""

    def __init__(self, made: dict[str, Any], call: Call, refusals: Refusals, seed: int) -> None:
        """The readers are drawn by the seed: the same in every run of one world."""
        rng = Random(seed)
        cloud = Cloud(made, own=rng.random() < 0.5)
        self.desk = Desk(cloud, refusals)
        accounts = self._readers(hops(call), rng)
        self.readers = Counter(filter(None, accounts))
        own, *others = (Served(self.desk, account) if account else None for account in accounts)
        assert own is not None
        connections = Connections(own, *others)
        who = own.who
        unique_id = None
        if isinstance(who, Identity) and who.arn == call.caller.arn:
            unique_id = who.unique_id
        self.reader = Watched(call, connections, unique_id)
        self.known = read_all(self.reader)
        self.chain: Chain = decide_chain(*self.known)
        self.verdict = str(self.chain.verdict)

    def sent_twice(self) -> list[Question]:
        """What one of the readers asked more than once."""
        found = self.desk.sent.items()
        return [asked for (asked, _), times in found if times > self.readers[asked.account]]

    def _readers(self, asked: tuple[Call, ...], rng: Random) -> tuple[str | None, ...]:
        """The caller's account, one between, the role's, and the manager of an organization."""
        callers, roles = [one.caller_account for one in asked], [one.role_account for one in asked]
        accounts = [of for of in dict.fromkeys((*callers, *roles)) if of.isdigit()]
        first = callers[0] or next(iter(accounts), HOME)
        last = accounts[-1] if accounts else first
        between = next((of for of in accounts if of not in (first, last)), None)
        found = (self.desk.cloud.organization_of(of) for of in accounts)
        managers = [one["MasterAccountId"] for one in found if one is not None]
        return first, between, last, rng.choice([*managers, *managers, None])


def open_questions(chain: Chain) -> set[str]:
    """What would settle something that a gate hangs on."""
    return {
        atom.settle
        for decision in chain.decisions
        for gate in decision.gates
        for atom in atoms(gate.passes)
    }
