"""Small things that the generators draw: names that are nearly right, documents, policies."""

from random import Random

HOME, AWAY, THIRD, MASTER = "111111111111", "222222222222", "333333333333", "999999999999"
FIRST = "444444444444"  # where a chain starts, when not in the account of its second caller
PARTITIONS = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
LINKED_PATH = "/aws-service-role/autoscaling.amazonaws.com/"


def near(rng: Random, text: str) -> str:
    """A text that is easily mistaken for this one."""
    if not text:
        return "x"
    at = rng.randrange(len(text))
    swapped = text[:at] + text[at].swapcase() + text[at + 1 :]
    choices = [text + "x", text[:at] + text[at + 1 :] or "x", text.swapcase(), swapped]
    return rng.choice([choice for choice in choices if choice != text])


def near_arn(rng: Random, arn: str) -> str:
    """An ARN that differs in its last part, or in the account's digits."""
    head, _, name = arn.rpartition(":")
    if rng.random() < 0.3:
        return f"{head.rpartition(':')[0]}:{THIRD}:{name}"
    kind, _, rest = name.partition("/")
    if "/" in rest and rng.random() < 0.5:
        return f"{head}:{kind}/{rest.rpartition('/')[2]}"
    return f"{head}:{kind}/{near(rng, rest)}" if rest else f"{head}:{kind}/x"


def document(statements: list[dict], version: str | None = "2012-10-17") -> dict:
    return ({"Version": version} if version else {}) | {"Statement": statements}


def managed(arn: str, documents: list[dict]) -> dict:
    """A customer managed policy whose last version is the default one."""
    versions = [
        {"VersionId": f"v{n}", "IsDefaultVersion": n == len(documents), "Document": document}
        for n, document in enumerate(documents, 1)
    ]
    names = {"PolicyName": arn.rpartition("/")[2], "Arn": arn}
    return names | {"DefaultVersionId": f"v{len(documents)}", "PolicyVersionList": versions}
