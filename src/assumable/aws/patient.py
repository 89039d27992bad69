"""A connection that has time: what AWS refuses because it is asked too fast is asked again."""

from assumable.aws.clients import Answer, Connection, error_code

ROUNDS = 10
"""How many times the SDK's attempts, between which it waits longer and longer: a minute or so."""
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_TOO_FAST = frozenset((
    "Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded",
    "RequestThrottled", "RequestThrottledException", "TooManyRequestsException",
))  # fmt: skip


class PatientConnection(Connection):
    """For a snapshot, in which a part would be missing for good."""

    def _send(self, service: str, operation: str, parameters: dict[str, str]) -> Answer | Exception:
        answer = super()._send(service, operation, parameters)
        for _ in range(ROUNDS - 1):
            if not isinstance(answer, Exception) or error_code(answer) not in _TOO_FAST:
                break
            answer = super()._send(service, operation, parameters)
        return answer
