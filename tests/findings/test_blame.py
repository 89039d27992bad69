"""One finding for each thing that needs one mend."""

from tests.worlds import blocking, classic, diagnosed


def test_all_that_is_wrong_with_a_parameter_is_one_finding() -> None:
    """AWS lists every violation; the mend is one."""
    wrong = "!" * 1300
    diagnosis = diagnosed(classic(RoleSessionName=wrong, ExternalId=wrong))
    assert blocking(diagnosis) == ["parameter", "parameter"]
    first, second = (finding.explanation for finding in diagnosis.findings)
    assert "RoleSessionName" in first
    assert "2 validation errors detected" in first
    assert "ExternalId" in second
    assert diagnosis.aws_error is not None
    assert diagnosis.aws_error.message.startswith("4 validation errors detected")


def test_of_many_violations_the_first_are_told() -> None:
    """The answer stays readable; AWS's own text has them all."""
    tags = [{"Key": f"{n}!", "Value": "v"} for n in range(9)]
    diagnosis = diagnosed(classic(Tags=tags))
    told = next(f.explanation for f in diagnosis.findings if f.cause == "parameter")
    assert "tags.3.member.key" in told
    assert told.endswith("; and 6 more")
    assert diagnosis.aws_error is not None
    assert "tags.9.member.key" in diagnosis.aws_error.message
