"""Why IAM Roles Anywhere gives a certificate no session, in words (R9.9)."""

from typing import NamedTuple

from assumable import arn
from assumable.model.client_fault import ClientFault
from assumable.model.roles_anywhere import Certificate


class Refused(NamedTuple):
    """What is said of a refusal, and which account can lift it."""

    title: str
    explanation: str
    owner: str


def refused(fault: ClientFault, asked: Certificate) -> Refused:
    """Title and explanation of what AWS has against the certificate's request."""
    at_anchor = fault.variant.startswith("anywhere-anchor")
    thing, kind = (
        (asked.anchor_arn, "trust-anchor") if at_anchor else (asked.profile_arn, "profile")
    )
    region, account = thing.split(":")[3:5]
    name = thing.rpartition("/")[2]
    what = f"the Roles Anywhere {kind.replace('-', ' ')} {name}"
    on_it = f"{kind} --{kind}-id {name} --region {region}"
    match fault.variant:
        case "anywhere-profile-absent" | "anywhere-anchor-absent":
            title = f"{what} does not exist"
            words = f"`{fault.profile}` names {thing}, and account {account} has no such {kind}"
        case "anywhere-role":
            title = f"{what} does not list {arn.display_name(asked.role_arn)}"
            words = (
                f"it gives sessions of the roles in its list, and {asked.role_arn} is not one of "
                f"them: aws rolesanywhere update-{on_it} --role-arns …, with all of them"
            )
        case "anywhere-session-name":
            title = f"{what} takes no session name"
            words = (
                f"the process sends --role-session-name {asked.session_name}: leave it out, or "
                f"aws rolesanywhere update-{on_it} --accept-role-session-name"
            )
        case _:
            title = f"{what} is disabled"
            words = f"requests with it are refused: aws rolesanywhere enable-{on_it}"
    return Refused(title, words, account)
