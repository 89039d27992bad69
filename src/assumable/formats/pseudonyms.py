"""Pseudonyms for names: the same word gets the same one everywhere, and patterns still match.

A name is taken word by word, so that separators, paths and wildcards stay where they are. A
pseudonym is as long as its word, has digits and capitals at the same places, and inherits the
difference between two words that are nearly alike: a slip of the pen stays a slip of the pen.
"""

import difflib
import functools
import hashlib
import ipaddress
import re
from collections.abc import Iterable, Iterator

from assumable import arn
from assumable.formats.endpoint import DOMAIN

_AWS_HOSTS = (
    rf"(?:[a-z0-9-]+\.)*(?:{DOMAIN}|aws\.amazon\.com|amazon\.com|amazonaws\.cn"
    r"|amazonaws-us-gov\.com|amazonaws-eusc\.eu|aws\.internal)"
)
_ISSUERS = (
    "accounts.google.com", "agent.buildkite.com", "api.bitbucket.org", "api.pulumi.com/oidc",
    "app.terraform.io", "gitlab.com", "graph.facebook.com", "oidc.circleci.com",
    "oidc.codefresh.io", "oidc-configuration.audit-log.githubusercontent.com", "oidc.vercel.com",
    "proidc.upbound.io", "sandboxes.cloud", "scalr.io", "studio.datachain.ai/api",
    "token.actions.githubusercontent.com", "tokens.cloud.shisho.dev",
    "vstoken.actions.githubusercontent.com",
)  # fmt: skip
"""Identity providers of many tenants: whose they are does not say whose token it is."""
_HOSTS = "|".join((_AWS_HOSTS, *map(re.escape, _ISSUERS)))
_REGION = (
    r"(?:[a-z]{2}|us-gov|us-iso[a-z]?|eu-isoe)-(?:north|south|east|west|central)+(?:east|west)?-\d"
)
_KEPT_TOKEN = re.compile(
    rf"\$\{{[^}}]*\}}|(?<![\w.-])(?:{_HOSTS})(?![\w-])|(?<![\w-]){_REGION}(?![\w-])"
    r"|arn:aws[a-z-]*:iam::aws:policy/[\w+=,.@/-]+|arn:aws[a-z-]*:[a-z0-9-]*:"
    r"|AWSServiceRoleFor[A-Za-z0-9]+|\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?"
)
_WORD = re.compile(r"[^\W_]+")
_ADDRESS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\w.])")
_LOOPBACK = {
    32: f"{int(ipaddress.ip_address('127.0.0.1')):032b}",
    128: f"{int(ipaddress.ip_address('::1')):0128b}",
}
"""The bits that stay for an address to be one of this machine, by how many there are."""
_HEX = re.compile(r"(?=.*\d)[0-9a-f]{8,}")
_VOCABULARY = frozenset((
    "account", "actions", "alias", "anchor", "api", "arn", "assumed", "authenticated", "aws",
    "awsreservedsso", "awssso", "boundary", "branch", "cn", "com", "delete", "do",
    "elasticbeanstalk", "endpoint", "enterprises", "environment", "false", "federated",
    "fullawsaccess", "ghe", "github", "global", "gov", "group", "heads", "http", "https", "iam",
    "id", "idcs", "identity", "instance", "io", "main", "master", "mfa", "net", "not", "null", "o",
    "oidc", "oraclecloud", "org", "organization", "ou", "p", "path", "policy", "profile", "project",
    "provider", "pull", "r", "rcp", "rcpfullawsaccess", "ref", "refs", "repo", "request",
    "reserved", "role", "roles", "root", "saml", "scp", "serviceaccount", "service", "session",
    "sso", "sts", "system", "tag", "tags", "token", "tokens", "true", "trust", "type",
    "unauthenticated", "us", "user", "users", "vpc", "vpce",
))  # fmt: skip
"""Words that say nothing about whose they are, and on which the form of a value rests."""
_ACCOUNTS = (
    *(f"{digit}" * 12 for digit in range(1, 10)),
    *(f"{pair}" * 6 for pair in range(10, 100) if pair % 11),
)
_NEAR, _NEARLY_AS_LONG = 0.75, 0.83
_SHORTEST_NEAR = 4
_SAME_END = 3
"""Letters at the beginning or at the end that words must share to be held against each other."""
_TRIES = 200
_UNIQUE_PREFIX = 4
_CONSONANTS, _VOWELS, _HEX_LETTERS = "bdfghjklmnprstvz", "aeiou", "abcdef"


