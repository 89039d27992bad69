"""What the address of an AWS endpoint says: the service, its Region, the VPC endpoint."""

import re
import urllib.parse
from typing import NamedTuple

# https://docs.aws.amazon.com/general/latest/gr/sts.html
_PUBLIC = re.compile(
    r"(?P<service>[a-z0-9]+)(?:-fips)?(?:\.(?P<region>[a-z]{2,5}(?:-[a-z]+)+-\d))?"
    r"\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|api\.aws|api\.amazonwebservices\.com\.cn)"
)
# https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
_OF_VPC = re.compile(
    r"(?P<vpc_endpoint>vpce-[0-9a-f]+)-[a-z0-9]+(?:-[a-z0-9-]+)?\.(?P<service>[a-z0-9]+)"
    r"(?:-fips)?\.(?P<region>[a-z]{2,5}(?:-[a-z]+)+-\d)\.vpce\.amazonaws\.(?:com(?:\.cn)?|eu)"
)


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
