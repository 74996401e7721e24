// All partitions of a job, one cell each, coloured by state, time, rows or bytes; beside them how the figure is spread.
import { Drawn, legend, read, shape, ticks } from "./drawing.js";
import { bytes, count, duration } from "./format.js";

const STATES = { W: ["waiting", "off"], R: ["running", "live"], C: ["committed", "ok"], F: ["failed", "bad"], S: ["split", "warn"], X: ["cancelled", "muted"] };
const SIGNS = { F: "\u2715", S: "/", X: "\u2013", R: "\u25b8" };
const FIGURES = { rows: count, seconds: duration, bytes };
const HEAD = 22, FOOT = 96;

class PartitionGrid extends Drawn {
    cells = [];
    selected = -1;

    async load() {
        this.every = this.getAttribute("live") === "true" ? 1500 : 0;
        this.by = this.getAttribute("by") ?? "state";
        const found = await read(`/jobs/${this.getAttribute("job")}/partitions/summary`);
        this.stages = found.stages;
        this.cells = found.stages.flatMap(stage => [...stage.states].map((state, partition) => ({
            stage: stage.stage, partition, state, rows: stage.rows?.[partition] ?? 0, seconds: stage.seconds?.[partition] ?? 0, bytes: stage.bytes?.[partition] ?? 0,
        })));
        this.place();
        this.caption();
    }

    place() {
        const width = Math.max(200, this.clientWidth);
        const many = this.cells.length;
        this.size = many > 20000 ? 5 : many > 4000 ? 7 : many > 800 ? 10 : many > 200 ? 14 : 20;
        this.across = Math.max(1, Math.floor(width / this.size));
        let top = 0;
        this.tops = this.stages.map(stage => {
            const at = top + HEAD;
            top = at + Math.ceil(stage.states.length / this.across) * this.size + 6;
            return at;
        });
        this.height = Math.max(60, top) + (this.by === "state" ? 0 : FOOT);
    }

    draw(pen, width, height) {
        this.place();
        if (Math.abs(this.height - height) > 1) return this.redraw();
        pen.clearRect(0, 0, width, height);
        const values = this.cells.map(cell => cell[this.by]).filter(value => value > 0);
        this.most = Math.max(...(values.length > 50000 ? [values.reduce((a, b) => Math.max(a, b), 0)] : values), 1e-9);
        this.stages.forEach((stage, index) => {
            pen.fillStyle = this.ink("muted");
            pen.fillText(`Stage ${stage.stage}${stage.name ? ` \u00b7 ${stage.name}` : ""} \u00b7 ${count(stage.states.length)} ${stage.states.length === 1 ? "partition" : "partitions"}`, 0, this.tops[index] - HEAD / 2);
        });
        const inks = Object.fromEntries(Object.entries(STATES).map(([key, [, ink]]) => [key, this.ink(ink)]));
        const series = this.ink("series-1"), back = this.ink("off-soft"), sign = this.ink("surface");
        this.cells.forEach((cell, index) => {
            const [x, y] = this.at(cell);
            const side = this.size - 1;
            if (this.by === "state") {
                pen.fillStyle = cell.state === "W" ? back : inks[cell.state];
                pen.fillRect(x, y, side, side);
                if (SIGNS[cell.state] && side > 9) {
                    pen.fillStyle = sign;
                    pen.textAlign = "center";
                    pen.fillText(SIGNS[cell.state], x + side / 2, y + side / 2 + 1);
                    pen.textAlign = "left";
                }
            } else {
                pen.fillStyle = back;
                pen.fillRect(x, y, side, side);
                pen.globalAlpha = cell[this.by] > 0 ? 0.12 + 0.88 * (cell[this.by] / this.most) : 0;
                pen.fillStyle = series;
                pen.fillRect(x, y, side, side);
                pen.globalAlpha = 1;
            }
            if (index === this.selected) {
                pen.strokeStyle = this.ink("text");
                pen.lineWidth = 2;
                pen.strokeRect(x, y, side, side);
            }
        });
        if (this.by !== "state") this.histogram(pen, width, height, values);
    }

    histogram(pen, width, height, values) {
        const bins = new Array(Math.min(40, Math.max(5, Math.floor(width / 30)))).fill(0);
        values.forEach(value => { bins[Math.min(bins.length - 1, Math.floor((value / this.most) * bins.length))]++; });
        const tall = Math.max(...bins, 1), left = 44, base = height - 22, room = FOOT - 36, each = (width - left - 4) / bins.length;
        pen.fillStyle = this.ink("series-1");
        bins.forEach((n, i) => { if (n) pen.fillRect(left + i * each, base - (n / tall) * room, Math.max(1, each - 1), (n / tall) * room); });
        pen.fillStyle = this.ink("muted");
        pen.fillText(count(tall), 2, base - room + 4);
        pen.fillText("parts", 2, base - 4);
        ticks(0, this.most, Math.max(2, Math.floor(width / 110))).forEach(at => {
            pen.textAlign = at === 0 ? "left" : "center";
            const x = left + (at / this.most) * (width - left - 4);
            if (x < width - 20) pen.fillText(FIGURES[this.by](at), x, height - 9);
        });
        pen.textAlign = "left";
    }

    at(cell) {
        const index = this.stages.findIndex(stage => stage.stage === cell.stage);
        return [(cell.partition % this.across) * this.size, this.tops[index] + Math.floor(cell.partition / this.across) * this.size];
    }

    point(x, y) {
        const found = this.cells.findIndex(cell => {
            const [left, top] = this.at(cell);
            return x >= left && x < left + this.size && y >= top && y < top + this.size;
        });
        this.show(x, y, found < 0 ? "" : this.words(this.cells[found]));
    }

    words(cell) {
        const figures = [cell.rows > 0 ? `${count(cell.rows)} rows` : "", cell.seconds > 0 ? duration(cell.seconds) : ""].filter(Boolean).join(" \u00b7 ");
        return `Stage ${cell.stage}, partition ${cell.partition}\n${STATES[cell.state]?.[0] ?? cell.state}${figures ? `\n${figures}` : ""}`;
    }

    key(key) {
        const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.across, ArrowUp: -this.across }[key];
        if (by === undefined) return false;
        this.selected = Math.max(0, Math.min(this.cells.length - 1, this.selected + by));
        const [x, y] = this.at(this.cells[this.selected]);
        this.show(x, y, this.words(this.cells[this.selected]));
        this.redraw();
        return true;
    }

    describe() {
        const counts = Object.entries(STATES).map(([key, [name]]) => [name, this.cells.filter(cell => cell.state === key).length]).filter(([, n]) => n > 0);
        return `${count(this.cells.length)} partitions: ${counts.map(([name, n]) => `${count(n)} ${name}`).join(", ")}. Arrow keys read them one by one.`;
    }

    caption() {
        if (this.by !== "state") {
            this.note.textContent = `Darker is more ${this.by === "seconds" ? "time" : this.by}; below, how many partitions have how much.`;
            return;
        }
        legend(this.note, Object.values(STATES).map(([name, ink]) => [
            name, () => [shape("rect", { width: 14, height: 14, fill: `var(--${ink === "off" ? "off-soft" : ink})` })]]), "");
    }
}
customElements.define("partition-grid", PartitionGrid);
