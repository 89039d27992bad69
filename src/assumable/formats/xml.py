"""XML of strangers, read without anything that XML can do beyond elements and text.

No DTD, so no entity of the document's own and nothing from elsewhere: expat stops at the first
sign of one, in whatever encoding or spelling it comes. Its own handlers are used rather than
ElementTree, which would hide those events, or a package for this alone.
"""

from collections.abc import Iterator
from typing import Never
from xml.parsers import expat

from assumable.errors import InputError
from assumable.source import MAX_DEPTH

_SEPARATOR = "}"  # expat refuses namespaces with this character in them


class Element:
    """An element with its text and its children."""

    def __init__(self, name: tuple[str, str], attributes: dict[str, str]) -> None:
        """`name` is the namespace and the local name."""
        self.name, self.attributes = name, attributes
        self.children: list[Element] = []
        self.pieces: list[str] = []
        """The text in it and in all below it, in order."""

    @property
    def text(self) -> str:
        """All text in it, without the white space around it."""
        return "".join(self.pieces).strip()

    def each(self, namespace: str, *path: str) -> Iterator["Element"]:
        """The elements at a path of local names below this one, all of one namespace."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == (namespace, path[0]):
                yield from child.each(namespace, *path[1:])


def parse_xml(content: bytes, where: str) -> Element:
    """The root element; InputError, which shows nothing of the content, when it is not safe XML.

    The content is UTF-8 whatever encoding it claims, or UTF-16 by its byte order mark.
    """
    builder = _Builder(where)
    try:
        builder.parser.Parse(content, True)
    except expat.ExpatError as error:
        place = f"{where}:{error.lineno}:{error.offset + 1}"
        raise InputError(f"not valid XML: {expat.ErrorString(error.code)}", place) from None
    return builder.document.children[0]


class _Builder:
    """Keeps the elements that are open while expat reads."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.document = Element(("", ""), {})
        self.open = [self.document]
        self.parser = expat.ParserCreate("utf-8", _SEPARATOR)
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters

    def doctype(self, *_: object) -> Never:
        raise InputError("has a DOCTYPE, which is not accepted", self.where)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.open) > MAX_DEPTH:
            raise InputError(f"nested deeper than {MAX_DEPTH} levels", self.where)
        namespace, _, local = name.rpartition(_SEPARATOR)
        element = Element((namespace, local), attributes)
        self.open[-1].children.append(element)
        self.open.append(element)

    def end(self, _: str) -> None:
        closed = self.open.pop()
        self.open[-1].pieces.extend(closed.pieces)

    def characters(self, text: str) -> None:
        self.open[-1].pieces.append(text)
