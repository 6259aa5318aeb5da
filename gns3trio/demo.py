"""placeholder until the demo arrives"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None: ...
def run_demo(arguments: argparse.Namespace) -> int:
    return 1
