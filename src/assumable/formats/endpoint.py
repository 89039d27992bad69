"""What the address of an AWS endpoint says: the service, its Region, the VPC endpoint."""

import re
import urllib.parse
from typing import NamedTuple

DOMAINS = (
    "amazonaws.com.cn", "amazonaws.com", "amazonaws.eu", "c2s.ic.gov", "cloud.adc-e.uk",
    "csp.hci.ic.gov", "sc2s.sgov.gov",
)  # fmt: skip
"""Those of AWS's partitions, as `partitions.json` of botocore lists them. In a pattern a domain has
to stand before one that it begins with."""
DUAL_STACK_DOMAINS = (
    "api.amazonwebservices.com.cn", "api.amazonwebservices.eu", "api.aws.hci.ic.gov",
    "api.aws.ic.gov", "api.aws.scloud", "api.aws", "api.cloud-aws.adc-e.uk",
)  # fmt: skip
"""Those of endpoints that IPv6 reaches as well."""
DOMAIN = "(?:" + "|".join(map(re.escape, (*DOMAINS, *DUAL_STACK_DOMAINS))) + ")"
"""A pattern of all of them."""
_REGION = r"(?P<region>[a-z]{2,5}(?:-[a-z]+)+-\d)"
# https://docs.aws.amazon.com/general/latest/gr/sts.html
_PUBLIC = re.compile(rf"(?P<service>[a-z0-9]+)(?:-fips)?(?:\.{_REGION})?\.{DOMAIN}")
# https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
_OF_VPC = re.compile(
    r"(?P<vpc_endpoint>vpce-[0-9a-f]+)-[a-z0-9]+(?:-[a-z0-9-]+)?\.(?P<service>[a-z0-9]+)"
    rf"(?:-fips)?\.{_REGION}\.vpce\.{DOMAIN}"
)
_OF_AWS = re.compile(rf"[a-z0-9.-]+\.{DOMAIN}", re.IGNORECASE)


class Endpoint(NamedTuple):
    """An endpoint of AWS itself."""

    service: str
    """As in its host name: `sts`."""
    region: str
    """Empty for a global endpoint."""
    vpc_endpoint: str
    """The ID of the interface endpoint; empty for a public one."""

    @property
    def signed_for(self) -> str:
        """The Region that a signature must name; a global endpoint is that of us-east-1."""
        return self.region or "us-east-1"


def is_of_aws(host: str) -> bool:
    """Whether a host name is in one of AWS's own domains.

    >>> is_of_aws("sts.eu-west-1.api.aws"), is_of_aws("sts.amazonaws.com.example.com")
    (True, False)
    """
    return _OF_AWS.fullmatch(host) is not None


def endpoint_of(url: str | None) -> Endpoint | None:
    """The endpoint that a URL names; None for a host that is not AWS's.

    >>> endpoint_of("https://vpce-0a1b-c2d3.sts.eu-central-1.vpce.amazonaws.com")
    Endpoint(service='sts', region='eu-central-1', vpc_endpoint='vpce-0a1b')
    """
    try:
        host = urllib.parse.urlsplit(url or "").hostname or ""
    except ValueError:
        return None
    found = _OF_VPC.fullmatch(host) or _PUBLIC.fullmatch(host)
    if found is None:
        return None
    named = found.groupdict(default="")
    return Endpoint(named["service"], named["region"] or "", named.get("vpc_endpoint", ""))
