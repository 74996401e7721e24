// Figures over time: /metrics/cluster, or the points that a page gives as JSON.
import { Drawn, byteTicks, legend, read, shape, ticks } from "./drawing.js";
import { bytes, clock, count, relative } from "./format.js";

const LEFT = 62, BOTTOM = 24, TOP = 22, MARKS = 40;

class LineChart extends Drawn {
    height = 200;
    series = [];

    async load() {
        this.names = (this.getAttribute("columns") ?? "").split(",").filter(Boolean);
        this.every = Number(this.getAttribute("live") ?? 0) * 1000;
        const found = await read(this.getAttribute("src"));
        const samples = found.samples ?? [];
        this.from = Date.parse(found.since);
        this.to = Date.parse(found.until);
        // Where nothing was measured for longer, no line claims to know what was between.
        this.gap = 2.5 * 1000 * (found.stepSeconds ?? 60);
        this.series = this.names.map(name => samples.filter(each => name in each.figures).map(each => [Date.parse(each.at), each.figures[name]]));
        this.marks = this.hasAttribute("marks") ? (await read(this.getAttribute("marks"))).map(each => ({ ...each, x: Date.parse(each.at) })).filter(each => each.x >= this.from).slice(-MARKS) : [];
        this.caption();
    }

    words(name) { return name.replace(/([A-Z])/g, " $1").toLowerCase().replace(/ bytes$| per second$/, ""); }

    get form() { return this.getAttribute("unit") === "bytes" ? bytes : count; }

    draw(pen, width, height) {
        pen.clearRect(0, 0, width, height);
        const most = Math.max(...this.series.flat().map(([, value]) => value), 0);
        this.top = most > 0 ? most * 1.08 : 1;
        const y = value => height - BOTTOM - (value / this.top) * (height - BOTTOM - TOP);
        this.x = at => LEFT + ((at - this.from) / (this.to - this.from || 1)) * (width - LEFT - 10);
        pen.strokeStyle = this.ink("line");
        pen.fillStyle = this.ink("muted");
        pen.lineWidth = 1;
        pen.textAlign = "right";
        // Half a worker is no mark of an axis.
        const whole = this.series.flat().every(([, value]) => Number.isInteger(value));
        const marks = this.getAttribute("unit") === "bytes" ? byteTicks : ticks;
        for (const at of marks(0, this.top, 5).filter(each => !whole || Number.isInteger(each))) {
            pen.beginPath();
            pen.moveTo(LEFT, y(at));
            pen.lineTo(width - 10, y(at));
            pen.stroke();
            pen.fillText(this.form(at), LEFT - 6, y(at));
        }
        pen.textAlign = "left";
        pen.fillText(this.axis, 0, 9);
        const wanted = Math.max(2, Math.floor((width - LEFT) / 110));
        for (let i = 0; i <= wanted; i++) {
            const at = this.from + ((this.to - this.from) * i) / wanted;
            const long = this.to - this.from > 2 * 86400000;
            pen.textAlign = i === wanted ? "right" : i === 0 ? "left" : "center";
            pen.fillText(long ? new Date(at).toISOString().slice(5, 10) : clock(at, this.to - this.from < 600000), this.x(at), height - 10);
        }
        pen.textAlign = "left";
        this.series.forEach((points, index) => {
            pen.strokeStyle = this.ink(`series-${(index % 8) + 1}`);
            pen.lineWidth = 2;
            pen.setLineDash([[], [6, 3], [2, 3], [8, 3, 2, 3]][index % 4]);
            pen.beginPath();
            points.forEach(([at, value], i) => {
                if (i === 0 || at - points[i - 1][0] > this.gap) pen.moveTo(this.x(at), y(value));
                else pen.lineTo(this.x(at), y(value));
            });
            pen.stroke();
            if (this.series.length === 1) this.fillBelow(pen, points, y);
            if (points.length === 1) pen.fillRect(this.x(points[0][0]) - 2, y(points[0][1]) - 2, 4, 4);
        });
        pen.setLineDash([]);
        this.drawMarks(pen, height);
        if (this.hover !== undefined) {
            pen.strokeStyle = this.ink("edge");
            pen.lineWidth = 1;
            pen.beginPath();
            pen.moveTo(this.hover, TOP);
            pen.lineTo(this.hover, height - BOTTOM);
            pen.stroke();
        }
        if (this.series.every(points => points.length === 0)) {
            pen.fillStyle = this.ink("muted");
            pen.fillText("Nothing was measured in this time.", LEFT + 12, height / 2);
        }
    }

