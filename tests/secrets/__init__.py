# noqa: A005  # a package of tests, which nobody imports as `secrets`
