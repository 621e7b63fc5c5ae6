"""These files are tried in a copy of the product, by tests/test_toy_feature.py."""

collect_ignore_glob = ["*"]
