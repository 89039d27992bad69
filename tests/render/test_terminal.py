"""What people see, as snapshots."""

import re
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from assumable.diagnose import Diagnosis, diagnose
from assumable.engine.match import Reason
from assumable.findings.blast import BlastRadius
from assumable.findings.finding import Evidence, Fix, Target
from assumable.render import sections, terminal
from assumable.render.sections import among, gains
from assumable.render.terminal.evidence import evidence_lines
from assumable.render.terminal.lines import Screen
from tests.chains import CI, chained
from tests.plan.test_classic_failures import CLASSICS, broken
from tests.worlds import DEPLOYER, allow, classic, diagnosed, parsed, policy, trust

SHOWN: dict[str, dict[str, Any]] = {
    **{fault: broken((fault,)) for fault in CLASSICS},
    "all-five": broken(CLASSICS),
    "allowed": classic(),
    "one-side-unknown": {**classic(), "unknown": ["account:222222222222"]},
    "organization-unknown": {**classic(), "organization": "unknown"},
    "service": {
        **classic(trust_statements=[trust({"Service": "ecs.amazonaws.com"})]),
        "call": {**classic()["call"], "caller": {"service": "ecs-tasks.amazonaws.com"}},
    },
    "no-plan": classic(RoleArn="arn:aws:iam::222222222222:role/Missing"),
    "chain": chained(ci_may=[], trusts=[trust({"AWS": f"{CI}s"})], DurationSeconds=7200),
    "chain-allowed": chained(),
    "chain-without-a-role": chained(hop="CI"),
    "chain-by-a-service": chained(
        first={"service": "ec2.amazonaws.com"},
        ci_trusts=[trust({"Service": "ec2.amazonaws.com"})],
        DurationSeconds=7200,
    ),
    "chain-open": {
        **chained(trusts=[trust({"AWS": CI}, Condition={"Bool": {"aws:SecureTransport": "true"}})]),
        "organization": "unknown",
    },
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_answer_reads_as_before(name: str, snapshot: SnapshotAssertion) -> None:
    """A change of wording is seen and accepted, never slipped in."""
    assert terminal.render(diagnosed(SHOWN[name])) == snapshot


TWO_WAYS = classic(
    trust_statements=[trust({"AWS": [f"{DEPLOYER}2", DEPLOYER]}), trust({"AWS": "*"})]
)
NOT_NAMED = classic(trust_statements=[trust({"AWS": f"{DEPLOYER}2"})])
NOT_NAMED["accounts"]["111111111111"]["UserDetailList"].append({"UserName": "deployer2"})
ASKED: dict[str, Diagnosis] = {
    "unexpected": diagnose(*parsed(TWO_WAYS), expected="denied"),
    "unexpected-and-open": diagnose(
        *parsed({**TWO_WAYS, "organization": "unknown"}), expected="denied"
    ),
    "as-expected": diagnose(*parsed(broken(("mfa",))), expected="denied"),
    "like-another": diagnose(*parsed(NOT_NAMED), like=f"{DEPLOYER}2"),
}


@pytest.mark.parametrize("name", ["all-five", "chain", "chain-open", "service"])
def test_words_in_place_of_signs_read_as_before(name: str, snapshot: SnapshotAssertion) -> None:
    """For those who hear the answer."""
    assert terminal.render(diagnosed(SHOWN[name]), width=80, plain=True) == snapshot


@pytest.mark.parametrize("name", [*SHOWN, "unexpected", "unexpected-and-open", "like-another"])
def test_in_plain_output_every_meaning_is_a_word(name: str) -> None:
    """No sign is left, every row says how it stands, and nothing is lost."""
    diagnosis = ASKED[name] if name in ASKED else diagnosed(SHOWN[name])
    text = terminal.render(diagnosis, width=80, plain=True, show_commands=True)
    assert text.isascii()
    rows = re.findall(
        r"^  \d  .{21}  (ok|FAILS|not required|not known)(?:$| +\S)", text, re.MULTILINE
    )
    assert len(rows) == 7
    assert text.startswith(f"{diagnosis.verdict.upper()} ")
    drawn = terminal.render(diagnosis, width=80, show_commands=True)
    commands = [line for line in drawn.splitlines() if line.lstrip().startswith(WHOLE[:2])]
    assert commands == [x for x in text.splitlines() if x.lstrip().startswith(WHOLE[:2])]


def test_commands_stay_as_they_are_in_plain_output() -> None:
    """A sign in a policy is a value, and must be pasted as it is."""
    named = trust(
        {"AWS": f"{DEPLOYER}s"}, Condition={"StringNotEquals": {"aws:UserAgent": "a → ü"}}
    )
    text = terminal.render(diagnosed(classic(trust_statements=[named])), plain=True)
    (command,) = re.findall(r"aws iam update-assume.*", text)
    assert r"a \u2192 \u00fc" in command


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (Evidence(excerpt="deploys", column=1, end=8, differs=7),
         "at t.json:3:1: deploys\nit is right up to `deploy` and differs from `s` on"),
        (Evidence(excerpt="deploy", column=1, end=7, differs=7),
         "at t.json:3:1: deploy\nall of it is right, and something is missing after it"),
        (Evidence(excerpt="xdeploy", column=1, end=8, differs=1),
         "at t.json:3:1: xdeploy\nit differs from its first character on"),
        (Evidence(excerpt='"deploy"', column=1, end=9, differs=8),
         'at t.json:3:1: "deploy"\nall of it is right, and something is missing after it'),
        (Evidence(excerpt="sts:TagSession", column=1, end=15, got="sts:X", reason=Reason.ACTION),
         "at t.json:3:1: sts:TagSession\nsts:X is not in it"),
        (Evidence(excerpt='a: "b", c', column=4, end=7), 'at t.json:3:4: "b"'),
    ],
)  # fmt: skip
def test_evidence_in_words(evidence: Evidence, words: str) -> None:
    """The place, the value, and the first difference without a mark under it."""
    evidence = msgspec.structs.replace(evidence, file="t.json", line=3)
    lines = [line.plain.strip() for line in evidence_lines(evidence, Screen(80, plain=True))]
    assert "\n".join(lines) == words


