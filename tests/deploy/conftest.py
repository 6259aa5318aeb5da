"""The files of docs/deploy. These tests run only where ./dev deploy has installed what they need."""

import os

collect_ignore_glob = [] if os.environ.get("GNS3TRIO_TEST_DEPLOY") else ["test_*.py"]
