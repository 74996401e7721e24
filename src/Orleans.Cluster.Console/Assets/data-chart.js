// A chart over rows of a result: bar, line, scatter, histogram or heat map. Its choice is in the page's address.
import { Drawn, read, ticks } from "./drawing.js";
import { count } from "./format.js";

const LEFT = 68, BOTTOM = 46, TOP = 12, ROWS = 5000;
const NUMERIC = /INT|DOUBLE|FLOAT|DECIMAL|REAL/;

class DataChart extends Drawn {
    height = 320;
    static observedAttributes = ["src", "kind", "across", "up"];

    async load() {
        const src = this.getAttribute("src");
        if (this.read !== src) {
            this.found = await read(`${src}?limit=${ROWS}`);
            this.read = src;
            this.dispatchEvent(new CustomEvent("loaded"));
        }
        const { columns, rows } = this.found;
        const numeric = columns.filter(column => NUMERIC.test(column.type)).map(column => column.name);
        this.kind = this.getAttribute("kind") || "bar";
        this.across = this.getAttribute("across") || columns.find(column => !numeric.includes(column.name))?.name || columns[0]?.name;
        this.up = this.getAttribute("up") || numeric.find(name => name !== this.across) || numeric[0] || columns.at(-1)?.name;
        const a = columns.findIndex(column => column.name === this.across), b = columns.findIndex(column => column.name === this.up);
        this.points = rows.map(row => [row[a], row[b]]).filter(([x, y]) => x !== null && y !== null);
        this.note.textContent = this.found.totalRows > rows.length
            ? `Drawn from the first ${count(rows.length)} of ${count(this.found.totalRows)} rows.` : `Drawn from all ${count(rows.length)} rows.`;
    }