def test_how_safe_a_fix_is_stands_beside_it() -> None:
    """In words: another request, an edit for review, and what is for display only."""
    text = terminal.render(diagnosed(SHOWN["all-five"]), width=80)
    assert "fix   A (you, nothing to change in AWS)\n" in text
    assert "      D (admin of 111111111111; needs review)\n" in text
    assert "or    F in place of E  (admin of 222222222222; needs review) trust" in text
    fix = Fix(id="x", title="x", owner="1", safety="safe", target=Target(kind="policy"))
    assert sections.who(fix) == "admin of 1; safe to apply"
    own = msgspec.structs.replace(fix, owner="you", safety="review")
    assert sections.who(own) == "you; needs review"


@pytest.mark.parametrize("name", ASKED)
def test_answers_to_what_else_was_asked_read_as_before(
    name: str, snapshot: SnapshotAssertion
) -> None:
    """Ways in, cuts and comparisons, at 80 columns; nothing but what is pasted is longer."""
    text = terminal.render(ASKED[name], width=80)
    assert text == snapshot
    assert [x for x in text.splitlines() if len(x) > 80 and not x.lstrip().startswith(WHOLE)] == []


WHOLE = ("aws ", "$ ", "─┬", "-", "+")
"""How lines begin that stay whole to be pasted or found: commands, file names, policy text."""
HOSTILE = "\x1b[2J\n\u202e\x9b\u2028\x7f"
ESCAPED = r"\x1b[2J\x0a\u202e\x9b\u2028\x7f"


