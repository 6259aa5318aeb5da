"""Applies many changes to a project, all or none: the steps of a plan, or a list of objects to create."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from gns3trio.classes import frozen
from gns3trio.conditions.link_conditions import Impairments
from gns3trio.controller.as_code.creating import create_links, create_nodes
from gns3trio.controller.as_code.document import Document, LinkWish
from gns3trio.controller.as_code.free_ports import chosen_ends
from gns3trio.controller.as_code.node_scripts import read_scripts
from gns3trio.controller.as_code.plan import Plan, link_value, make_plan, naming
from gns3trio.controller.as_code.undo import Undo
from gns3trio.controller.gns3_format.records import LinkEndRecord, LinkRecord
from gns3trio.controller.links.link import Link
from gns3trio.controller.links.many import NewLink
from gns3trio.controller.names import NameAllocator
from gns3trio.controller.nodes.all_nodes import act_on_all
from gns3trio.controller.nodes.creation import with_computes
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.nodes.places import Fields, with_places
from gns3trio.controller.project.drawings import Drawing
from gns3trio.controller.project.moving import Move
from gns3trio.controller.project.project import Project
from gns3trio.controller.project.saving_later import saving_later
from gns3trio.errors import Conflict
from gns3trio.slices import Slices

_LINK_FIELDS = ("filters", "link_style", "suspend")


async def reconcile(project: Project, document: Document, *, dry_run: bool) -> Plan:
    """Make the project match the document; returns the changes that were made, or with ``dry_run`` would be made.

    If a step raises, the changes are rolled back, except that captures on deleted links have ended.
    """
    async with project.whole_changes.one():
        plan = make_plan(project, document, await read_scripts(project.nodes.values()))
        if not dry_run and plan.changes:
            await _apply(project, plan, document)
        return plan


async def _apply(project: Project, plan: Plan, document: Document) -> None:
    """Apply the plan. Deleting nodes with their files cannot be undone, so it comes last."""
    async with Undo(partial(project.log, "error"), project.taking_back) as undo:
        for link in plan.delete_links:
            await project.links.delete(link)
            undo.by(_restore_link, project, link.record, link.impairments)
        moves = [await _move_node(undo, project, *each) for each in plan.move_nodes]
        linked = list(_linked(project, plan.create_nodes, document))
        new = await with_places(project.nodes, plan.create_nodes, linked)
        new = await with_computes(project.services.placement, project.nodes, new, linked)
        with saving_later():
            await create_nodes(undo, project, new, lambda number: f"nodes[{new[number]['name']}]")
        project.file.mark()
        for node, wanted in plan.update_nodes:
            changes = dict(wanted)
            if "engine" in changes:
                await _change_engine(undo, project, node, changes.pop("engine"))
            before = {name: getattr(node.record, name) for name in changes}
            # A node that had none gets an empty script back.
            script = (await read_scripts([node])).get(node.node_id, "")
            with naming(f"nodes[{node.name}]"):
                await _update_node(project, node, changes)
            undo.by(_put_back_node, project, node, before, script)
        new_links = [_new_link(*each) for each in chosen_ends(project, document, plan.create_links)]
        with saving_later():
            await create_links(undo, project, new_links)
        project.file.mark()
        for link, changes in plan.update_links:
            is_now = link_value(link)
            await _update_link(project, link, changes)
            undo.by(_update_link, project, link, is_now)
        slices = Slices()
        for wish in plan.create_drawings:
            drawing = await project.drawings.create(uuid4(), wish.given)
            undo.by(_delete_drawing, project, drawing)
            await slices.pause()
        if moves:  # where a node is now must be on the disk before it is deleted where it was
            project.file.mark()
            await project.file.flush()
        await project.nodes.delete_all(plan.delete_nodes)
        undo.forget()
    for move in moves:
        await move.finish()
    for drawing in plan.delete_drawings:
        project.drawings.delete(drawing)
    await project.file.flush()


async def _move_node(undo: Undo, project: Project, node: Node, compute_id: str) -> Move:
    move = Move(project, node, compute_id)
    with naming(f"nodes[{node.name}]"):
        await move.begin()
    undo.by(move.take_back)
    return move


def _linked(project: Project, new: Iterable[Mapping[str, Any]], document: Document) -> Iterator[tuple[UUID, UUID]]:
    """The nodes that the document links, by their ids."""
    ids = {node.name: node.node_id for node in project.nodes.values()} | {each["name"]: each["node_id"] for each in new}
    return ((ids[wish.ends[0].node], ids[wish.ends[1].node]) for wish in document.links or ())


async def _update_node(project: Project, node: Node, changes: Mapping[str, Any]) -> None:
    async with project.nodes.lock(node.node_id):
        changes = dict(changes)
        if "properties" in changes:
            changes["properties"] = {**node.record.properties, **changes["properties"]}
        script = changes.get("properties", {}).get("startup_script")
        await project.nodes.update(node, changes, keep_name=True)
        if script is not None:  # the file may differ even if the property does not
            await node.require_instance().set_startup_script(script)


async def _change_engine(undo: Undo, project: Project, node: Node, engine: str | None) -> None:
    before = node.chosen_engine, node.require_instance().mac_id
    await _set_engine(project, node, engine, None)
    undo.by(_set_engine, project, node, *before)


async def _set_engine(project: Project, node: Node, engine: str | None, mac_id: int | None) -> None:
    async with project.nodes.lock(node.node_id):
        with naming(f"nodes[{node.name}]"):
            await project.nodes.set_engine(node, engine, mac_id)


async def _put_back_node(project: Project, node: Node, before: Mapping[str, Any], script: str) -> None:
    async with project.nodes.lock(node.node_id):
        await project.nodes.update(node, dict(before), keep_name=True)
        instance = node.require_instance()
        if script != (await instance.startup_script() or ""):
            await instance.set_startup_script(script)


def _new_link(wish: LinkWish, ends: Sequence[LinkEndRecord]) -> NewLink:
    fields = {name: wish.given[name] for name in _LINK_FIELDS if name in wish.given}
    impairments = Impairments(tuple(wish.given.get("impairments", ())), wish.given.get("seed"))
    return NewLink(LinkRecord(link_id=uuid4(), nodes=list(ends), **fields), impairments)


async def _restore_link(project: Project, record: LinkRecord, impairments: Impairments) -> None:
    await project.links.create(record, impairments)


async def _update_link(project: Project, link: Link, changes: Mapping[str, Any]) -> None:
    impairments = Impairments(
        tuple(changes.get("impairments", link.impairments.filters)), changes.get("seed", link.impairments.seed)
    )
    await project.links.update(link, {name: changes[name] for name in _LINK_FIELDS if name in changes}, impairments)


async def _delete_drawing(project: Project, drawing: Drawing) -> None:
    drawing.fields["locked"] = False
    project.drawings.delete(drawing)


# --- lists of objects to create ---


@frozen
class Created:
    """The objects that a batch has created, in its order."""

    nodes: list[Node]
    links: list[Link]
    drawings: list[Drawing]


async def create_all(
    project: Project,
    nodes: Sequence[Mapping[str, Any]],
    links: Sequence[LinkRecord],
    drawings: Sequence[Mapping[str, Any]],
    *,
    start: bool = False,
) -> Created:
    """Create everything or nothing. ``nodes`` and ``drawings`` hold checked fields, with their ids. With ``start``, the
    nodes are started, too; if one does not start, nothing is created.

    Raises Conflict for an id that is in use, and the errors of single creations.
    """
    project.require_open()
    async with project.whole_changes.one(), Undo(partial(project.log, "error"), project.taking_back) as undo:
        project.require_open()
        _check_ids("nodes", "node_id", [fields["node_id"] for fields in nodes], project.nodes)
        _check_ids("links", "link_id", [record.link_id for record in links], project.links)
        _check_ids("drawings", "drawing_id", [fields["drawing_id"] for fields in drawings], project.drawings)
        names = NameAllocator.beside(project.nodes.names())
        # In order, so that names become PC1, PC2, ...
        named: list[Fields] = [{**fields, "name": names.allocate(fields["name"])} for fields in nodes]
        linked = [(record.nodes[0].node_id, record.nodes[1].node_id) for record in links]
        named = await with_places(project.nodes, named, linked)
        named = await with_computes(project.services.placement, project.nodes, named, linked)

        made = []
        with saving_later():
            await create_nodes(undo, project, named, lambda number: f"nodes[{number}]")
            await create_links(undo, project, list(map(NewLink, links)))
            slices = Slices()
            for fields in drawings:
                made.append(await project.drawings.create(fields["drawing_id"], fields))
                undo.by(_delete_drawing, project, made[-1])
                await slices.pause()
        project.require_open()
        project.file.mark()
        await project.file.flush()
        if start:
            await act_on_all([project.nodes.require(fields["node_id"]) for fields in nodes], "start")
        undo.forget()
    return Created(
        [project.nodes.require(fields["node_id"]) for fields in nodes],
        [project.links.require(record.link_id) for record in links],
        made,
    )


def _check_ids(kind: str, name: str, ids: Sequence[UUID], used: Container[UUID]) -> None:
    seen: set[UUID] = set()
    for index, each in enumerate(ids):
        if each in used or each in seen:
            raise Conflict(f"{kind}[{index}].{name}: {each} is in use")
        seen.add(each)
