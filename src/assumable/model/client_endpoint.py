"""Where a client sends its requests to STS."""

from typing import Literal

from assumable.model.client import Client

_ENDPOINT_URLS = ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")
# The Regions whose requests `sts_regional_endpoints = legacy` sends to the global endpoint:
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-sts-regionalized-endpoints.html
_LEGACY = frozenset((
    "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "aws-global",
    "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3",
    "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
))  # fmt: skip


def sts_endpoint(client: Client, region: str | None) -> Literal["regional", "global"]:
    """Where the client sends requests to STS that are for a Region."""
    variable = client.environment.get("AWS_STS_REGIONAL_ENDPOINTS")
    style = variable or client.value("sts_regional_endpoints")
    return "global" if style == "legacy" and region in _LEGACY else "regional"


def endpoint_url(client: Client) -> str | None:
    """What stands in for AWS's own endpoints; variables come first, and all can be switched off."""
    variables = client.environment
    off = variables.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") or client.value(
        "ignore_configured_endpoint_urls"
    )
    if (off or "").lower() == "true":
        return None
    said = (variables.get(name) for name in _ENDPOINT_URLS)
    return next((url for url in said if url), None) or client.value("endpoint_url")