@pytest.mark.parametrize("name", SHOWN)
def test_prose_fits_80_columns(name: str) -> None:
    """Titles wrap as well; only what must be pasted whole may be longer."""
    for line in terminal.render(diagnosed(SHOWN[name]), width=80).splitlines():
        assert len(line) <= 80 or line.lstrip().startswith(WHOLE), line


@pytest.mark.parametrize("width", [0, 1, 12, 20, 40, 59])
@pytest.mark.parametrize("name", SHOWN)
def test_narrow_screens_break_at_words(name: str, width: int) -> None:
    """What is longer than the screen is a label with one word."""
    text = terminal.render(diagnosed(SHOWN[name]), show_commands=True, width=width)
    assert text.count("caller's permission") == 1
    if width < 40:
        return
    for line in text.splitlines():
        words = line.split()
        too_long = len(line) > width and not line.lstrip().startswith(WHOLE)
        assert not too_long or len(words) <= 4, line


def test_rows_stand_under_their_labels_on_narrow_screens() -> None:
    """Text beside the labels would have no room and run into the next row."""
    lines = terminal.render(diagnosed(SHOWN["all-five"]), width=50).splitlines()
    at = lines.index("  3  external ID")
    assert lines[at + 1] == "     ✗  an external ID is required that was not"
    assert lines[at + 2] == "     sent"


def test_who_can_act_stands_under_the_title() -> None:
    """On a line of its own, so that long titles do not hide it."""
    lines = terminal.render(diagnosed(SHOWN["all-five"])).splitlines()
    titles = [number for number, line in enumerate(lines) if line.startswith("AS")]
    under = [next(x for x in lines[n + 1 :] if x.startswith("     ") and "or" in x) for n in titles]
    assert under[1] == "     for the admin of 222222222222"
    assert lines.count("     you can fix this") == 3


def test_input_cannot_move_the_cursor_or_reorder_a_line() -> None:
    """Control characters, bidi controls and lone surrogates of the files come out as escapes."""
    scenario = classic(
        identity=[allow("sts:TagSession")], ExternalId=f"x{HOSTILE}", RoleSessionName=HOSTILE
    )
    (user,) = scenario["accounts"]["111111111111"]["UserDetailList"]
    user["UserPolicyList"][0]["PolicyName"] = f"p{HOSTILE}"
    for shown in (scenario, {**scenario, "accounts": classic()["accounts"]}):
        text = terminal.render(hostile(diagnosed(shown)), show_commands=True, width=80)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]", text)
        text.encode()


def hostile(diagnosis: Diagnosis) -> Diagnosis:
    """The diagnosis with the characters in every text that is printed."""
    changed = msgspec.structs.replace(
        diagnosis,
        headline=f"allowed{HOSTILE}",
        notes=(f"p{HOSTILE}: odd \ud800",),
        findings=tuple(
            msgspec.structs.replace(
                found,
                title=found.title + HOSTILE,
                explanation=found.explanation + HOSTILE,
                owner=found.owner + HOSTILE,
            )
            for found in diagnosis.findings
        ),
    )
    assert ESCAPED in terminal.render(changed, width=200)
    return changed


def test_a_policy_name_is_shown_with_escapes() -> None:
    """It stays in the line that names it."""
    scenario = classic()
    (user,) = scenario["accounts"]["111111111111"]["UserDetailList"]
    user["UserPolicyList"][0]["PolicyName"] = "p\x1b[2J\n\u202e"
    first = terminal.render(diagnosed(scenario)).splitlines()[2]
    assert first.endswith(r"111111111111: p\x1b[2J\x0a\u202e, statement 1")


def test_the_mark_stays_under_the_escaped_text() -> None:
    """Escapes are longer than what they stand for."""
    evidence = Evidence(file="t.json", line=3, column=4, end=8, excerpt='\t\x1b"ab\u202ec"')
    _, shown, mark = [line.plain for line in evidence_lines(evidence, Screen(80))]
    assert shown == r"   3 │   \x1b" + r'"ab\u202ec"'
    assert shown[mark.index("─") : mark.rindex("─") + 1] == r"ab\u202ec"


