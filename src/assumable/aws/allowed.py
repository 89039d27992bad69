"""Every operation that a client may send: reading operations, and nothing else."""

Operations = dict[str, frozenset[str]]

ALLOWED: Operations = {
    "sts": frozenset(("GetCallerIdentity",)),
    "iam": frozenset((
        "GetUser", "ListUserPolicies", "GetUserPolicy", "ListAttachedUserPolicies",
        "ListGroupsForUser", "ListGroupPolicies", "GetGroupPolicy", "ListAttachedGroupPolicies",
        "GetRole", "ListRolePolicies", "GetRolePolicy", "ListAttachedRolePolicies",
        "GetPolicy", "GetPolicyVersion", "GetOpenIDConnectProvider", "GetSAMLProvider",
        "ListOrganizationsFeatures",
    )),
    "organizations": frozenset((
        "DescribeOrganization", "DescribeAccount", "ListParents", "ListPolicies",
        "ListTargetsForPolicy", "ListPoliciesForTarget", "DescribePolicy",
        "ListDelegatedAdministrators",
    )),
    "ec2": frozenset(("DescribeVpcEndpoints",)),
    "account": frozenset(("GetRegionOptStatus",)),
    "rolesanywhere": frozenset(("GetProfile", "GetTrustAnchor")),
}  # fmt: skip
"""What an answer to one question needs."""

COLLECTED: Operations = {
    "sts": frozenset(("GetCallerIdentity",)),
    "iam": frozenset((
        "GetAccountAuthorizationDetails", "ListRoles", "ListOpenIDConnectProviders",
        "GetOpenIDConnectProvider", "ListSAMLProviders", "ListOrganizationsFeatures",
    )),
    "organizations": frozenset((
        "DescribeOrganization", "ListRoots", "ListOrganizationalUnitsForParent",
        "ListAccountsForParent", "ListPolicies", "ListTargetsForPolicy", "DescribePolicy",
        "ListDelegatedAdministrators",
    )),
    "ec2": frozenset(("DescribeVpcEndpoints",)),
    "account": frozenset(("ListRegions",)),
}  # fmt: skip
"""What a snapshot needs, which lists whole accounts."""

ASSUMING = frozenset(("AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"))
"""What a probe may call: it is made only where the user asks for it."""
