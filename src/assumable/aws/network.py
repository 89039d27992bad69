"""VPC endpoints of STS and the status of Regions, as the accounts that own them show them."""

from typing import Any

from assumable.aws.clients import Connection
from assumable.aws.principals import parsed
from assumable.formats.account import REGION_STATUSES
from assumable.model.policy import Layer, PolicyName
from assumable.model.world import PolicyOrUnknown, Unknown, VpcEndpoint


def read_endpoint(connection: Connection, endpoint_id: str, account: str) -> VpcEndpoint | None:
    """An interface endpoint with its policy; None when the account shows no such endpoint.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html
    """
    what = f"VPC endpoint {endpoint_id} was"
    answer = connection.ask(
        "ec2", "DescribeVpcEndpoints", what, endpoint_id, VpcEndpointIds=(endpoint_id,)
    )
    found = answer["VpcEndpoints"] if isinstance(answer, dict) else ()
    return _endpoint(found[0], account) if found else None


def _endpoint(found: dict[str, Any], account: str) -> VpcEndpoint:
    own = str(found.get("OwnerId") or account)
    name = f"the policy of VPC endpoint {found['VpcEndpointId']}"
    label = PolicyName(Layer.VPC_ENDPOINT, name, found["VpcEndpointId"], "", own)
    document = found.get("PolicyDocument")
    policy: PolicyOrUnknown | None = parsed(document, label) if document else None
    return VpcEndpoint(found["VpcEndpointId"], found.get("VpcId", ""), own, policy)


def read_region(connection: Connection, region: str) -> str | Unknown | None:
    """Whether the account has a Region on, in the words of ec2:DescribeRegions.

    https://docs.aws.amazon.com/accounts/latest/reference/API_GetRegionOptStatus.html
    """
    what = f"the status of {region} was"
    answer = connection.ask("account", "GetRegionOptStatus", what, region, RegionName=region)
    return REGION_STATUSES.get(answer["RegionOptStatus"]) if isinstance(answer, dict) else answer


def knows_region(name: str) -> bool:
    """Whether the SDK has a Region of that name, or one of its own such as `aws-global`."""
    from botocore.session import Session

    session = Session()
    return any(
        name in session.get_available_regions("sts", partition, allow_non_regional=True)
        for partition in session.get_available_partitions()
    )
