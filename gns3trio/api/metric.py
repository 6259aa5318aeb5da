"""A metric in the text format of Prometheus."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from gns3trio.classes import frozen


@frozen
class Sample:
    """One value of a metric."""

    value: float
    labels: Mapping[str, str] = attrs.field(factory=dict)
    suffix: str = ""


@frozen
class Metric:
    """A metric with its samples. ``kind`` is ``counter`` or ``gauge``; a histogram has samples with suffixes."""

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
            name = f"{self.name}{sample.suffix}"
            yield f"{name}{{{labels}}} {sample.value}" if labels else f"{name} {sample.value}"


def histogram(
    name: str, text: str, bounds: Sequence[float], rows: Iterable[tuple[Mapping[str, str], Sequence[int], float]]
) -> Metric:
    """A histogram. Each row has labels, how many values are within each of the ``bounds`` and at all, and their sum."""
    samples: list[Sample] = []
    for labels, counts, total in rows:
        limits = (*(f"{bound:g}" for bound in bounds), "+Inf")
        samples += [
            Sample(count, {**labels, "le": limit}, "_bucket") for limit, count in zip(limits, counts, strict=True)
        ]
        samples += [Sample(total, labels, "_sum"), Sample(counts[-1], labels, "_count")]
    return Metric(name, "histogram", text, samples)


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
