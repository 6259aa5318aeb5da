// The panel of a link: load, filters, captures and the benchmark.

import { button } from "../actions.js";
import { get } from "../api.js";
import { LinkCaptures } from "../captures/link_captures.js";
import { directionText } from "../conditions.js";
import { h, setText } from "../dom.js";
import { formatCount, formatRate } from "../format.js";
import { LinkHosts } from "../hosts/link_hosts.js";
import { Plot } from "../plot.js";
import { describeTotals } from "../traffic.js";
import { makeBenchmark } from "./benchmark.js";
import { portLabels } from "./label_fields.js";
import { LinkConditions } from "./link_conditions.js";
import { LinkFilters } from "./link_filters.js";
import { linkStyle } from "./link_style.js";
import { tabs } from "./tabs.js";

const SHOWN_SECONDS = 180;

export class LinkPanel {
  constructor(side, id, { lab, drawer, history, deleteThing }) {
    Object.assign(this, { id, lab, drawer });
    this.path = `${lab.path}/links/${id}`;
    this.title = h("h2");
    this.problem = h("p", { className: "problem", role: "status" });
    this.hosts = new LinkHosts(lab, id);
    this.conditions = new LinkConditions(lab, id);
    this.loadPlot = new Plot({ label: "Load", isTime: true, format: formatRate, nothing: `No traffic in the last ${SHOWN_SECONDS / 60} minutes` });
    this.lossPlot = new Plot({ label: "Lost frames", isTime: true, format: (count) => `${formatCount(count)}/s` });
    this.load = h("div", {}, this.loadPlot.element, this.lossPlot.element);
    this.totals = h("div", { className: "hint", role: "group", ariaLabel: "Since the link was made" });
    const { rights } = lab;
    this.suspend = rights.guard("Link.Modify", button("Suspend", () => {
      const fields = { suspend: !this.link.suspend };
      return history.change(`${fields.suspend ? "Suspend" : "Resume"} ${lab.linkName(this.link)}`, [{ path: this.path, before: this.link, fields }]);
    }));
    this.captures = null; // until its tab is shown
    this.filters = new LinkFilters(lab, history, id);
    this.look = [linkStyle({ lab, history }, id), portLabels({ lab, history }, id)];
    this.tabs = tabs([
      { id: "overview", title: "Overview", make: () => [this.load, this.totals] },
      { id: "filters", title: "Filters", needs: "Link.Modify", make: () => this.filters.parts },
      { id: "captures", title: "Captures", make: () => (this.captures = new LinkCaptures({ lab, drawer }, id)).parts },
      { id: "look", title: "Look", needs: "Link.Modify", make: () => this.look.map(({ element }) => element) },
      { id: "benchmark", title: "Benchmark", needs: "Link.Modify", make: () => [h("p", { className: "hint" }, "Per RFC 2544: frames are sent through the link, as fast as it carries them."), makeBenchmark(lab, id)] },
    ], { label: "About this link", kind: "link", rights });
    this.parts = h("div", {}, this.title, this.problem, this.conditions.element, this.hosts.element,
      h("p", { className: "buttons" }, this.suspend, rights.guard("Link.Allocate", button("Delete", () => deleteThing(id), { className: "danger" }))),
      this.tabs.element);
    side.replaceChildren(this.parts);
    this.draw();
    this.timer = setInterval(() => this.drawLoad(), 1000);
    if (!lab.problems.has(id)) this.readTotals();
  }

  async readTotals() {
    let lines = [];
    try {
      lines = describeTotals(await get(`${this.path}/statistics`), this.lab.endNames(this.link));
    } catch (error) {
      lines = [error.message]; // other hosts may not count
    }
    if (!this.lab.traffic.has(this.id)) this.showTotals(lines);
  }

  showTotals(lines) {
    if (this.totals.children.length !== lines.length) this.totals.replaceChildren(...lines.map(() => h("p")));
    lines.forEach((line, place) => setText(this.totals.children[place], line));
  }

  get link() {
    return this.lab.links.get(this.id);
  }

  alive() {
    return Boolean(this.link) && this.parts.isConnected;
  }

  close() {
    clearInterval(this.timer);
    this.hosts.close();
    this.captures?.close();
  }

  update(changed) {
    if (changed.has(this.id)) this.draw();
  }

  draw() {
    const link = this.link;
    if (!link) return;
    setText(this.title, this.lab.linkName(link));
    const problem = this.lab.problems.get(this.id);
    setText(this.problem, problem ? `Nothing crosses this link: ${problem}` : "");
    this.problem.hidden = !problem;
    this.conditions.update();
    this.hosts.update();
    setText(this.suspend, link.suspend ? "Resume" : "Suspend");
    this.suspend.setAttribute("aria-pressed", link.suspend);
    this.captures?.update();
    this.filters.update();
    for (const part of this.look) part.draw();
    this.drawLoad();
  }

  drawLoad() {
    const traffic = this.lab.traffic.get(this.id);
    const now = Date.now();
    if (!this.link) return;
    const names = this.lab.endNames(this.link);
    const history = traffic?.historyUntil(now) ?? [];
    const seriesOf = (...columns) => columns.map((column, place) =>
      ({ name: directionText(["a_to_b", "b_to_a"][place], names), points: history.map((point) => [point[0], point[column]]) }));
    const times = { from: now - 1000 * SHOWN_SECONDS, to: now };
    this.loadPlot.show(seriesOf(1, 2), times);
    this.lossPlot.element.hidden = !history.some((point) => point[3] + point[4] > 0);
    if (!this.lossPlot.element.hidden) this.lossPlot.show(seriesOf(3, 4), times);
    if (traffic) this.showTotals(describeTotals(traffic.stats, names));
  }
}
