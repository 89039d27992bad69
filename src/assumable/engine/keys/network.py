"""Network, time and path keys (FACTS 5.5)."""

from collections.abc import Callable

from assumable.engine.keys.question import Question
from assumable.model.call import Absent, Present, Value
from assumable.model.world import Unknown


def source_ip(question: Question) -> Value:
    """`aws:SourceIp`: none through a VPC endpoint; that of a service is its own (R5.11)."""
    network = question.call.network
    if question.facts.caller_is_service:
        return Unknown("the IP address, which a service may withhold", "the `context` of the call")
    if isinstance(network.vpc_endpoint, Unknown):
        return network.vpc_endpoint
    if network.vpc_endpoint is not None:
        return Absent("the request goes through a VPC endpoint")
    if network.source_ip is not None:
        return Present((network.source_ip,), "the network of the call")
    known = not network.assumed  # through an endpoint there would be none
    return Unknown("the caller's IP address", "network.source_ip", present=known)


def through_endpoint(question: Question, known: Callable[[str], Value]) -> Value:
    """A key that exists only through a VPC endpoint."""
    name = question.call.network.vpc_endpoint
    if name is not None and question.facts.caller_is_service:  # R5.11
        return Unknown("the network that the service calls from", "the `context` of the call")
    if name is None and question.call.network.assumed:
        return Unknown("whether the request goes through a VPC endpoint", "the caller")
    if isinstance(name, Unknown):
        return name
    return Absent("the request goes through no VPC endpoint") if name is None else known(name)


def source_vpc(question: Question) -> Value:
    """`aws:SourceVpc`."""

    def known(name: str) -> Value:
        endpoint = question.facts.endpoint
        vpc = question.call.network.vpc or getattr(endpoint, "vpc", "")
        if vpc:
            return Present((vpc,), "the endpoint's VPC")
        return Unknown(f"the VPC of {name}", "network.vpc", present=True)

    return through_endpoint(question, known)


def requested_region(question: Question) -> Value:
    """`aws:RequestedRegion`."""
    network = question.call.network
    if network.endpoint == "global":
        return Present(("us-east-1",), "the global endpoint counts as us-east-1")
    if network.region is not None:
        return Present((network.region,), "the Region of the endpoint")
    return Unknown("the Region of the endpoint", "--region", present=True)


def said(value: str | None, what: str, settle: str, *, present: bool) -> Value:
    """A key whose value the input may give."""
    if value is None:
        return Unknown(f"{what}", settle, present=present)
    return Present((value,), "the network of the call")


def secure_transport(question: Question) -> Value:
    """`aws:SecureTransport`."""
    found = question.call.network.secure_transport
    text = None if found is None else str(found).lower()
    return said(text, "whether TLS was used", "network.secure_transport", present=True)


def current_time(question: Question) -> Value:
    """`aws:CurrentTime`."""
    return Present((question.call.time.isoformat(),), "the time of the call")


def epoch_time(question: Question) -> Value:
    """`aws:EpochTime`."""
    return Present((str(int(question.call.time.timestamp())),), "the time of the call")
