"""One whole account, in the shape of `<account>.json` in a snapshot.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from collections.abc import Iterator, Sequence
from typing import Any

from assumable.aws.clients import FALLBACK_REGION, Connection
from assumable.model.world import Unknown

_LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
_ON = frozenset(("ENABLED", "ENABLED_BY_DEFAULT"))
Document = dict[str, Any]


class Inventory:
    """What was read so far, and what was refused; a part that was refused is left out."""

    def __init__(self, connection: Connection) -> None:
        """Nothing is asked yet."""
        self.connection = connection
        self.document: Document = {}
        self.missed: list[Unknown] = []

    def ask(self, asked: str, what: str, on: str, key: str, **parameters: str) -> Any:
        """What AWS's answer to `iam:ListRoles` has under a key, every page of it.

        None when there is no such thing, or it was refused: it is then among what was missed. An
        answer without the key is no answer: it does not tell of an empty list.
        """
        service, _, operation = asked.partition(":")
        answer = self.connection.ask(service, operation, f"{what} were", on, **parameters)
        if isinstance(answer, dict) and key not in answer:
            answer = Unknown(f"{what} were not read (no {key} in the answer)", f"{asked} on {on}")
        if isinstance(answer, Unknown):
            self.missed.append(answer)
            return None
        return None if answer is None else answer[key]


def read_account(connection: Connection, account: str) -> Inventory:
    """The users, groups, roles, policies, providers, Regions and STS endpoints of an account.

    Everything is in the order of its ARN, so that two snapshots of the same world are the same.
    """
    found = Inventory(connection)
    _authorization(found, account)
    _openid_providers(found, account)
    _saml_providers(found, account)
    _regions(found, account)
    _endpoints(found)
    return found


def _authorization(found: Inventory, account: str) -> None:
    place, what = f"account {account}", "the users, groups, roles and policies"
    operation = "GetAccountAuthorizationDetails"
    asked = f"iam:{operation} on {place}"
    answer = found.connection.ask("iam", operation, f"{what} were", place)
    if isinstance(answer, dict) and not answer.keys() >= set(_LISTS):
        answer = Unknown(f"{what} were not read (not all lists are there)", asked)
    if not isinstance(answer, dict):
        found.missed.append(answer or Unknown(what, asked))
        return
    for name in _LISTS:
        found.document[name] = [dict(one) for one in _in_order(answer[name])]
    durations = _durations(found, place)
    for role in found.document["RoleDetailList"]:
        role.pop("RoleLastUsed", None)  # reading with a role changes it
        role.update(durations.get(role["RoleId"], {}))


def _durations(found: Inventory, place: str) -> dict[str, Document]:
    """How long sessions of each role may last, which the other list leaves out; by role id.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleDetail.html
    """
    key = "MaxSessionDuration"
    roles = found.ask("iam:ListRoles", f"{key} of the roles", place, "Roles") or ()
    return {role["RoleId"]: {key: role[key]} for role in roles if key in role}


def _openid_providers(found: Inventory, account: str) -> None:
    place, key = f"account {account}", "OpenIDConnectProviderList"
    listed = found.ask("iam:ListOpenIDConnectProviders", "the OIDC providers", place, key)
    if listed is not None:
        found.document["OpenIDConnectProviders"] = [
            provider
            for one in _in_order(listed)
            for provider in _openid_provider(found, one["Arn"])
        ]


def _openid_provider(found: Inventory, provider_arn: str) -> Iterator[Document]:
    """A provider with its audiences; without them where they were refused, none if it is gone."""
    missed, what, key = len(found.missed), f"the audiences of {provider_arn}", "ClientIDList"
    parameters = {"OpenIDConnectProviderArn": provider_arn}
    clients = found.ask("iam:GetOpenIDConnectProvider", what, provider_arn, key, **parameters)
    if clients is not None:
        yield {"Arn": provider_arn, key: clients}
    elif len(found.missed) > missed:
        yield {"Arn": provider_arn}


def _saml_providers(found: Inventory, account: str) -> None:
    place, key = f"account {account}", "SAMLProviderList"
    listed = found.ask("iam:ListSAMLProviders", "the SAML providers", place, key)
    if listed is not None:
        found.document["SAMLProviders"] = _in_order(listed)


def _regions(found: Inventory, account: str) -> None:
    """Which Regions are on.

    https://docs.aws.amazon.com/accounts/latest/reference/API_ListRegions.html
    """
    listed = found.ask("account:ListRegions", "the Regions", f"account {account}", "Regions")
    if listed is not None:
        found.document["Regions"] = sorted(listed, key=lambda one: str(one["RegionName"]))


def _endpoints(found: Inventory) -> None:
    """The VPC endpoints of STS in every Region that is on; where none is known, in the own one."""
    own = found.connection.region or FALLBACK_REGION
    listed = found.document.get("Regions")
    regions = [own] if listed is None else [r["RegionName"] for r in listed if _is_on(r)]
    endpoints, refused = list[Document](), dict[str, Unknown]()
    for region in regions:
        what = f"the VPC endpoints of {region} were"
        connection = found.connection.in_region(region)
        answer = connection.ask("ec2", "DescribeVpcEndpoints", what, "*")
        if isinstance(answer, Unknown):
            refused[region] = answer
        elif answer is not None:
            endpoints += [one for one in answer.get("VpcEndpoints", ()) if _is_of_sts(one)]
    if len(refused) < len(regions):
        in_order = sorted(endpoints, key=lambda one: str(one["VpcEndpointId"]))
        found.document["VpcEndpoints"] = in_order
    if refused:
        found.missed.append(_together(refused))


def _is_on(region: Document) -> bool:
    return region["RegionOptStatus"] in _ON


def _is_of_sts(endpoint: Document) -> bool:
    """Whether it is one of STS: `com.amazonaws.eu-west-1.sts`, or `…sts-fips`."""
    return str(endpoint.get("ServiceName", "")).rpartition(".")[2].partition("-")[0] == "sts"


def _together(refused: dict[str, Unknown]) -> Unknown:
    """One line for the Regions that were refused, with the first reason."""
    first = next(iter(refused.values()))
    if len(refused) == 1:
        return first
    what = first.what.replace(next(iter(refused)), ", ".join(refused))
    return Unknown(what, first.settle)


def _in_order(things: Sequence[Document]) -> list[Document]:
    return sorted(things, key=lambda one: str(one["Arn"]))
