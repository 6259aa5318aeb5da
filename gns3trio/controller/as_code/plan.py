"""Plans the changes that make a project match a document."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal
from uuid import UUID, uuid4

import attrs

from gns3trio.classes import define, frozen
from gns3trio.compute.host import ANY_COMPUTE_ID
from gns3trio.conditions.impairments import describe, turned_round
from gns3trio.controller.as_code.document import Document, End, Ends, LinkWish, Wish, covers
from gns3trio.controller.as_code.node_scripts import Scripts, node_properties
from gns3trio.controller.computes import Computes
from gns3trio.controller.gns3_format.records import Label
from gns3trio.controller.links.link import Link
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.drawings import Drawing
from gns3trio.controller.project.moving import check_move
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict, Invalid, NotFound


@frozen
class Change:
    """One step of a plan. ``fields`` are the changed fields of an update, by name, with the values "from" and "to"."""

    action: Literal["create", "update", "delete"]
    kind: Literal["node", "link", "drawing"]
    name: str
    fields: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)


@define
class Plan:
    """All steps of a plan, by kind. ``create_nodes`` are the fields of new nodes, which have an id; the compute of some
    is still to be chosen. ``move_nodes`` are nodes with their new computes.
    """

    delete_links: list[Link] = attrs.field(factory=list)
    create_nodes: list[dict[str, Any]] = attrs.field(factory=list)
    move_nodes: list[tuple[Node, str]] = attrs.field(factory=list)
    update_nodes: list[tuple[Node, dict[str, Any]]] = attrs.field(factory=list)
    create_links: list[LinkWish] = attrs.field(factory=list)
    update_links: list[tuple[Link, dict[str, Any]]] = attrs.field(factory=list)
    create_drawings: list[Wish] = attrs.field(factory=list)
    delete_nodes: list[Node] = attrs.field(factory=list)
    delete_drawings: list[Drawing] = attrs.field(factory=list)
    changes: list[Change] = attrs.field(factory=list)


def make_plan(project: Project, document: Document, scripts: Scripts) -> Plan:
    """The steps that make the project match the document. Nodes of types that do not run here are kept, with their
    links. ``scripts`` are the start-up scripts of the nodes.

    Raises Forbidden if the project is closed, Conflict for steps that are not possible.
    """
    project.require_open()
    plan = Plan()
    by_name = nodes_by_name(project)
    here = {name: node for name, node in by_name.items() if node.instance is not None}
    for name in document.nodes:
        if name in by_name and name not in here:
            raise Conflict(f"nodes[{name}]: there is a node of that name that does not run: {by_name[name].problem}")
    _plan_nodes(plan, project.services.computes, here, document, scripts)
    if document.links is not None:
        _plan_links(plan, project, document.links)
    if document.drawings is not None:
        _plan_drawings(plan, project, document.drawings)
    return plan


@contextmanager
def naming(where: str) -> Iterator[None]:
    """Add the part of the request to an error."""
    try:
        yield
    except Invalid as error:
        raise Invalid(f"{where}.{error}") from None


def nodes_by_name(project: Project) -> dict[str, Node]:
    """The nodes of a project by name. Raises Conflict if two have the same name, which version 1 allows."""
    nodes: dict[str, Node] = {}
    for node in project.nodes.values():
        if node.name in nodes:
            raise Conflict(
                f"nodes: two are named {node.name!r}, and a document knows nodes by their names: rename one of them"
            )
        nodes[node.name] = node
    return nodes


def _plan_nodes(plan: Plan, computes: Computes, here: Mapping[str, Node], document: Document, scripts: Scripts) -> None:
    for name, wish in document.nodes.items():
        node = here.get(name)
        compute_id = _compute_of(computes, wish)
        if node is None:
            fields = {field: value for field, value in wish.given.items() if field != "compute"}
            place = compute_id or ANY_COMPUTE_ID
            plan.create_nodes.append({**fields, "name": name, "node_id": uuid4(), "compute_id": place})
            plan.changes.append(Change("create", "node", name))
        elif wish.given["node_type"] != node.record.node_type:
            is_type = node.record.node_type
            raise Conflict(f"nodes[{name}].node_type: it is of type {is_type}, and a node keeps its type")
        else:
            fields = {}
            if compute_id is not None and compute_id != node.record.compute_id:
                with naming(f"nodes[{name}]"):
                    check_move(computes, node, compute_id)
                plan.move_nodes.append((node, compute_id))
                fields["compute"] = _told_change(computes.name_of(node.record.compute_id), computes.name_of(compute_id))
            if changes := _node_changes(node, wish, scripts):
                plan.update_nodes.append((node, changes))
                fields |= {
                    field: _told_change(_node_value(node, field, scripts), _plain(to)) for field, to in changes.items()
                }
            if fields:
                plan.changes.append(Change("update", "node", name, fields))
    for name, node in here.items():
        if name not in document.nodes:
            if node.record.locked:
                raise Conflict(f"Node '{name}' is locked")
            plan.delete_nodes.append(node)
            plan.changes.append(Change("delete", "node", name))


def _compute_of(computes: Computes, wish: Wish) -> str | None:
    """The id of the compute that the document names for a node; None if the server chooses."""
    name = wish.given.get("compute")
    try:
        return computes.named(name) if name not in (None, ANY_COMPUTE_ID) else None
    except NotFound as error:
        raise Invalid(f"nodes[{wish.name}].compute: {error}") from None


def _node_changes(node: Node, wish: Wish, scripts: Scripts) -> dict[str, Any]:
    """The fields that differ from the document. Raises Invalid with the name of an invalid field."""
    with naming(f"nodes[{wish.name}]"):
        return _changed_fields(node, wish.given, scripts)


def _changed_fields(node: Node, given: Mapping[str, Any], scripts: Scripts) -> dict[str, Any]:
    changes = {}
    for name, wanted in given.items():
        if name == "compute":
            continue
        value = _expanded(node, wanted) if name == "properties" else wanted
        present = _node_value(node, name, scripts)
        if covers(present, _plain(value)):
            continue
        if name == "properties" and covers(present, node.require_instance().as_read(value)):
            continue
        changes[name] = value
    return changes


def _told_change(present: Any, wanted: Any) -> dict[str, Any]:
    """A change of a field for people: of an object only the parts that the document changes, which are often few."""
    if isinstance(present, Mapping) and isinstance(wanted, Mapping):
        differing = [name for name, value in wanted.items() if not covers(present.get(name), value)]
        present = {name: present[name] for name in differing if name in present}
        wanted = {name: wanted[name] for name in differing}
    return {"from": present, "to": wanted}


def _expanded(node: Node, properties: Mapping[str, Any]) -> dict[str, Any]:
    script = properties.get("startup_script")
    if node.traits.script is None or not isinstance(script, str):
        return dict(properties)
    return {**properties, "startup_script": node.traits.script.expand(script, node.name)}


def _node_value(node: Node, name: str, scripts: Scripts) -> Any:
    if name == "properties":
        return node_properties(node, scripts)
    if name == "engine":
        return node.chosen_engine
    return _plain(getattr(node.record, name))


def _plain(value: Any) -> Any:
    """The JSON form for comparison. The text of a label follows the node's name."""
    if isinstance(value, Label):
        return {name: part for name, part in attrs.asdict(value).items() if name != "text"}
    return value


