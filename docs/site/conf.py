"""Sphinx makes a site of the documents: ``./dev docs``. The pages are those that are read in the repository."""

from gns3trio import __version__

project = "gns3trio"
version = release = __version__
copyright = "the authors of gns3trio, Apache-2.0"  # the name that Sphinx reads

extensions = ["myst_parser"]
include_patterns = ["docs/**.md", "*.md", "benchmarks/**.md"]
html_extra_path = ["index.html"]  # leads to the start page
root_doc = "docs/site/index"
myst_heading_anchors = 4
# These pages are reached by links, not by the list of pages.
suppress_warnings = ["toc.not_included"]
nitpicky = True

html_theme = "furo"
html_title = f"gns3trio {version}"
html_favicon = "../../gns3trio/web/icon.svg"
html_show_sourcelink = False
html_copy_source = False

man_pages = [("docs/reference/cli", "gns3trio", "network-lab server, and commands for it", "", 1)]