    fillBelow(pen, points, y) {
        pen.globalAlpha = 0.14;
        pen.fillStyle = pen.strokeStyle;
        let from = 0;
        for (let i = 1; i <= points.length; i++) {
            if (i < points.length && points[i][0] - points[i - 1][0] <= this.gap) continue;
            pen.beginPath();
            pen.moveTo(this.x(points[from][0]), y(0));
            for (const [at, value] of points.slice(from, i)) pen.lineTo(this.x(at), y(value));
            pen.lineTo(this.x(points[i - 1][0]), y(0));
            pen.fill();
            from = i;
        }
        pen.globalAlpha = 1;
    }

    get axis() { return this.getAttribute("axis") ?? (this.getAttribute("unit") === "bytes" ? "bytes" : "number"); }

    /** A triangle for each decision: up where workers were added, down where they were taken away. */
    drawMarks(pen, height) {
        pen.fillStyle = pen.strokeStyle = this.ink("muted");
        pen.lineWidth = 1;
        for (const mark of this.marks ?? []) {
            const x = this.x(mark.x), up = mark.to >= mark.from;
            pen.setLineDash([2, 3]);
            pen.beginPath();
            pen.moveTo(x, TOP);
            pen.lineTo(x, height - BOTTOM);
            pen.stroke();
            pen.setLineDash([]);
            pen.beginPath();
            pen.moveTo(x - 5, TOP + (up ? 0 : -8));
            pen.lineTo(x + 5, TOP + (up ? 0 : -8));
            pen.lineTo(x, TOP + (up ? -8 : 0));
            pen.fill();
        }
    }

    point(x, y) {
        const mark = (this.marks ?? []).find(each => Math.abs(this.x(each.x) - x) < 6 && y < TOP + 24);
        if (mark) return this.show(x, y, `${mark.from} to ${mark.to} workers, ${relative(mark.x)}\n${mark.reason}`);
        const lines = this.series.map((points, index) => {
            const near = points.reduce((best, each) => (!best || Math.abs(this.x(each[0]) - x) < Math.abs(this.x(best[0]) - x) ? each : best), null);
            return near ? [`${this.words(this.names[index])}: ${this.form(near[1])}`, near[0]] : null;
        }).filter(Boolean);
        const at = lines.length ? this.x(lines[0][1]) : undefined;
        if (at !== this.hover) { this.hover = at; this.redraw(); }
        this.show(x, y, lines.length ? `${clock(lines[0][1], true)} UTC\n${lines.map(([text]) => text).join("\n")}` : "");
    }

    leave() { this.hover = undefined; this.redraw(); }

    describe() {
        return this.series.map((points, index) => {
            const values = points.map(([, value]) => value);
            return values.length ? `${this.words(this.names[index])}: last ${this.form(values.at(-1))}, at most ${this.form(Math.max(...values))}` : `${this.words(this.names[index])}: nothing measured`;
        }).join(". ");
    }

    caption() {
        const dashes = ["", "6 3", "2 3", "8 3 2 3"];
        legend(this.note, this.names.map((name, index) => [
            this.words(name), () => [shape("path", { d: "M0 7H14", stroke: `var(--series-${(index % 8) + 1})`, "stroke-width": 2, "stroke-dasharray": dashes[index % 4] })]]),
            "UTC");
        if (this.marks.length > 0) this.note.append(" \u25b2 \u25bc decisions to add or take away workers");
    }
}
customElements.define("line-chart", LineChart);