# --- links ---


def named_ends(project: Project, link: Link) -> Ends | None:
    """The two ends of a link, by node name; None if a link from a file does not have them."""
    ends = [
        End(node.name, end.adapter_number, end.port_number)
        for end in link.record.nodes
        if (node := project.nodes.get(end.node_id)) is not None
    ]
    return (ends[0], ends[1]) if len(ends) == len(link.record.nodes) == 2 else None


def _plan_links(plan: Plan, project: Project, wishes: Sequence[LinkWish]) -> None:
    here: dict[frozenset[End], Link] = {}
    for link in project.links.values():
        joined = named_ends(project, link)
        if joined is not None and all(project.nodes[end.node_id].instance is not None for end in link.record.nodes):
            here[frozenset(joined)] = link
    found = _links_of_wishes(project, here, wishes)
    kept = set(found.values())
    for ends, link in here.items():
        if ends not in kept:
            plan.delete_links.append(link)
            plan.changes.append(Change("delete", "link", " - ".join(map(str, named_ends(project, link) or ()))))
    for number, wish in enumerate(wishes):
        if number not in found:
            plan.create_links.append(wish)
            plan.changes.append(Change("create", "link", wish.name))
        elif changes := _link_changes(project, here[found[number]], wish):
            present = here[found[number]]
            plan.update_links.append((present, changes))
            is_now, ports = _link_value(project, present, wish), {end.node: end for end in found[number]}
            fields = {name: {"from": _described(is_now[name]), "to": _described(wish.given[name])} for name in changes}
            plan.changes.append(Change("update", "link", " - ".join(str(ports[e.node]) for e in wish.ends), fields))


