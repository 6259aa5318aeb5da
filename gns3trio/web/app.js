// Where the page begins: its address says what it shows.

import { showLab } from "./lab_view.js";
import { showProjects } from "./projects_view.js";

const main = document.getElementById("main");
const [, projectId] = location.pathname.match(/^\/projects\/([0-9a-f-]{36})/) ?? [];
if (projectId) showLab(main, projectId);
else showProjects(main);
