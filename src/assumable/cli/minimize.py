"""`assumable minimize`: the smallest scenario with the same answer, for bug reports and forums."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from assumable.cli.options import PATH
from assumable.errors import AssumableError
from assumable.findings.outcome import Outcome, outcome_of
from assumable.formats.reading import read_document
from assumable.formats.reduce import reduce, values_in
from assumable.formats.scenario import Scenario, parse_scenario
from assumable.formats.stand_ins import without_secrets
from assumable.source import Document

_SECONDS = 60


@click.command(name="minimize", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("file", type=PATH)
@click.option("--redact", is_flag=True, help="Pseudonyms for names, accounts and addresses.")
@click.option("-o", "--output", "out", type=PATH, help="Where to write it; else it is printed.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    default=_SECONDS,
    show_default=True,
    help="How long to look for less.",
)
def command(file: Path, redact: bool, out: Path | None, seconds: float) -> None:
    """Reduce the scenario FILE to the smallest one with the same answer.

    The same are the verdict, the blocking causes, their variants and the reasons of their evidence,
    and what a conditional answer depends on. What is left out makes no difference to them: no
    single member of it can go. Codes, tokens and keys are replaced.
    """
    now, started = datetime.now(UTC), time.monotonic()
    source = read_document(file)
    parse_scenario(source, now=now)  # an error names the place in the file
    given = without_secrets(source.value)
    wanted = outcome_of(*_parsed(given, now))

    def holds(document: Any) -> bool:
        try:
            return outcome_of(*_parsed(document, now)) == wanted
        except AssumableError:
            return False  # what cannot be read gives no answer at all

    found = reduce(given, holds, lambda: time.monotonic() - started >= seconds)
    document, notes = found.document, []
    if not found.is_complete:
        notes.append(f"stopped after {seconds:g} s: it may get smaller, --seconds gives more time")
    if redact:
        from assumable.cli.redaction import redacted

        (world, _), lost, _ = redacted(_parsed(document, now), ())
        document = world.document
        notes += lost
    text = _written(document)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
    before, after = values_in(given), values_in(document)
    click.echo(f"{after} of {before} values are left after {found.tries} tries", err=True)
    click.echo(f"still {_words(wanted)}", err=True)
    for note in notes:
        click.echo(f"note: {note}", err=True)


def _parsed(document: Any, now: datetime) -> Scenario:
    return parse_scenario(Document("", json.dumps(document)), now=now)


def _words(outcome: Outcome) -> str:
    """The answer in one line."""
    causes = sorted(
        f"{finding.cause} ({finding.variant})" if finding.variant else finding.cause
        for finding in outcome.blocking
    )
    return ": ".join(filter(None, (outcome.verdict, ", ".join(causes) or outcome.residual)))


def _written(document: Any) -> str:
    """The scenario in YAML; in JSON where YAML would read a text as something else."""
    import yaml

    plain = json.loads(json.dumps(document))  # nothing is shared, so YAML needs no alias
    text: str = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)
    try:
        if Document("", text, "yaml").value == plain:
            return text
    except AssumableError:
        pass
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
