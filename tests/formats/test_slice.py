"""The slice of a snapshot: less to hold, the same answers."""

import json
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assumable.engine.chain import decide_chain
from assumable.engine.evaluate import Decision, decide
from assumable.engine.layers import Prepared
from assumable.engine.rules import action_matches
from assumable.errors import InputError
from assumable.formats import cut, faultless
from assumable.formats.dump import read_snapshot
from assumable.formats.scenario import parse_scenario
from assumable.formats.slice import read_slice
from assumable.formats.snapshot import packed
from assumable.formats.touching import touches_sts
from assumable.model.call import Call
from assumable.model.policy import Effect, Layer, Policy, Statement
from assumable.model.world import Role, World
from assumable.org.calls import plain_call
from assumable.org.whocan import Everyone
from assumable.source import Document
from tests.formats.likeness import plain, shared_tuples, sliced
from tests.fuzz.junk import mutate, seeds
from tests.fuzz.test_snapshots import broken_snapshots
from tests.organizations.generator import accounts, organization, write
from tests.organizations.mix import Size
from tests.worlds import DEPLOYER, NOW, ROLE, A, B, allow, classic, policy, trust

ACTIONS = (
    "sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoot",
    "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext",
)  # fmt: skip
"""What a decision can ask for."""


def told(read: Callable[[Path], World], folder: Path) -> World | str:
    """The world, or the line that refuses it."""
    try:
        return read(folder)
    except InputError as error:
        return str(error)


def agree(folder: Path) -> tuple[World, World] | None:
    """Both readers say the same, in full and cut down; the worlds, unless they refuse it."""
    full, cut_down = told(read_snapshot, folder), told(read_slice, folder)
    if isinstance(full, str) or isinstance(cut_down, str):
        assert cut_down == full
        return None
    assert plain(cut_down) == sliced(plain(full))
    return full, cut_down


def written(folder: Path, **files: Any) -> Path:
    """The folder with these files alone, given as values or as they are."""
    for old in folder.glob("*.json"):
        old.unlink()
    for name, value in files.items():
        text = value if isinstance(value, str) else json.dumps(value, indent=4)
        (folder / f"{name.lstrip('_')}.json").write_text(text, encoding="utf-8")
    return folder


def calls(world: World) -> Iterator[Call]:
    """Every principal asks for every role."""
    roles = [found for found in world.principals() if isinstance(found, Role)]
    for principal in world.principals():
        for role in roles:
            yield plain_call(principal, role.arn, NOW)


def alike(decision: Decision) -> Any:
    """What two decisions have in common that come to the same."""
    gates = [(gate.gate, gate.outcome, gate.counts) for gate in decision.gates]
    return decision.verdict, decision.passes, gates


def decide_the_same(full: World, cut_down: World, asked: Iterator[Call]) -> int:
    """Each call passes under the same condition; how many do not simply fail."""
    one, other, passing = Prepared(full), Prepared(cut_down), 0
    for call in asked:
        expected, found = decide(one, call), decide(other, call)
        assert alike(found) == alike(expected)
        passing += expected.passes is not False
    return passing


@pytest.mark.parametrize("seed", range(1, 7))
def test_an_organization_is_decided_alike(seed: int, tmp_path: Path) -> None:
    """Every pair of a generated one; and who can assume each role."""
    write(tmp_path, seed, "tiny")
    full, cut_down = agree(tmp_path) or pytest.fail("refused")
    assert decide_the_same(full, cut_down, calls(full)) > 10
    one, other = Everyone(full, NOW), Everyone(cut_down, NOW)
    for role in full.principals():
        if isinstance(role, Role):
            same = cut_down.role(role.arn)
            assert isinstance(same, Role)
            assert other.who(same) == one.who(role)


