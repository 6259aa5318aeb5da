// The entry point: the URL decides what the page shows.

import { act } from "./actions.js";
import { ROOT } from "./api.js";
import { showConsolePage } from "./drawer/console_page.js";
import { showHosts } from "./hosts/hosts_view.js";
import { showImages } from "./images/images_view.js";
import { showLab } from "./lab_view.js";
import { showAccount } from "./people/account.js";
import { showPeople } from "./people/people_view.js";
import { showProjects } from "./projects_view.js";
import { claimStorage } from "./storage_owner.js";
import { showTemplates } from "./templates/templates_view.js";

claimStorage(document.documentElement.dataset.user);
const main = document.getElementById("main");
const path = location.pathname.slice(ROOT.length - 1);
const [, projectId, consoleOf] = path.match(/^\/projects\/([0-9a-f-]{36})(?:\/nodes\/([0-9a-f-]{36})\/console)?/) ?? [];
if (consoleOf) showConsolePage(main, projectId, consoleOf);
else if (projectId) showLab(main, projectId);
else if (path === "/hosts") showHosts(main);
else if (path === "/images") showImages(main);
else if (path === "/templates") showTemplates(main);
else if (path === "/people") showPeople(main);
else showProjects(main);
act(() => showAccount(document.getElementById("account")))();
