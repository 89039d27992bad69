"""Writes what is generated from the code: the JSON Schema of the answer."""

import json
from pathlib import Path

from assumable.render.json import schema

TARGET = Path(__file__).parent.parent / "docs" / "schema" / "diagnosis-1.json"


def main() -> None:
    """Write the schema, sorted and indented."""
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(schema(), indent=2, ensure_ascii=False)
    TARGET.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