def test_commands_to_verify_by_hand_are_shown_on_request() -> None:
    """One for each line of the checklist, with the account whose credentials it takes."""
    text = terminal.render(diagnosed(classic()), show_commands=True)
    shown = re.findall(r"^ {5}\$ \((.*?)\) aws (?:iam|organizations) (\S+)", text, re.MULTILINE)
    assert shown == [
        ("111111111111", "list-user-policies"),
        ("222222222222", "get-role"),
        ("222222222222", "get-role"),
        ("111111111111", "list-mfa-devices"),
        ("222222222222", "get-role"),
        ("management account", "list-policies-for-target"),
        ("111111111111", "get-user"),
    ]


def test_an_open_answer_says_nothing_twice() -> None:
    """The headline already says what the organization could deny."""
    text = terminal.render(diagnosed(SHOWN["organization-unknown"]))
    assert "allowed if" not in text
    settled = "(organizations:DescribeOrganization would settle it)"
    unread = "not known   the caller's SCPs and the RCPs of the role's account"
    assert f"{unread} {settled}" in " ".join(text.split()).replace("not known ", "not known   ")
    assert terminal.render(diagnosed(SHOWN["one-side-unknown"])).count("allowed if  ") == 1


@pytest.mark.parametrize(
    ("radius", "words"),
    [
        (BlastRadius(True, 0, (), 5), "nobody else"),
        (BlastRadius(False, 0, (), 0), "nobody else that is known"),
        (BlastRadius(False, 0, (), 1), "of the one other principal known nobody"),
        (BlastRadius(False, 0, (), 12), "of the 12 other principals known nobody"),
        (BlastRadius(True, 2, ("a", "b"), 5), "2 more: a, b"),
    ],
)
def test_who_gains_is_said_in_words(radius: BlastRadius, words: str) -> None:
    """Nobody is promised who was not looked at."""
    assert among(radius) == words


def test_those_who_cannot_be_listed_gain_before_those_who_can() -> None:
    """One sentence says both, so that neither belies the other."""
    sessions = BlastRadius(True, 0, (), 5, "every other session of role/CI")
    assert gains(sessions) == "the caller and every other session of role/CI; nobody else"
    tokens = BlastRadius(False, 0, (), 12, "every token of oidc-provider/x")
    assert gains(tokens) == (
        "the caller and every token of oidc-provider/x; of the 12 other principals known nobody"
    )


def test_nobody_reviews_what_the_caller_sends() -> None:
    """Only what AWS keeps is somebody's to review."""
    target = Target(kind="call")
    fix = Fix(id="x", title="name the session `a`", owner="you", safety="review", target=target)
    assert sections.who(fix) == "you, nothing to change in AWS"


ABSENT = Evidence(
    pointer="/Statement/0/Condition/Bool/aws:MultiFactorAuthPresent",
    file="t.json", line=3, column=1, end=5, excerpt="true",
    got="absent: long-term access keys carry no MFA (R5.1)",
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "this call: absent"),
        ({"got": "us-east-1"}, "this call: us-east-1"),
        ({"got": "x" * 80}, "this call: " + "x" * 56 + "…"),
        ({"got": "a", "pointer": "/Statement/0/Principal/AWS"}, ""),
        ({"got": "a", "pointer": "/Statement/0/Condition/StringEquals/STS:ExternalId"}, ""),
    ],
    ids=["key", "value", "long value", "principal", "external ID"],
)
def test_what_the_call_has_stands_beside_the_mark(changes: dict[str, str], words: str) -> None:
    """What is marked may be right: the call differs from it. An external ID is never told there."""
    evidence = msgspec.structs.replace(ABSENT, **changes)
    _, _, mark = [text.plain for text in evidence_lines(evidence, Screen(80))]
    assert mark == f"     │ ────{' ' if words else ''}{words}"
    told = [text.plain.strip() for text in evidence_lines(evidence, Screen(200, plain=True))][1:]
    assert "".join(told) == words.replace("x" * 56 + "…", "x" * 80)