    draw(pen, width, height) {
        pen.clearRect(0, 0, width, height);
        this.spots = [];
        this.pen = pen;
        this.box = { left: LEFT, right: width - 12, top: TOP, bottom: height - BOTTOM };
        const numbers = this.points?.map(([x, y]) => [Number(x), Number(y)]).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)) ?? [];
        if (!this.points?.length) return this.say("There are no rows to draw.");
        if (this.kind === "histogram") return this.histogram(this.points.map(([, y]) => Number(y)).filter(Number.isFinite));
        if (this.kind === "bar") return this.bars();
        if (numbers.length === 0) return this.say(`A ${this.kind} chart needs two columns of numbers.`);
        if (this.kind === "heat") return this.heat(numbers);
        return this.lines(numbers, this.kind === "line");
    }

    say(text) { this.pen.fillStyle = this.ink("muted"); this.pen.fillText(text, LEFT, this.height / 2); }

    frame(x0, x1, y0, y1, named) {
        const { pen, box } = this;
        pen.strokeStyle = this.ink("line");
        pen.fillStyle = this.ink("muted");
        const y = value => box.bottom - ((value - y0) / (y1 - y0 || 1)) * (box.bottom - box.top);
        const x = value => box.left + ((value - x0) / (x1 - x0 || 1)) * (box.right - box.left);
        pen.textAlign = "right";
        for (const at of ticks(y0, y1, 6)) {
            pen.beginPath();
            pen.moveTo(box.left, y(at));
            pen.lineTo(box.right, y(at));
            pen.stroke();
            pen.fillText(count(at), box.left - 6, y(at));
        }
        pen.textAlign = "center";
        if (!named) for (const at of ticks(x0, x1, Math.max(2, Math.floor((box.right - box.left) / 90)))) pen.fillText(count(at), Math.min(x(at), box.right - 14), box.bottom + 12);
        pen.fillText(this.kind === "histogram" ? this.up : this.across, (box.left + box.right) / 2, this.height - 10);
        pen.save();
        pen.translate(10, (box.top + box.bottom) / 2);
        pen.rotate(-Math.PI / 2);
        pen.fillText(this.kind === "histogram" ? "rows" : this.up, 0, 0);
        pen.restore();
        pen.textAlign = "left";
        return { x, y };
    }

    bars() {
        const { pen, box } = this;
        const shown = this.points.slice(0, Math.max(4, Math.floor((box.right - box.left) / 8))).map(([x, y]) => [String(x), Number(y)]).filter(([, y]) => Number.isFinite(y));
        if (shown.length === 0) return this.say(`The column ${this.up} has no numbers.`);
        if (shown.length < this.points.length) this.note.textContent = `The first ${count(shown.length)} bars of ${count(this.points.length)} rows.`;
        const high = Math.max(0, ...shown.map(([, y]) => y)), low = Math.min(0, ...shown.map(([, y]) => y));
        const { y } = this.frame(0, shown.length, low, high * 1.05 || 1, true);
        const each = (box.right - box.left) / shown.length, skip = Math.ceil(70 / each);
        shown.forEach(([name, value], i) => {
            const left = box.left + i * each;
            pen.fillStyle = this.ink("series-1");
            pen.fillRect(left + each * 0.12, Math.min(y(value), y(0)), Math.max(1, each * 0.76), Math.abs(y(value) - y(0)));
            this.spots.push([left, left + each, `${name}\n${this.up}: ${value}`]);
            pen.fillStyle = this.ink("muted");
            pen.textAlign = "center";
            if (i % skip === 0) pen.fillText(name.length > 11 ? `${name.slice(0, 10)}\u2026` : name, left + each / 2, box.bottom + 12);
        });
        pen.textAlign = "left";
    }

    lines(numbers, joined) {
        const { pen } = this;
        if (joined) numbers.sort((a, b) => a[0] - b[0]);
        const { x, y } = this.frame(...this.range(numbers, 0), ...this.range(numbers, 1));
        pen.strokeStyle = pen.fillStyle = this.ink("series-1");
        pen.lineWidth = 1.5;
        pen.beginPath();
        numbers.forEach(([a, b], i) => {
            if (joined) { if (i) pen.lineTo(x(a), y(b)); else pen.moveTo(x(a), y(b)); }
            else { pen.moveTo(x(a) + 2.5, y(b)); pen.arc(x(a), y(b), 2.5, 0, 7); }
            this.spots.push([x(a) - 4, x(a) + 4, `${this.across}: ${a}\n${this.up}: ${b}`, y(b)]);
        });
        if (joined) pen.stroke(); else { pen.globalAlpha = 0.7; pen.fill(); pen.globalAlpha = 1; }
    }

    histogram(values) {
        if (values.length === 0) return this.say(`The column ${this.up} has no numbers.`);
        const { pen, box } = this;
        const low = values.reduce((a, b) => Math.min(a, b)), high = values.reduce((a, b) => Math.max(a, b));
        const bins = new Array(Math.max(5, Math.min(40, Math.floor((box.right - box.left) / 20)))).fill(0), span = high - low || 1;
        values.forEach(value => { bins[Math.min(bins.length - 1, Math.floor(((value - low) / span) * bins.length))]++; });
        const { x, y } = this.frame(low, low + span, 0, Math.max(...bins) * 1.05);
        bins.forEach((n, i) => {
            const from = low + (span * i) / bins.length, to = low + (span * (i + 1)) / bins.length;
            pen.fillStyle = this.ink("series-1");
            pen.fillRect(x(from), y(n), Math.max(1, x(to) - x(from) - 1), y(0) - y(n));
            this.spots.push([x(from), x(to), `${count(from)} to ${count(to)}\n${count(n)} rows`]);
        });
    }

    heat(numbers) {
        const { pen, box } = this;
        const [x0, x1] = this.range(numbers, 0), [y0, y1] = this.range(numbers, 1);
        const across = Math.max(4, Math.floor((box.right - box.left) / 16)), up = Math.max(4, Math.floor((box.bottom - box.top) / 16));
        const cells = new Map();
        for (const [a, b] of numbers) {
            const key = Math.min(across - 1, Math.floor(((a - x0) / (x1 - x0)) * across)) + across * Math.min(up - 1, Math.floor(((b - y0) / (y1 - y0)) * up));
            cells.set(key, (cells.get(key) ?? 0) + 1);
        }
        const { x, y } = this.frame(x0, x1, y0, y1), most = Math.max(...cells.values());
        for (const [key, n] of cells) {
            const i = key % across, j = Math.floor(key / across), left = x(x0 + ((x1 - x0) * i) / across), top = y(y0 + ((y1 - y0) * (j + 1)) / up);
            pen.fillStyle = this.ink("series-1");
            pen.globalAlpha = 0.15 + 0.85 * (n / most);
            pen.fillRect(left, top, (box.right - box.left) / across - 1, (box.bottom - box.top) / up - 1);
            pen.globalAlpha = 1;
            this.spots.push([left, left + (box.right - box.left) / across, `${count(n)} rows`, top + 8]);
        }
        this.note.textContent += ` Darker is more rows, at most ${count(most)} a cell.`;
    }

    range(numbers, part) {
        let low = Infinity, high = -Infinity;
        for (const point of numbers) { low = Math.min(low, point[part]); high = Math.max(high, point[part]); }
        return low === high ? [low - 0.5, high + 0.5] : [low, high];
    }

    point(px, py) {
        const spot = this.spots?.find(([from, to, , y]) => px >= from && px < to && (y === undefined || Math.abs(y - py) < 9));
        this.show(px, py, spot?.[2] ?? "");
    }

    describe() { return `${this.kind} chart of ${this.up} by ${this.across}, ${count(this.points?.length ?? 0)} rows. The rows are in the table beside it.`; }
}
customElements.define("data-chart", DataChart);
