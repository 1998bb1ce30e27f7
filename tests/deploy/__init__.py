"""What administrators of many PCs take, tried on hosts, users and engines of the test's own."""
