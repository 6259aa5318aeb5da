"""What of an open project does not work, and why: nodes that are only kept, links that nothing crosses, and what was
wrong with the file that it was read from.
"""

from typing import Any

from gns3trio.controller.project.project import Project


def problems_view(project: Project) -> dict[str, Any]:
    """In the API. Raises Forbidden when the project is closed."""
    project.require_open()
    links = ((link, project.links.problem_of(link)) for link in project.links.values())
    return {
        "file": project.file_problems,
        "links": [{"link_id": str(link.link_id), "message": problem} for link, problem in links if problem is not None],
        "nodes": [
            {"message": node.problem, "name": node.name, "node_id": str(node.node_id)}
            for node in project.nodes.not_run()
        ],
    }