class Pseudonyms:
    """The pseudonyms of every name in these texts.

    INVARIANT: which pseudonym a word gets follows from the texts and their order alone.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        """Take stock of the words, and of the parts of words that stand beside a wildcard."""
        listed = tuple(dict.fromkeys(texts))
        self._key = hashlib.sha256("\0".join(listed).encode(errors="replace")).digest()
        self._words: dict[str, None] = {}
        self._prefixes: dict[str, None] = {}
        self._suffixes: dict[str, None] = {}
        self._infixes: dict[str, None] = {}
        for text in listed:
            self._take_stock(text)
        self._found: dict[str, str] = {}
        self._used: set[str] = set()
        self._near: dict[str, list[str]] = {}
        self._taken_starts: set[str] = set()
        self._taken_ends: set[str] = set()
        self._taken_parts: set[str] = set()
        self._drawn = 0
        self._accounts = iter(_ACCOUNTS)
        for parts, taken in (
            (self._infixes, self._taken_parts),
            (self._prefixes, self._taken_starts),
            (self._suffixes, self._taken_ends),
        ):
            for part in sorted(parts, key=len):
                taken.add("".join(map(self._piece, self._cut(part))))

    def of(self, text: str) -> str:
        """The text with every name in it replaced."""
        return "".join(self._replaced(text, known_only=False))

    def prose(self, text: str) -> str:
        """A sentence with the names of the texts replaced; its other words stay."""
        return "".join(self._replaced(text, known_only=True))

    def _replaced(self, text: str, *, known_only: bool) -> Iterator[str]:
        whole = _network(text)
        if whole is not None:
            yield self._address(text)
            return
        for token, is_name in _tokens(text):
            if not is_name:
                yield token
            elif _ADDRESS.fullmatch(token) and _network(token) is not None:
                yield self._address(token)
            else:
                yield _WORD.sub(
                    lambda word: (
                        self._word(word[0])
                        if not known_only or word[0].lower() in self._words
                        else word[0]
                    ),
                    token,
                )

    def _take_stock(self, text: str) -> None:
        for token, is_name in _tokens(text):
            if not is_name:
                continue
            for word in _WORD.finditer(token):
                self._words[word[0].lower()] = None
        for word in _WORD.finditer(text):
            before, after = text[: word.start()][-1:], text[word.end() :][:1]
            opens, ends = before != "" and before in "*?}", after != "" and after in "*?$"
            if opens and ends:
                self._infixes[word[0].lower()] = None
            elif ends:
                self._prefixes[word[0].lower()] = None
            elif opens:
                self._suffixes[word[0].lower()] = None

    def _word(self, word: str) -> str:
        lower = word.lower()
        if lower in _VOCABULARY or len(lower) != len(word):
            return word if lower in _VOCABULARY else self._piece(word)
        if arn.UNIQUE_ID.fullmatch(word):
            prefix, rest = lower[:_UNIQUE_PREFIX], lower[_UNIQUE_PREFIX:]
            shown = prefix + self._piece(rest)
        else:
            shown = "".join(map(self._piece, self._cut(lower)))
        pairs = zip(shown, word, strict=False)
        return (
            "".join(new.upper() if old.isupper() else new for new, old in pairs)
            + shown[len(word) :]
        )

    def _cut(self, word: str) -> list[str]:
        """The word cut where a pattern's literal part ends or begins in it."""
        places = {len(p) for p in self._prefixes if word.startswith(p)}
        places |= {len(word) - len(s) for s in self._suffixes if word.endswith(s)}
        for part in self._infixes:
            at = word.find(part)
            places |= {at, at + len(part)} if at >= 0 else set()
        for place in sorted(places - {0, len(word)}):
            return [*self._cut(word[:place]), *self._cut(word[place:])]
        return [word]

    def _piece(self, piece: str) -> str:
        """The pseudonym of a word, or of a part of one that patterns set apart."""
        if len(piece) == 1 or piece in _VOCABULARY:
            return piece
        if piece not in self._found:
            new = self._inherited(piece) or self._fresh(piece)
            self._found[piece] = new
            self._used.add(new)
            for end in {piece[:_SAME_END], piece[-_SAME_END:]}:
                self._near.setdefault(end, []).append(piece)
        return self._found[piece]

    def _inherited(self, piece: str) -> str:
        """The pseudonym of a word that is nearly the same, with the same difference."""
        if len(piece) < _SHORTEST_NEAR:
            return ""
        ends = (piece[:_SAME_END], piece[-_SAME_END:])
        others = dict.fromkeys(other for end in ends for other in self._near.get(end, ()))
        other = max(others, default="", key=lambda other: _ratio(_alike(other, piece)))
        nearest = _alike(other, piece)
        if _ratio(nearest) < _NEAR:
            return ""
        known = self._found[other]
        for _ in range(_TRIES):
            drawn = self._drawing(piece)
            new = "".join(
                known[i:j] if kind == "equal" else drawn[k:end]
                for kind, i, j, k, end in nearest.get_opcodes()
            )
            if self._is_free(new):
                return new
        return ""

    def _fresh(self, piece: str) -> str:
        if arn.ACCOUNT_ID.fullmatch(piece):
            for account in self._accounts:
                if self._is_free(account):
                    return account
        for attempt in range(100 * _TRIES):
            new = self._drawing(piece + "a" * (attempt // _TRIES))
            if self._is_free(new):
                return new
        raise AssertionError("there are more pseudonyms than words")

    def _is_free(self, new: str) -> bool:
        taken = new in self._used or new in self._words or new in _VOCABULARY
        return not taken and not (
            any(map(new.startswith, self._taken_starts))
            or any(map(new.endswith, self._taken_ends))
            or any(part in new for part in self._taken_parts)
        )

    def _drawing(self, piece: str) -> str:
        """Letters for letters and digits for digits, from a stream that the count alone decides."""
        self._drawn += 1
        stream = _stream(self._drawn)
        letters = (_HEX_LETTERS,) if _HEX.fullmatch(piece) else (_CONSONANTS, _VOWELS)
        found, position = [], 0
        for character in piece:
            alphabet = "0123456789" if character.isdigit() else letters[position % len(letters)]
            position += not character.isdigit()
            found.append(alphabet[next(stream) % len(alphabet)])
        return "".join(found)

    def _address(self, text: str) -> str:
        """Another address: what lay in a network lies in its pseudonym, and loopback is kept."""
        network = _network(text)
        assert network is not None  # noqa: S101  # the caller has looked
        host, slash, length = text.partition("/")
        value = int(ipaddress.ip_address(host))
        most = network.max_prefixlen
        bits = f"{value:0{most}b}"[: network.prefixlen]
        kept = _LOOPBACK[most]
        new = "".join(
            bit if kept.startswith(bits[:n]) else str(int(bit) ^ self._flip(bits[:n]))
            for n, bit in enumerate(bits)
        )
        kind = type(ipaddress.ip_address(host))
        return f"{kind(int(new.ljust(most, '0') or '0', 2))}{slash}{length}"

    def _flip(self, before: str) -> int:
        return hashlib.sha256(self._key + before.encode()).digest()[0] & 1


def _alike(left: str, right: str) -> "difflib.SequenceMatcher[str]":
    return difflib.SequenceMatcher(None, left, right, autojunk=False)


def _ratio(match: "difflib.SequenceMatcher[str]") -> float:
    """How much is the same; words of very different length are not looked at closely."""
    return match.ratio() if match.real_quick_ratio() >= _NEARLY_AS_LONG else 0.0


def _tokens(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text, each with whether names may be in it."""
    place = 0
    for kept in _KEPT_TOKEN.finditer(text):
        yield from _with_addresses(text[place : kept.start()])
        yield kept[0], False
        place = kept.end()
    yield from _with_addresses(text[place:])


def _with_addresses(text: str) -> Iterator[tuple[str, bool]]:
    place = 0
    for found in _ADDRESS.finditer(text):
        yield text[place : found.start()], True
        yield found[0], True
        place = found.end()
    yield text[place:], True


@functools.lru_cache(maxsize=4096)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The text as a network or an address; None when it is neither."""
    if not text[:1] or ("." not in text and ":" not in text):
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _stream(number: int) -> Iterator[int]:
    """Bytes without end."""
    for block in range(1_000_000):
        yield from hashlib.sha256(f"{number}/{block}".encode()).digest()
