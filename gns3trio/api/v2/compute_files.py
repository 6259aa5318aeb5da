"""``/v2/compute/projects/{project_id}/files``: node files of projects that another controller controls."""

from gns3trio.api.access import Access
from gns3trio.api.compute_files import get_project_file, list_project_files, post_project_file
from gns3trio.api.routing import RouteTable
from gns3trio.api.v2 import replies

routes = RouteTable("/v2/compute/projects/{project_id}/files", access=Access.COMPUTE)

routes.route("GET", "", reply=list[replies.ProjectFile])(list_project_files)
routes.route("GET", "/{path:path}")(get_project_file)
routes.route("POST", "/{path:path}", status=201, raw_body=True)(post_project_file)
