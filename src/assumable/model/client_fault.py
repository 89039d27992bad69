"""Why a client gets no credentials from its own set-up, in botocore's words."""

import msgspec

from assumable.model.client import Setting


class ClientFault(msgspec.Struct, frozen=True, kw_only=True):
    """Why the client gets no credentials, so that it never asks STS."""

    variant: str
    error: str
    """The name of botocore's exception."""
    message: str
    """Its text."""
    profile: str
    """The profile in which the fault is."""
    settings: tuple[Setting, ...] = ()
    """The settings that show it."""
    named: str = ""
    """What is named there and does not exist, or is missing."""


class FaultError(Exception):
    """The end of the way."""

    def __init__(self, fault: ClientFault) -> None:
        """Carry the fault."""
        self.fault = fault


def refusal(
    variant: str,
    error: str,
    message: str,
    profile: str,
    settings: tuple[Setting, ...] = (),
    named: str = "",
) -> FaultError:
    """The end of the way, to be raised."""
    fault = ClientFault(
        variant=variant, error=error, message=message, profile=profile, settings=settings,
        named=named,
    )  # fmt: skip
    return FaultError(fault)
