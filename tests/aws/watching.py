"""What passes through the clients that probes are made with."""

from typing import Any

import pytest

from assumable.aws import clients, probes


def watch(monkeypatch: pytest.MonkeyPatch, event: str, what: str) -> list[Any]:
    """What each of them tells at an event of botocore's: `params`, or what was `parsed`."""
    heard: list[Any] = []
    made = clients.assuming_client

    def watched(*options: Any) -> Any:
        client = made(*options)
        client.meta.events.register(event, lambda **told: heard.append(told[what]))
        return client

    monkeypatch.setattr(probes, "assuming_client", watched)
    return heard
