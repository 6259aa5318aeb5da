// The entry point: the URL decides what the page shows.

import { ROOT } from "./api.js";
import { showLab } from "./lab_view.js";
import { showProjects } from "./projects_view.js";

const main = document.getElementById("main");
const [, projectId] = location.pathname.slice(ROOT.length - 1).match(/^\/projects\/([0-9a-f-]{36})/) ?? [];
if (projectId) showLab(main, projectId);
else showProjects(main);
