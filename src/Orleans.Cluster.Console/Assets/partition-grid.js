// All partitions of a job, one cell each, coloured by state, time, rows, bytes, memory or worker; below them how the figure is spread.
// A bar of the histogram and the cells in it light up together.
import { Drawn, byteTicks, legend, read, shape, ticks } from "./drawing.js";
import { bytes, count, duration, workerName } from "./format.js";

const STATES = { W: ["waiting", "off"], R: ["running", "live"], C: ["committed", "done"], F: ["failed", "bad"], S: ["split", "warn"], X: ["cancelled", "muted"] };
const SIGNS = { F: "\u2715", S: "/", X: "\u2013", R: "\u25b8" };
const FIGURES = { rows: count, seconds: duration, bytes, memory: bytes };
const NAMES = { rows: "rows read", seconds: "time of the last attempt", bytes: "bytes to read", memory: "peak memory" };
const HEAD = 24, FOOT = 128, PAGE = 500, PAGES = 20, WORKERS = 8;

class PartitionGrid extends Drawn {
    cells = [];
    selected = -1;
    bin = -1;

    async load() {
        this.every = this.getAttribute("live") === "true" ? 1500 : 0;
        this.by = this.getAttribute("by") ?? "state";
        const job = this.getAttribute("job");
        const found = await read(`/jobs/${job}/partitions/summary`);
        this.stages = found.stages;
        this.cells = found.stages.flatMap(stage => [...stage.states].map((state, partition) => ({
            stage: stage.stage, partition, state, rows: stage.rows?.[partition] ?? 0, seconds: stage.seconds?.[partition] ?? 0, bytes: stage.bytes?.[partition] ?? 0,
        })));
        this.workers = [];
        this.partly = "";
        if (this.by === "memory" || this.by === "worker") await this.loadAttempts(job);
        this.place();
        this.caption();
    }

    /** Memory and worker stand with the attempts alone, which come by the page. */
    async loadAttempts(job) {
        this.every *= 4;
        const cells = new Map(this.cells.map(cell => [`${cell.stage}/${cell.partition}`, cell]));
        let token = "", pages = 0;
        do {
            const page = await read(`/jobs/${job}/partitions?pageSize=${PAGE}${token && `&pageToken=${encodeURIComponent(token)}`}`);
            for (const item of page.items) {
                const cell = cells.get(`${item.stage}/${item.partition}`);
                if (cell) Object.assign(cell, { memory: item.peakMemoryBytes, worker: item.attempts.at(-1)?.worker });
            }
            token = page.nextPageToken;
        } while (token && ++pages < PAGES);
        if (token) this.partly = ` Of the first ${count(PAGE * PAGES)} partitions.`;
        this.workers = [...new Set(this.cells.map(cell => cell.worker).filter(Boolean))].sort();
    }

    place() {
        const width = Math.max(200, this.clientWidth), many = this.cells.length;
        this.size = many > 20000 ? 5 : many > 4000 ? 7 : many > 800 ? 11 : many > 200 ? 16 : many > 80 ? 22 : 30;
        this.across = Math.max(1, Math.floor(width / this.size));
        let top = 0, index = 0;
        this.groups = this.stages.map(stage => {
            const group = { stage, top: top + HEAD, first: index };
            top = group.top + Math.ceil(stage.states.length / this.across) * this.size + 6;
            index += stage.states.length;
            return group;
        });
        this.foot = Math.max(36, top);
        this.height = this.foot + (FIGURES[this.by] ? FOOT : 0);
    }