def test_every_command_says_whose_credentials_it_takes() -> None:
    """In the order of the plan, the call last."""
    lines = terminal.render(diagnosed(SHOWN["all-five"])).splitlines()
    at = lines.index("run   in this order, with your own CODE")
    assert [line.split()[:4] for line in lines[at + 1 : at + 7]] == [
        ["1", "as", "admin", "of"],
        ["aws", "iam", "put-user-policy", "--user-name"],
        ["2", "as", "admin", "of"],
        ["aws", "iam", "update-assume-role-policy", "--role-name"],
        ["3", "as", "you"],
        ["aws", "sts", "assume-role", "--role-arn"],
    ]
    assert lines[at + 1].endswith("111111111111")
    assert lines[at + 3].endswith("222222222222")


def test_credentials_with_mfa_are_the_callers_own_first_step() -> None:
    """The call is made with what that step gives."""
    with_mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    scenario = classic(identity=[allow("sts:AssumeRole", Condition=with_mfa)])
    lines = terminal.render(diagnosed(scenario)).splitlines()
    at = lines.index("run   in this order, with your own CODE")
    assert [line.split() for line in (lines[at + 1], lines[at + 3])] == [
        ["1", "as", "you"],
        ["2", "with", "the", "credentials", "of", "step", "1"],
    ]
    assert lines[at + 2].lstrip().startswith("aws sts get-session-token ")
    assert lines[at + 4].lstrip().startswith("aws sts assume-role ")


def test_an_edit_that_is_only_shown_has_its_commands_beside_it() -> None:
    """No plan would show them."""
    sso = "AWSReservedSSO_Deploy_0123456789abcdef"
    scenario = classic(trust_statements=[trust({"AWS": "*"})])
    scenario["accounts"]["111111111111"]["RoleDetailList"] = [
        {
            "RoleName": sso,
            "Path": "/aws-reserved/sso.amazonaws.com/",
            "AssumeRolePolicyDocument": policy(trust({"Service": "ec2.amazonaws.com"})),
        }
    ]
    arn = f"arn:aws:sts::111111111111:assumed-role/{sso}/alice"
    scenario["call"]["caller"] = {"arn": arn}
    text = terminal.render(diagnosed(scenario))
    assert "admin of 111111111111; display only: not applied, because" in " ".join(text.split())
    assert "\n          aws sso-admin put-inline-policy-to-permission-set --instance-arn " in text
    assert "\n          aws sso-admin provision-permission-set --instance-arn " in text


def test_without_a_plan_the_pages_of_the_findings_are_named() -> None:
    """Those of findings without a fix, or of all when the fixes were there and proved nothing."""
    diagnosis = diagnosed(broken(("external-id", "mfa")))
    without = msgspec.structs.replace(diagnosis, plans=())
    pages = "see `assumable explain AS301`, `assumable explain AS401`"
    text = " ".join(terminal.render(without).split())
    assert f"none that could be proved for the call as a whole; {pages}" in text
    assert (
        "fix for AS301, not proved to be enough: (you, nothing to change in AWS) send the" in text
    )
    first, *rest = diagnosis.findings
    stuck = msgspec.structs.replace(first, fixes=())
    without = msgspec.structs.replace(without, findings=(stuck, *rest))
    assert f"see `assumable explain {first.code}`\n" in terminal.render(without)


def test_a_proof_that_depends_says_on_what() -> None:
    """In the words of the plan, cut where they fill a screen."""
    wanted = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    named = trust({"AWS": DEPLOYER}, Condition={**wanted, "Bool": {"aws:SecureTransport": "true"}})
    diagnosis = diagnosed(classic(trust_statements=[named], identity=[]))
    text = terminal.render(diagnosis)
    on_what = "aws:SourceIp is in `203.0.113.0/24` and aws:SecureTransport is `true`"
    assert f"\n      allowed if  {on_what}\n" in text
    plan = msgspec.structs.replace(diagnosis.plans[0], residual_after="word " * 200)
    text = terminal.render(msgspec.structs.replace(diagnosis, plans=(plan,)))
    assert text.count("word") == 76
    assert "word … (--format json)" in text.replace("\n" + " " * 18, " ")