@pytest.mark.parametrize("first", range(8))
def test_the_calls_of_scenarios_are_decided_alike(first: int, tmp_path: Path) -> None:
    """With whatever they pass, by each way to call, in the accounts that they are about."""
    verdicts = Counter[str]()
    for scenario in seeds()[first::8]:
        call = parse_scenario(Document("s.json", json.dumps(scenario)), now=NOW).call
        files = {f"_{account}": details for account, details in scenario["accounts"].items()}
        if isinstance(scenario.get("organization"), dict):
            files["organization"] = scenario["organization"]
        worlds = agree(written(tmp_path, **files))
        if worlds is not None:
            expected, found = (decide_chain(world, call) for world in worlds)
            hops = [[alike(hop) for hop in chain.decisions] for chain in (expected, found)]
            assert hops[0] == hops[1]
            verdicts[found.verdict] += 1
    assert min(verdicts[verdict] for verdict in ("denied", "conditional")) > 3


def generated() -> dict[str, Any]:
    """A small account as AWS writes it, and its organization."""
    size = Size(1, 4, 2)
    files: dict[str, Any] = dict(accounts(7, size))
    return {**files, "organization": organization(7, size)}


GENERATED = generated()


@st.composite
def broken(draw: st.DrawFn) -> dict[str, Any]:
    """What AWS writes with a few mistakes."""
    found: dict[str, Any] = mutate(GENERATED, draw, draw(st.integers(1, 4)))
    return {name: value for name, value in found.items() if name in GENERATED}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples."""
    return tmp_path_factory.mktemp("slice")


@given(st.one_of(broken(), broken_snapshots()))
def test_mistakes_are_read_alike(folder: Path, files: dict[str, Any]) -> None:
    agree(written(folder, **{f"_{name}": value for name, value in files.items()}))


@pytest.mark.parametrize("key", ["PolicyDocument", "Document"])
def test_a_managed_policy_may_be_written_short(key: str, tmp_path: Path) -> None:
    files = holding("[]", "endpoint", usual=True)
    own = {"PolicyName": "Own", key: policy(allow("sts:*"))}
    files[f"_{A}"] = json.dumps(json.loads(files[f"_{A}"]) | {"Policies": [own]})
    assert agree(written(tmp_path, **files)) is not None


@given(st.lists(st.text("*?sStTſ:aN", max_size=8), max_size=3), st.booleans())
def test_whatever_may_decide_is_kept(patterns: list[str], not_action: bool) -> None:
    statement = Statement(
        0, "", Effect.ALLOW, tuple(patterns), not_action, None, False, ("*",), False, (), ""
    )
    if not touches_sts(patterns, not_action=not_action):
        assert not any(action_matches(statement, action) for action in ACTIONS)


@pytest.mark.parametrize(
    ("patterns", "not_action", "kept"),
    [
        (["s3:*", "ec2:Run*"], False, False),
        (["s3:*", "STS:assumerole"], False, True),
        (["*"], False, True),
        (["?ts:*"], False, True),
        (["s*:AssumeRole"], False, True),
        (["st:AssumeRole"], False, False),
        (["sts"], False, False),
        ([], False, False),
        (["iam:*"], True, True),
        (["sts:AssumeRole"], True, True),
        (["sts:*"], True, False),
        (["s3:*", "S*"], True, False),
        ([], True, True),
    ],
)
def test_what_is_about_other_services_is_dropped(
    patterns: list[str], not_action: bool, kept: bool
) -> None:
    assert touches_sts(patterns, not_action=not_action) is kept


OTHER = '{"Version": "2012-10-17", "Statement": %s}'
HARD = {
    "escaped": r'{"Statement": [{"Effect": "Allow", "Action": "\u0073ts:*", "Resource": "*"}]}',
    "one statement": r'{"Statement": {"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}}',
    "twice": OTHER % '[{"Effect":"Allow","Action":"sts:*","Action":"s3:*","Resource":"*"}]',
    "twice, in a condition": OTHER
    % '[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"a":1,"a":1}}}]',
    "twice, alike": OTHER
    % '[{"Effect":"Allow","Action":"sts:*","Action":"sts:*","Resource":"*"}]',
    "no resource": OTHER % '[{"Effect":"Allow","Action":"s3:*"}]',
    "no action": OTHER % '[{"Effect":"Allow","Resource":"*"}]',
    "two actions": OTHER % '[{"Effect":"Allow","Action":"a:*","NotAction":"b:*","Resource":"*"}]',
    "a new element": OTHER % '[{"Effect":"Allow","Action":"s3:*","Resource":"*","Why":"not"}]',
    "a new operator": OTHER
    % '[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Like":{"a":"b"}}}]',
    "a number": OTHER
    % '[{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"a":1.50}}}]',
    "a list": "[]",
    "null": "null",
    "version": '{"Version": "2012-10-18", "Statement": []}',
    "sid": OTHER % '[{"Sid":7,"Effect":"Allow","Action":"s3:*","Resource":"*"}]',
    "denied by others": OTHER % '[{"Effect":"Deny","NotAction":"iam:*","Resource":"*"}]',
    "denied by nobody": OTHER % '[{"Effect":"Deny","NotAction":["S?s:*"],"Resource":"*"}]',
    "a role": OTHER % '[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]',
    "half a pair": OTHER % r'[{"Effect":"Allow","Action":"s3:\ud800","Resource":"*"}]',
    "no number": OTHER % '[{"Effect":"Allow","Action":NaN,"Resource":"*"}]',
    "deep": "[" * 80 + "]" * 80,
    "long": OTHER % ('[{"Effect":"Allow","Action":"s3:%s","Resource":"*"}]' % ("a" * 140_000)),
    "as text": json.dumps(json.dumps(policy(allow(resource=ROLE), allow("s3:*")))),
    "as text, of another service": json.dumps(json.dumps(policy(allow("s3:*")))),
    "url-encoded": json.dumps(urllib.parse.quote(json.dumps(policy(allow(resource=ROLE))))),
    "url-encoded, twice": json.dumps(urllib.parse.quote(
        '{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"s3:*","Resource":"*"}}')),
    "no text": '"{"',
    "empty text": '""',
}  # fmt: skip
PLACES = {
    "identity": "UserPolicyList",
    "managed": "Policies",
    "boundary": "PermissionsBoundary",
    "endpoint": "VpcEndpoints",
    "trust": "RoleDetailList",
    "scp": "Policies of the organization",
}


def holding(document: str, place: str, *, usual: bool) -> dict[str, str]:
    """A snapshot of the classic pair with this text as one of its policies."""
    parts = classic()["accounts"]
    user, role = parts[A]["UserDetailList"][0], parts[B]["RoleDetailList"][0]
    own = f"arn:aws:iam::{A}:policy/Own"
    held = [{"Document": "HERE", "VersionId": "v1", "IsDefaultVersion": True}]
    managed = {"PolicyName": "Own", "Arn": own, "PolicyVersionList": held}
    root = {"Id": "r-ab12"}
    tree: dict[str, Any] = {
        "Id": "o-exampleorgid", "MasterAccountId": "999999999999", "Roots": [root],
        "Accounts": [{"Id": A, "ParentId": "r-ab12"}, {"Id": B, "ParentId": "r-ab12"}],
        "Policies": [
            {"Id": "p-FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY", "Targets": ["r-ab12", A, B]}
        ],
    }  # fmt: skip
    match place:
        case "identity":
            user["UserPolicyList"].append({"PolicyName": "own", "PolicyDocument": "HERE"})
        case "managed":
            user["AttachedManagedPolicies"] = [{"PolicyArn": own}]
            parts[A]["Policies"] = [managed]
        case "boundary":
            user["PermissionsBoundary"] = {"PermissionsBoundaryArn": own}
            parts[A]["Policies"] = [managed]
        case "endpoint":
            endpoint = {"VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "PolicyDocument": "HERE"}
            parts[A]["VpcEndpoints"] = [endpoint]
        case "trust":
            role["AssumeRolePolicyDocument"] = "HERE"
        case _:
            scp = {"Id": "p-1", "Type": "SERVICE_CONTROL_POLICY", "Targets": [A]}
            tree["Policies"].append({**scp, "Content": "HERE"})
    if usual:
        user.update(Path="/", Arn=DEPLOYER)
        role.update(Path="/", Arn=ROLE)
    files = {f"_{A}": parts[A], f"_{B}": parts[B], "organization": tree}
    return {
        name: json.dumps(value, indent=2).replace('"HERE"', document)
        for name, value in files.items()
    }


@pytest.mark.parametrize("usual", [True, False], ids=["as AWS writes", "short"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", HARD)
def test_hard_documents_are_read_alike(name: str, place: str, usual: bool, tmp_path: Path) -> None:
    """Wherever they stand: the same world, or the same line with the same position."""
    worlds = agree(written(tmp_path, **holding(HARD[name], place, usual=usual)))
    if worlds is not None:
        decide_the_same(*worlds, calls(worlds[0]))


def test_one_document_means_something_else_in_each_layer(tmp_path: Path) -> None:
    document = OTHER % '[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]'
    files = holding(document, "identity", usual=True)
    files[f"_{B}"] = holding(document, "trust", usual=True)[f"_{B}"]
    _, world = agree(written(tmp_path, **files)) or pytest.fail("refused")
    role = world.role(ROLE)
    assert isinstance(role, Role)
    assert isinstance(role.trust, Policy)
    assert len(role.trust.statements) == 1


@pytest.mark.parametrize(("seconds", "known"), [(3599, False), (43_200, True), (43_201, False)])
def test_how_long_no_session_can_be_is_not_known(seconds: int, known: bool, tmp_path: Path) -> None:
    files = holding("[]", "endpoint", usual=True)
    files[f"_{B}"] = files[f"_{B}"].replace('"Path"', f'"MaxSessionDuration": {seconds}, "Path"')
    _, world = agree(written(tmp_path, **files)) or pytest.fail("refused")
    role = world.role(ROLE)
    assert isinstance(role, Role)
    assert (role.max_session_duration == seconds) is known


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"Path": "/"', '"Path": "/", "Path": "/"', "key `Path` stands twice"),
        ('"UserName": "deployer"', '"UserName": 7', "must be text"),
        ('"UserName": "deployer"', '"UserName": "a/b"', "does not fit"),
        ('"UserName"', '"New": {"a": 1, "a": 1}, "UserName"', "key `a` stands twice"),
        (f'"Arn": "{DEPLOYER}"', '"Arn": "arn:aws:iam::1:user/x"', "does not fit"),
        ('"UserDetailList"', '"Regions": [{}], "UserDetailList"', "`RegionName` is missing"),
        ('"UserDetailList"', '"SAMLProviders": 1e999, "UserDetailList"', "a number is too long"),
        ('"UserDetailList"', '"Policies": [{}], "UserDetailList"', "needs its default version"),
        ('"PolicyName"', '"PolicyNam', "not valid JSON"),
        ("{", "", "not valid JSON"),
    ],
)
def test_mistakes_are_told_with_their_place(
    before: str, after: str, message: str, tmp_path: Path
) -> None:
    files = holding("[]", "endpoint", usual=True)
    files[f"_{A}"] = files[f"_{A}"].replace(before, after, 1)
    assert agree(written(tmp_path, **files)) is None
    line = str(told(read_slice, tmp_path))
    assert message in line
    assert f"{A}.json:" in line


def test_a_packed_snapshot_is_read_alike(tmp_path: Path) -> None:
    write(tmp_path, 3, "tiny")
    for path in list(tmp_path.iterdir()):
        path.with_suffix(".json.zst").write_bytes(packed(path.read_bytes()))
        path.unlink()
    assert agree(tmp_path) is not None


def test_windows_wide_text_is_read_alike(tmp_path: Path) -> None:
    """As PowerShell 5 redirects it."""
    write(tmp_path, 3, "tiny")
    for path in tmp_path.iterdir():
        path.write_text(path.read_text(encoding="utf-8"), encoding="utf-16")
    assert agree(tmp_path) is not None


def policies(world: World) -> list[Policy]:
    """Every policy of every principal, each as often as it is attached."""
    held = [[*p.policies, p.boundary, getattr(p, "trust", None)] for p in world.principals()]
    return [policy for several in held for policy in several if isinstance(policy, Policy)]


def test_what_is_equal_is_one(tmp_path: Path) -> None:
    """Statements that are equal, and managed policies, are held once."""
    write(tmp_path, 5, "tiny")
    world = read_slice(tmp_path)
    found = policies(world)
    assert len(found) > len(shared_tuples(found))
    assert all(len(several) == 1 for several in shared_tuples(found).values())
    managed: dict[tuple[str, str, str], set[int]] = {}
    for held in found:
        if held.name.arn and held.name.account != "aws":
            key = (held.name.arn, held.name.layer, held.name.account)
            managed.setdefault(key, set()).add(id(held))
    assert managed
    assert all(len(several) == 1 for several in managed.values())


def test_variables_keep_what_looks_equal_apart(tmp_path: Path) -> None:
    """In the older version they are plain text, so a statement means something else there."""
    statement = allow(resource="arn:aws:iam::222222222222:role/${aws:username}", Effect="Deny")
    files = classic()["accounts"]
    for version in ("2008-10-17", "2012-10-17"):
        document = {"Version": version, "Statement": [statement]}
        files[A]["UserDetailList"][0]["UserPolicyList"].append(
            {"PolicyName": version, "PolicyDocument": document}
        )
    files[B]["RoleDetailList"].append(
        {"RoleName": "deployer", "AssumeRolePolicyDocument": policy(trust({"AWS": DEPLOYER}))}
    )
    worlds = agree(written(tmp_path, **{f"_{k}": v for k, v in files.items()}))
    _, world = worlds or pytest.fail("refused")
    held = policies(world)
    assert len(shared_tuples(held)) == len({id(policy.statements) for policy in held})
    call = plain_call(next(iter(world.principals())), f"arn:aws:iam::{B}:role/deployer", NOW)
    assert decide(world, call).verdict == "denied"


def test_documents_of_other_services_are_never_read_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal documents are looked at once, too, and no statement is made that nobody wants."""
    looked_at, made = list[bytes](), list[Statement]()

    def look(raw: bytes, layer: Layer) -> Any:
        looked_at.append(raw)
        return faultless.faultless(raw, layer)

    def make(**parts: Any) -> Statement:
        made.append(Statement(**parts))
        return made[-1]

    monkeypatch.setattr(cut, "faultless", look)
    monkeypatch.setattr(faultless, "Statement", make)
    own = [policy(allow("s3:*", n)) for n in "abc"] + [policy(allow(resource=ROLE))] * 3
    inline = [{"PolicyName": f"{n}", "PolicyDocument": held} for n, held in enumerate(own)]
    user = {"UserName": "u", "Path": "/", "Arn": f"arn:aws:iam::{A}:user/u"}
    dump = {"UserDetailList": [{**user, "UserPolicyList": inline}]}
    world = read_slice(written(tmp_path, **{f"_{A}": dump}))
    assert [json.loads(raw) for raw in looked_at] == own[:4]
    assert [statement.resources for statement in made] == [(ROLE,)]
    assert [held.statements for held in policies(world)] == [tuple(made)] * 3


def test_a_policy_can_still_be_shown_where_it_stands(tmp_path: Path) -> None:
    """The file is read again for it, and not before."""
    world = read_slice(written(tmp_path, **holding("[]", "endpoint", usual=True)))
    role = world.role(ROLE)
    assert isinstance(role, Role)
    assert isinstance(role.trust, Policy)
    place = role.trust.location
    assert place.document.name == str(tmp_path / f"{B}.json")
    assert "text" not in vars(place.document)
    span = place.child("Statement", 0, "Effect").span()
    assert span is not None
    assert '"Allow"' in place.document.lines[span.line - 1]