    draw(pen, width, height) {
        this.place();
        if (Math.abs(this.height - height) > 1) return this.redraw();
        pen.clearRect(0, 0, width, height);
        if (this.cells.length === 0) {
            pen.fillStyle = this.ink("muted");
            pen.fillText("No stage has begun yet. Cells appear here, one for each partition, as soon as the job is planned.", 0, 18);
            return;
        }
        const values = this.cells.map(cell => cell[this.by]).filter(value => value > 0);
        this.most = FIGURES[this.by] ? values.reduce((a, b) => Math.max(a, b), 1e-9) : 1;
        this.bins = Math.min(40, Math.max(5, Math.floor(width / 30)));
        const paint = this.painter(pen);
        for (const group of this.groups) {
            pen.fillStyle = this.ink("muted");
            const many = group.stage.states.length;
            pen.fillText(`Stage ${group.stage.stage} \u00b7 ${count(many)} ${many === 1 ? "partition" : "partitions"}`, 0, group.top - HEAD / 2);
            for (let i = 0; i < many; i++) {
                const cell = this.cells[group.first + i];
                paint(cell, (i % this.across) * this.size, group.top + Math.floor(i / this.across) * this.size);
            }
        }
        if (this.selected >= 0 && this.selected < this.cells.length) {
            const [x, y] = this.at(this.selected);
            pen.strokeStyle = this.ink("text");
            pen.lineWidth = 2;
            pen.strokeRect(x, y, this.size - 2, this.size - 2);
        }
        if (FIGURES[this.by]) this.histogram(pen, width, height, values);
    }

    /** Draws one cell; inks are looked up once for all of them. */
    painter(pen) {
        const side = this.size - (this.size > 8 ? 2 : 1), back = this.ink("off-soft"), text = this.size >= 30 ? this.ink("muted") : null;
        const inks = Object.fromEntries(Object.entries(STATES).map(([key, [, ink]]) => [key, key === "W" ? back : this.ink(ink)]));
        const sign = this.ink("surface"), series = this.ink("series-1"), hues = this.workers.map((_, i) => this.ink(`series-${(i % WORKERS) + 1}`));
        const edge = this.ink("focus");
        return (cell, x, y) => {
            pen.fillStyle = this.by === "state" ? inks[cell.state] : back;
            pen.fillRect(x, y, side, side);
            if (this.by === "worker" && cell.worker) {
                pen.fillStyle = hues[this.workers.indexOf(cell.worker)];
                pen.fillRect(x, y, side, side);
            } else if (FIGURES[this.by] && cell[this.by] > 0) {
                pen.globalAlpha = 0.15 + 0.85 * (cell[this.by] / this.most);
                pen.fillStyle = series;
                pen.fillRect(x, y, side, side);
                pen.globalAlpha = 1;
                if (this.bin >= 0 && this.binOf(cell[this.by]) === this.bin) {
                    pen.strokeStyle = edge;
                    pen.lineWidth = 2;
                    pen.strokeRect(x + 1, y + 1, side - 2, side - 2);
                }
            }
            const mark = this.by === "state" ? SIGNS[cell.state] : undefined;
            if (side < 10 || !(mark || (text && this.by === "state" && cell.state === "W"))) return;
            pen.fillStyle = mark ? sign : text;
            pen.textAlign = "center";
            pen.fillText(mark ?? String(cell.partition), x + side / 2, y + side / 2 + 1);
            pen.textAlign = "left";
        };
    }

    binOf(value) { return Math.min(this.bins - 1, Math.floor((value / this.most) * this.bins)); }

    histogram(pen, width, height, values) {
        const bins = new Array(this.bins).fill(0);
        values.forEach(value => { bins[this.binOf(value)]++; });
        const tall = Math.max(...bins, 1), left = 44, base = height - 40, room = FOOT - 76, each = (width - left - 4) / bins.length;
        this.chart = { left, each, top: base - room - 8, base };
        pen.fillStyle = this.ink("muted");
        pen.fillText("partitions", 0, base - room - 18);
        for (const at of ticks(0, tall, 2).filter(Number.isInteger)) {
            const y = base - (at / tall) * room;
            pen.strokeStyle = this.ink("line");
            pen.lineWidth = 1;
            pen.beginPath();
            pen.moveTo(left, y);
            pen.lineTo(width - 4, y);
            pen.stroke();
            pen.textAlign = "right";
            pen.fillText(count(at), left - 6, y);
        }
        bins.forEach((n, i) => {
            pen.fillStyle = this.ink(i === this.bin ? "focus" : "series-1");
            if (n) pen.fillRect(left + i * each, base - (n / tall) * room, Math.max(1, each - 2), (n / tall) * room);
        });
        pen.fillStyle = this.ink("muted");
        (this.by === "bytes" || this.by === "memory" ? byteTicks : ticks)(0, this.most, Math.max(2, Math.floor(width / 110))).forEach(at => {
            pen.textAlign = at === 0 ? "left" : "center";
            const x = left + (at / this.most) * (width - left - 4);
            if (x < width - 20) pen.fillText(FIGURES[this.by](at), x, base + 13);
        });
        pen.textAlign = "center";
        pen.fillText(NAMES[this.by], left + (width - left) / 2, base + 30);
        pen.textAlign = "left";
    }

