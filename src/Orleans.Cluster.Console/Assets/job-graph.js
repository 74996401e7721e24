// The stages of a job as a graph: what each reads and makes, how long it took, and the chain that decided how long the job took.
import { read, shape } from "./drawing.js";
import { bytes, count, duration } from "./format.js";

const W = 208, H = 100, GAP_X = 104, GAP_Y = 24;

class JobGraph extends HTMLElement {
    static observedAttributes = ["job", "live"];
    connectedCallback() { this.refresh(); }
    disconnectedCallback() { clearTimeout(this.timer); }
    attributeChangedCallback() { if (this.isConnected) this.refresh(); }

    async refresh() {
        clearTimeout(this.timer);
        const job = this.getAttribute("job");
        try {
            const [plan, summary] = await Promise.all([read(`/jobs/${job}/plan`), read(`/jobs/${job}/partitions/summary`)]);
            if (this.isConnected) this.draw(this.nodes(plan, summary));
        } catch (error) {
            this.textContent = error.message;
        }
        if (this.getAttribute("live") === "true") this.timer = setTimeout(() => this.refresh(), 2000);
    }

    nodes(plan, summary) {
        const ran = new Map(summary.stages.map(stage => [stage.stage, stage]));
        const nodes = plan.stages.map(stage => {
            const run = ran.get(stage.index);
            return {
                id: stage.index, name: stage.name, from: stage.inputs.filter(input => input.stage !== null).map(input => input.stage),
                sources: stage.inputs.filter(input => input.dataset).map(input => input.dataset),
                total: run ? [...run.states].filter(state => state !== "S").length : stage.partitions, done: run ? [...run.states].filter(state => state === "C").length : 0,
                failed: run ? [...run.states].filter(state => state === "F").length : 0, slowest: Math.max(0, ...(run?.seconds ?? [])),
                rows: run?.rowsOut, bytes: run?.bytesOut, wasRun: Boolean(run), estimate: stage.estimatedBytes,
            };
        });
        for (const node of nodes) {
            node.column = Math.max(-1, ...node.from.map(id => nodes[id].column)) + 1;
            const before = node.from.map(id => nodes[id]).reduce((most, each) => (!most || each.path > most.path ? each : most), null);
            node.path = (before?.path ?? 0) + node.slowest;
            node.before = before;
        }
        const last = nodes.reduce((most, each) => (!most || each.path > most.path ? each : most), null);
        if (last?.path > 0) for (let node = last; node; node = node.before) node.isCritical = true;
        return nodes;
    }

    draw(nodes) {
        const columns = new Map();
        for (const node of nodes) {
            const column = columns.get(node.column) ?? [];
            node.row = column.push(node) - 1;
            columns.set(node.column, column);
        }
        const tall = Math.max(...[...columns.values()].map(column => column.length));
        const x = node => node.column * (W + GAP_X) + 2, y = node => node.row * (H + GAP_Y) + 2;
        const width = columns.size * (W + GAP_X) - GAP_X + 4, height = tall * (H + GAP_Y) - GAP_Y + 4;
        const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": this.describe(nodes) });
        for (const node of nodes) {
            for (const id of node.from) this.edge(svg, nodes[id], node, x, y);
        }
        for (const node of nodes) this.box(svg, node, x(node), y(node));
        const scroll = Object.assign(document.createElement("div"), { className: "scroll", tabIndex: 0 });
        scroll.setAttribute("role", "group");
        scroll.setAttribute("aria-label", "Stages of the job");
        scroll.append(svg);
        const note = Object.assign(document.createElement("div"), { className: "chart-note", textContent: "A thick border marks the critical path: the chain of stages whose slowest partitions add up to the longest time. On the lines: rows and bytes that a stage made." });
        this.replaceChildren(scroll, note);
    }

    edge(svg, from, to, x, y) {
        const x1 = x(from) + W, y1 = y(from) + H / 2, x2 = x(to), y2 = y(to) + H / 2, middle = (x1 + x2) / 2;
        svg.append(shape("path", {
            d: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2 - 2} ${y2}m-7 -4l7 4l-7 4`, fill: "none",
            stroke: from.isCritical && to.isCritical ? "var(--accent)" : "var(--muted)", "stroke-width": from.isCritical && to.isCritical ? 2.5 : 1.2,
        }));
        if (from.wasRun && from.rows !== undefined) {
            this.text(svg, `${count(from.rows)} rows`, middle, (y1 + y2) / 2 - 8, "small", "middle");
            this.text(svg, bytes(from.bytes), middle, (y1 + y2) / 2 + 14, "small", "middle");
        }
    }

    box(svg, node, x, y) {
        svg.append(shape("rect", {
            x, y, width: W, height: H, rx: 8, fill: "var(--raised)", stroke: node.failed ? "var(--bad)" : node.isCritical ? "var(--accent)" : "var(--line)",
            "stroke-width": node.isCritical || node.failed ? 2.5 : 1,
        }));
        const share = node.total ? node.done / node.total : 0;
        svg.append(shape("rect", { x: x + 12, y: y + H - 15, width: W - 24, height: 5, rx: 2.5, fill: "var(--off-soft)" }));
        if (share > 0) svg.append(shape("rect", { x: x + 12, y: y + H - 15, width: (W - 24) * share, height: 5, rx: 2.5, fill: share < 1 ? "var(--live)" : "var(--ok)" }));
        this.text(svg, `${node.id} \u00b7 ${node.name}`, x + 12, y + 23, "name");
        this.text(svg, node.sources.length ? `reads ${node.sources.join(", ")}`.slice(0, 26) : node.from.length ? `reads ${node.from.map(id => `stage ${id}`).join(", ")}`.slice(0, 26) : "", x + 12, y + 42, "small");
        this.text(svg, node.total === null || node.total === undefined ? "partitions: known when it runs" : `${count(node.done)} of ${count(node.total)} partitions${node.failed ? `, ${node.failed} failed` : ""}`, x + 12, y + 59, "small");
        this.text(svg, node.wasRun && node.slowest > 0 ? `slowest ${duration(node.slowest)}` : node.estimate ? `about ${bytes(node.estimate)} to read` : "", x + 12, y + 76, "small");
    }

    text(svg, text, x, y, kind, anchor = "start") {
        const made = shape("text", {
            x, y, "text-anchor": anchor, fill: kind === "name" ? "var(--text)" : "var(--muted)", "font-size": kind === "name" ? 14 : 12,
            "font-weight": kind === "name" ? 600 : 400, "font-family": "var(--font)",
        });
        made.textContent = text;
        svg.append(made);
    }

    describe(nodes) {
        return nodes.map(node => `Stage ${node.id}, ${node.name}, ${node.done} of ${node.total ?? "unknown"} partitions done${node.isCritical ? ", on the critical path" : ""}${node.from.length ? `, after ${node.from.join(" and ")}` : ""}`).join(". ");
    }
}
customElements.define("job-graph", JobGraph);