def test_placeholders_are_named() -> None:
    """Nobody shall paste one; a name that only looks like one inside another is none."""
    assert "\nrun   this, with your own CODE\n" in terminal.render(diagnosed(SHOWN["mfa"]))
    assert "\nrun   this\n" in terminal.render(diagnosed(SHOWN["external-id"]))
    call = "aws sts assume-role --role-session-name=SESSION --role-arn a/CODES --token-code CODE"
    assert sections.own_values([call, "aws x file://TOKEN"]) == "SESSION, CODE and TOKEN"


def test_a_service_tries_again_by_itself() -> None:
    """There is no command to type for its call."""
    text = terminal.render(diagnosed(SHOWN["service"]))
    assert "      2  then let ecs-tasks.amazonaws.com try again\n" in text
    assert "aws sts" not in text


def test_colour_only_repeats_what_words_say() -> None:
    """Without escape codes the text is the same."""
    diagnosis = diagnosed(broken(CLASSICS))
    coloured = terminal.render(diagnosis, color=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == terminal.render(diagnosis)


def test_the_lines_of_a_chain_say_who_assumes_what_and_how_it_ends() -> None:
    """One for each hop, in words; then the hop that the checklist is about."""
    lines = terminal.render(diagnosed(SHOWN["chain"])).splitlines()
    first = "  hop 1  ✓  user/deployer (111111111111)  →  role/CI (111111111111)   allowed"
    second = lines[lines.index(first) + 1]
    assert second.startswith("  hop 2  ✗  assumed-role/CI/assumable (111111111111)  →  ")
    shown = lines.index("  hop 2, made as assumed-role/CI/assumable")
    assert lines[shown + 1].startswith("  1  caller's permission")
    whose = [line.strip() for line in lines if line.strip()[:1].isdigit() and " step " in line]
    assert whose == ["4  with the credentials of step 3"]


def test_a_line_is_verified_in_the_account_of_its_hop() -> None:
    """The role in between calls at the second hop."""
    text = terminal.render(diagnosed(SHOWN["chain"]), show_commands=True)
    assert "$ (111111111111) aws iam list-role-policies --role-name CI" in text


LONG = "arn:aws:iam::222222222222:role/teams/platform/delivery/production/eu-central-1/DeployRole"


@pytest.mark.parametrize("width", [40, 60, 80, 100])
@pytest.mark.parametrize("place", [1, 30, 60, 88])
def test_the_first_difference_is_in_sight(place: int, width: int) -> None:
    """However long the value is, what stands where it goes wrong is shown over its mark."""
    wrong = f"{LONG[:place]}#{LONG[place + 1 :]}"
    line = f'{" " * 30}"Principal": {{"AWS": "{wrong}"}}, "Action": "sts:AssumeRole"'
    start = line.index(wrong)
    evidence = Evidence(
        file="t.json",
        line=3,
        column=start,
        end=start + len(wrong) + 2,
        excerpt=line,
        differs=start + place + 1,
    )
    _, shown, mark = [text.plain for text in evidence_lines(evidence, Screen(width))]
    assert len(shown) <= width
    assert len(mark) <= width
    assert shown[mark.index("┴")] == "#"


def test_what_is_missing_at_the_end_is_marked_after_it() -> None:
    """The words say what the sign means, where they fit."""
    evidence = Evidence(file="t.json", line=3, column=1, end=7, excerpt="deploy", differs=7)
    _, shown, mark = [text.plain for text in evidence_lines(evidence, Screen(80))]
    assert mark == "     │ ──────┴ first difference at ┴"
    assert mark.index("┴") == len(shown)
