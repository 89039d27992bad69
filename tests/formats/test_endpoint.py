"""What the addresses of AWS's endpoints say; other hosts say nothing."""

import pytest

from assumable.formats.endpoint import Endpoint, endpoint_of

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
