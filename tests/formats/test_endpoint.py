"""What the addresses of AWS's endpoints say; other hosts say nothing."""

from collections.abc import Iterator

import pytest
from botocore.session import Session

from assumable.formats import endpoint
from assumable.formats.endpoint import Endpoint, endpoint_of, is_of_aws

VPCE = "vpce-0123456789abcdef0"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"https://{VPCE}-x1y2z3w4.sts.eu-central-1.vpce.amazonaws.com",
         Endpoint("sts", "eu-central-1", VPCE)),
        (f"https://{VPCE}-x1y2z3w4-eu-central-1a.sts.eu-central-1.vpce.amazonaws.com/",
         Endpoint("sts", "eu-central-1", VPCE)),
        (f"https://{VPCE}-x1y2.sts.cn-north-1.vpce.amazonaws.com.cn",
         Endpoint("sts", "cn-north-1", VPCE)),
        (f"HTTPS://{VPCE.upper()}-X1Y2.STS.us-gov-west-1.VPCE.amazonaws.com:443",
         Endpoint("sts", "us-gov-west-1", VPCE)),
        (f"https://{VPCE}-x1y2.ec2.eu-west-1.vpce.amazonaws.com",
         Endpoint("ec2", "eu-west-1", VPCE)),
        ("https://sts.amazonaws.com", Endpoint("sts", "", "")),
        ("https://sts.eu-central-1.amazonaws.com", Endpoint("sts", "eu-central-1", "")),
        ("https://sts-fips.us-east-1.amazonaws.com", Endpoint("sts", "us-east-1", "")),
        ("https://sts.cn-north-1.amazonaws.com.cn", Endpoint("sts", "cn-north-1", "")),
        ("https://iam.amazonaws.com", Endpoint("iam", "", "")),
        ("http://127.0.0.1:4566", None),
        ("https://sts.eu-central-1.amazonaws.com.example.com", None),
        ("https://sts.example.com", None),
        (f"https://{VPCE}-x1y2.sts.eu-central-1.vpce.example.com", None),
        ("sts.amazonaws.com", None),
        ("http://[", None),
        ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_the_host_names_service_region_and_vpc_endpoint(
    url: str | None, expected: Endpoint | None
) -> None:
    assert endpoint_of(url) == expected


def partitions() -> Iterator[tuple[set[str], list[str]]]:
    """The domains and the Regions of each partition, as the SDK knows them."""
    for partition in Session().get_data("partitions")["partitions"]:
        outputs = partition["outputs"]
        regions = [name for name in partition["regions"] if not name.endswith("-global")]
        yield {outputs["dnsSuffix"], outputs["dualStackDnsSuffix"]}, regions


def test_the_domains_are_those_of_the_sdk() -> None:
    known = {*endpoint.DOMAINS, *endpoint.DUAL_STACK_DOMAINS}
    assert known == set().union(*(domains for domains, _ in partitions()))


def test_every_region_of_every_partition_has_its_endpoints() -> None:
    count = 0
    for domains, regions in partitions():
        for domain in domains:
            for region in regions:
                for service in ("sts", "sts-fips"):
                    host = f"{service}.{region}.{domain}"
                    assert endpoint_of(f"https://{host}") == Endpoint("sts", region, ""), host
                    assert is_of_aws(host)
                    assert is_of_aws(host.upper())
                    assert not is_of_aws(f"{host}.example.com")
                    count += 1
    assert count > 150


@pytest.mark.parametrize("host", ["example.com", "notamazonaws.com", "aws", "console.aws", ""])
def test_other_hosts_are_not_of_aws(host: str) -> None:
    assert not is_of_aws(host)
