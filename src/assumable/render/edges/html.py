"""Edges as one page that needs no network: a table to filter, and to sort by any column."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from assumable import arn
from assumable.org.edges import Edges
from assumable.render.edges.graph import few

_HEADINGS = ("Account", "Principal", "Role's account", "Role", "Condition")
_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Who can assume which role</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.4 system-ui, sans-serif;
    background: Canvas; color: CanvasText }
  body { margin: 1.5rem }
  input { font: inherit; box-sizing: border-box; width: min(40rem, 100%); padding: .3rem }
  input::placeholder { color: inherit; opacity: .7 }
  table { border-collapse: collapse; margin-top: 1rem }
  thead { position: sticky; top: 0; background: Canvas }
  th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0 }
  tbody tr { border-top: 1px solid #8886 }
  td { min-width: 12rem; overflow-wrap: anywhere }
  td:nth-child(odd):not(:last-child) { min-width: 0; white-space: nowrap }
  th button { font: inherit; font-weight: bold; text-align: inherit; border: 0; padding: 0;
    background: none; color: inherit; cursor: pointer }
  th button:is(:hover, :focus-visible) { text-decoration: underline }
  th button::after { content: " \\2195" / ""; font-weight: normal; opacity: .6 }
  th:not([aria-sort=none]) button::after { font-weight: bold; opacity: 1 }
  th[aria-sort=ascending] button::after { content: " \\2191" / "" }
  th[aria-sort=descending] button::after { content: " \\2193" / "" }
  @media (width < 60rem) {  /* each edge in three lines: who, which role, under what condition */
    body { margin: 1rem }
    thead tr { display: flex; flex-wrap: wrap }
    tbody tr:not([hidden]) { display: grid; grid-template-columns: auto 1fr; padding: .5rem 0 }
    td { min-width: 0; padding-block: 0 }
    td:nth-child(2)::after { content: " \\2192" / "" }
    td:last-child { grid-column: 1 / -1 }
  }
</style>
</head>
<body>
<h1>Who can assume which role</h1>
<p><label>Rows with <input type="search" id="wanted" placeholder="a part of a name, an account, a \
condition"></label></p>
"""
_FOOT = """</tbody>
</table>
<script>
  const body = document.querySelector("tbody"), told = document.querySelector("[role=status]");
  const rows = [...body.rows], texts = rows.map(row => row.textContent.toLowerCase());
  const show = () => {
    const wanted = document.querySelector("#wanted").value.toLowerCase().split(/\\s+/);
    let shown = 0;
    rows.forEach((row, n) => {
      row.hidden = !wanted.every(word => texts[n].includes(word));
      shown += !row.hidden;
    });
    told.textContent = `${shown} of ${rows.length} edges`;
  };
  document.querySelector("#wanted").addEventListener("input", show);
  document.querySelectorAll("th").forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const down = heading.ariaSort === "ascending";
      document.querySelectorAll("th").forEach(other => other.ariaSort = "none");
      heading.ariaSort = down ? "descending" : "ascending";
      const text = row => row.cells[column].textContent;
      const sorted = [...rows].sort((a, b) => text(a) < text(b) ? -1 : text(a) > text(b));
      body.append(...(down ? sorted.reverse() : sorted));
    });
  });
  show();
</script>
</body>
</html>
"""


def html(edges: Iterable[Edges], names: Sequence[str]) -> Iterator[str]:
    """The page; without its script it is still a table."""
    found = few(edges, "html")
    yield _HEAD
    yield f'<p role="status">{len(found)} edges</p>\n<table>\n<thead><tr>'
    for heading in _HEADINGS:
        yield f'<th scope="col" aria-sort="none"><button>{escape(heading)}</button></th>'
    yield "</tr></thead>\n<tbody>\n"
    for principal, role, condition in found:
        cells = (*_parted(names[principal]), *_parted(names[role]), condition)
        yield "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>\n"
    yield _FOOT


def _parted(text: str) -> tuple[str, str]:
    return arn.account_of(text), arn.display_name(text)
