"""The options that name a server. They are in a module of their own because help needs no client."""

import argparse
import os

from gns3trio.config import CLIENT_URL_VARIABLE, environment_name

DEFAULT_URL = "http://127.0.0.1:3080"


def add_client_arguments(parser: argparse.ArgumentParser, *, with_defaults: bool) -> None:
    """Add the options that name a server. The password comes from GNS3TRIO_PASSWORD.

    The options may be before the command, after it and after its action. The parser before the command has the
    defaults; those of the others would replace what was given there.
    """
    url = os.environ.get(CLIENT_URL_VARIABLE) or DEFAULT_URL
    user = os.environ.get(environment_name("user"), "")
    absent = argparse.SUPPRESS
    group = parser.add_argument_group("server")
    group.add_argument(
        "--url",
        default=url if with_defaults else absent,
        help=f"the server (default: {CLIENT_URL_VARIABLE}, else {DEFAULT_URL})",
    )
    group.add_argument(
        "--user",
        default=user if with_defaults else absent,
        help=f"user, if the server asks for one (default: {environment_name('user')}); "
        f"the password is taken from {environment_name('password')}. Without it, the token of gns3trio login is used",
    )
    group.add_argument(
        "--insecure",
        action="store_true",
        default=False if with_defaults else absent,
        help="accept any certificate, such as a self-signed one",
    )