    at(index) {
        const group = this.groups.findLast(each => each.first <= index);
        return [((index - group.first) % this.across) * this.size, group.top + Math.floor((index - group.first) / this.across) * this.size];
    }

    point(x, y) {
        const group = this.groups?.findLast(each => each.top <= y);
        const i = group && x >= 0 && x < this.across * this.size ? Math.floor((y - group.top) / this.size) * this.across + Math.floor(x / this.size) : -1;
        const cell = group && y < this.foot && i >= 0 && i < group.stage.states.length ? this.cells[group.first + i] : null;
        let bin = -1;
        if (cell && FIGURES[this.by] && cell[this.by] > 0) bin = this.binOf(cell[this.by]);
        else if (this.chart && FIGURES[this.by] && y > this.chart.top && y <= this.chart.base && x >= this.chart.left) bin = Math.min(this.bins - 1, Math.floor((x - this.chart.left) / this.chart.each));
        if (bin !== this.bin) { this.bin = bin; this.redraw(); }
        this.show(x, y, cell ? this.words(cell) : "");
    }

    leave() { if (this.bin >= 0) { this.bin = -1; this.redraw(); } }

    words(cell) {
        const figures = [
            cell.rows > 0 ? `${count(cell.rows)} rows` : "", cell.seconds > 0 ? duration(cell.seconds) : "", cell.bytes > 0 ? bytes(cell.bytes) : "",
            cell.memory > 0 ? `${bytes(cell.memory)} of memory` : "", cell.worker ? workerName(cell.worker) : "",
        ].filter(Boolean).join(" \u00b7 ");
        return `Stage ${cell.stage}, partition ${cell.partition}\n${STATES[cell.state]?.[0] ?? cell.state}${figures ? `\n${figures}` : ""}`;
    }

    key(key) {
        const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.across, ArrowUp: -this.across }[key];
        if (by === undefined || this.cells.length === 0) return false;
        this.selected = Math.max(0, Math.min(this.cells.length - 1, this.selected + by));
        const [x, y] = this.at(this.selected);
        this.show(x, y, this.words(this.cells[this.selected]));
        this.redraw();
        return true;
    }

    describe() {
        const counts = Object.entries(STATES).map(([key, [name]]) => [name, this.cells.filter(cell => cell.state === key).length]).filter(([, n]) => n > 0);
        return `${count(this.cells.length)} partitions: ${counts.map(([name, n]) => `${count(n)} ${name}`).join(", ")}. Arrow keys read them one by one.`;
    }

    caption() {
        const swatch = ink => () => [shape("rect", { width: 14, height: 14, rx: 2, fill: `var(--${ink})` })];
        if (this.by === "state") legend(this.note, Object.values(STATES).map(([name, ink]) => [name, swatch(ink === "off" ? "off-soft" : ink)]), "");
        else if (this.by === "worker") legend(this.note, this.workers.slice(0, WORKERS).map((worker, i) => [workerName(worker), swatch(`series-${i + 1}`)]), `The worker of the last attempt.${this.partly}`);
        else this.note.textContent = `Fuller colour is more; below, how many partitions have how much. Point at a bar to see which.${this.partly}`;
    }
}
customElements.define("partition-grid", PartitionGrid);
