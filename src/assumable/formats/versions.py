"""The versions of a managed policy, as `get-account-authorization-details` lists them."""

from assumable.formats.reading import Cursor


def others(fields: dict[str, Cursor]) -> tuple[str, ...]:
    """The ids `v1`, `v2`, … of all but the default one, by number."""
    listed = fields["PolicyVersionList"].items() if "PolicyVersionList" in fields else ()
    found = [
        str(parts["VersionId"].value)
        for parts in (version.fields() for version in listed)
        if "VersionId" in parts
        and not ("IsDefaultVersion" in parts and parts["IsDefaultVersion"].value is True)
    ]
    wanted = fields["DefaultVersionId"].value if "DefaultVersionId" in fields else None
    left = (name for name in found if name != wanted)
    return tuple(sorted(left, key=lambda name: (len(name), name)))


def default(fields: dict[str, Cursor]) -> Cursor | None:
    """The document that is in force; None where the list does not tell."""
    wanted = fields["DefaultVersionId"].text() if "DefaultVersionId" in fields else None
    for version in fields["PolicyVersionList"].items():
        parts = version.fields()
        is_default = parts["IsDefaultVersion"].value if "IsDefaultVersion" in parts else None
        named = "VersionId" in parts and parts["VersionId"].value == wanted
        only = wanted is None and is_default is None
        if (is_default is True or (is_default is None and (named or only))) and "Document" in parts:
            return parts["Document"]
    return None
