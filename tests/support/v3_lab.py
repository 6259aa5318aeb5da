"""What a lab is made of, through version 3 of the API."""

from typing import Any

import attrs

from tests.support.v3 import V3


@attrs.frozen
class V3Lab:
    """An open project, as a user sees it who has logged in."""

    v3: V3
    path: str

    async def node(self, name: str = "PC1", node_type: str = "vpcs", **fields: Any) -> dict[str, Any]:
        body = {"name": name, "node_type": node_type, "compute_id": "local", **fields}
        made: dict[str, Any] = await self.v3.request("POST", f"{self.path}/nodes", body, 201)
        return made

    async def pair(self) -> list[dict[str, Any]]:
        return [await self.node(name) for name in ("PC1", "PC2")]

    def end(self, node: dict[str, Any], port: int = 0) -> dict[str, Any]:
        return {"node_id": node["node_id"], "adapter_number": 0, "port_number": port}

    async def link(self, *ends: dict[str, Any], **fields: Any) -> dict[str, Any]:
        made: dict[str, Any] = await self.v3.request("POST", f"{self.path}/links", {"nodes": ends, **fields}, 201)
        return made

    async def linked(self) -> dict[str, Any]:
        """A link between two new VPCS."""
        return await self.link(*map(self.end, await self.pair()))

    def of(self, thing: dict[str, Any]) -> str:
        """The path of a node, link, drawing or snapshot of the project."""
        for kind in ("link", "drawing", "snapshot", "node"):
            if f"{kind}_id" in thing:
                return f"{self.path}/{kind}s/{thing[f'{kind}_id']}"
        raise KeyError("it has no id")