def _link_changes(project: Project, link: Link, wish: LinkWish) -> dict[str, Any]:
    """The fields to change, as the link has them."""
    is_now, given = _link_value(project, link, wish), dict(wish.given)
    changed = {name for name, value in given.items() if name != "ends" and is_now[name] != value}
    if _begins_elsewhere(project, link, wish) and "impairments" in given:
        given["impairments"] = list(map(turned_round, given["impairments"]))
    return {name: value for name, value in given.items() if name in changed}


def _link_value(project: Project, link: Link, wish: LinkWish) -> dict[str, Any]:
    """The fields of a link as the document sees them: directions are those of the ends that are named there."""
    value = link_value(link)
    if _begins_elsewhere(project, link, wish):
        value["impairments"] = list(map(turned_round, value["impairments"]))
    return value


def _begins_elsewhere(project: Project, link: Link, wish: LinkWish) -> bool:
    """Whether the document names the ends of a link in the other order."""
    return project.nodes.name_of(link.record.nodes[0].node_id) != wish.ends[0].node


def _links_of_wishes(
    project: Project, here: Mapping[frozenset[End], Link], wishes: Sequence[LinkWish]
) -> dict[int, frozenset[End]]:
    """Which of the links that are ``here`` each wish means, by its number; each link is meant by one wish.

    A wish that names both ports comes first, then those that name one, then the rest. Of several links that it may
    mean, one that is already as the wish wants, or else the first in the order of the ports: so what a document has
    made stays.
    """
    left: dict[frozenset[str], dict[frozenset[End], Link]] = {}  # by the names of the nodes, in the order of the ports
    for ends in sorted(here, key=sorted):
        left.setdefault(frozenset(end.node for end in ends), {})[ends] = here[ends]
    found: dict[int, frozenset[End]] = {}
    # Those that say more of their link choose first.
    turns = sorted(enumerate(wishes), key=lambda each: (each[1].open_ends, -len(each[1].given)))
    for any_will_do in (False, True):
        for number, wish in turns:
            if number in found:
                continue
            takes_any = any_will_do or wish.open_ends == 0
            beside = left.get(frozenset(end.node for end in wish.ends), {})
            may_mean = (
                ends
                for ends, link in beside.items()
                if wish.fits(ends) and (takes_any or not _link_changes(project, link, wish))
            )
            if (meant := next(may_mean, None)) is not None:
                del beside[meant]
                found[number] = meant
    return found


def link_value(link: Link) -> dict[str, Any]:
    """The fields of a link that a document can contain."""
    return {
        "filters": link.record.filters,
        "impairments": list(link.impairments.filters),
        "seed": link.impairments.seed,
        "suspend": link.record.suspend,
        "link_style": link.record.link_style,
    }


def _described(value: Any) -> Any:
    return [describe(each) for each in value] if isinstance(value, list) else value


def _plan_drawings(plan: Plan, project: Project, wishes: Iterable[Wish]) -> None:
    left = {drawing.drawing_id: (drawing, drawing.shown()) for drawing in project.drawings.values()}
    # The drawings that match a wish, by the fields that it mentions.
    alike: dict[tuple[str, ...], dict[tuple[Any, ...], list[UUID]]] = {}
    for wish in wishes:
        names = tuple(wish.given)
        if names not in alike:
            index = alike[names] = {}
            for drawing_id, (_, shown) in reversed(left.items()):
                index.setdefault(tuple(shown[name] for name in names), []).append(drawing_id)
        same = alike[names].get(tuple(wish.given.values()), [])
        while same and same[-1] not in left:  # matched by a wish with other fields already
            same.pop()
        if same:
            del left[same.pop()]
        else:
            plan.create_drawings.append(wish)
            plan.changes.append(Change("create", "drawing", wish.name))
    for drawing, _ in left.values():
        if drawing.fields.get("locked"):
            raise Conflict(f"Drawing {drawing.drawing_id} is locked")
        plan.delete_drawings.append(drawing)
        plan.changes.append(Change("delete", "drawing", str(drawing.drawing_id)))
