"""A metric in the text format of Prometheus."""

from collections.abc import Iterable, Iterator, Mapping

import attrs

from gns3trio.classes import frozen


@frozen
class Sample:
    """One value of a metric."""

    value: float
    labels: Mapping[str, str] = attrs.field(factory=dict)


@frozen
class Metric:
    """A metric with its samples. ``kind`` is ``counter`` or ``gauge``."""

    name: str
    kind: str
    help: str
    samples: Iterable[Sample]

    def lines(self) -> Iterator[str]:
        """The metric in the text format."""
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} {self.kind}"
        for sample in self.samples:
            labels = ",".join(f'{name}="{_escape(value)}"' for name, value in sample.labels.items())
            yield f"{self.name}{{{labels}}} {sample.value}" if labels else f"{self.name} {sample.value}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
