// Attempts as bars: one row for each slot of each worker, one bar for each attempt, over time.
import { Drawn, hue, legend, shape } from "./drawing.js";
import { clock, count, duration, workerName } from "./format.js";

const ROW = 22, TOP = 6, AXIS = 24;
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400].map(each => each * 1000);

export class Bars extends Drawn {
    bars = [];
    rows = [];
    selected = -1;

    set(bars) {
        this.bars = bars.map(bar => ({ ...bar, from: Date.parse(bar.startedAt), to: bar.endedAt ? Date.parse(bar.endedAt) : null }));
        const key = bar => `${bar.worker}\u0000${String(bar.slot).padStart(4, "0")}`;
        this.rows = [...new Set(this.bars.map(key))].sort();
        const place = new Map(this.rows.map((row, index) => [row, index]));
        this.bars.forEach(bar => { bar.row = place.get(key(bar)); });
        this.bars.sort((a, b) => a.from - b.from);
        this.height = TOP + Math.max(2, Math.min(this.rows.length, 400)) * ROW + AXIS;
    }

    get labels() { return this.clientWidth < 500 ? 80 : 136; }
    /** What tells bars apart by colour: in the stream the job, within one job the stage. */
    tone(bar) { return hue(bar.job); }
    x(at) { return this.labels + ((at - this.from) / (this.to - this.from || 1)) * (this.clientWidth - this.labels - 8); }

    draw(pen, width, height) {
        pen.clearRect(0, 0, width, height);
        this.axis(pen, width, height);
        if (this.bars.length === 0) {
            this.say(pen, this.getAttribute("empty") ?? "No attempts in this time.", width);
        }
        pen.fillStyle = this.ink("muted");
        this.rows.forEach((row, index) => {
            const [worker, slot] = row.split("\u0000");
            const name = workerName(worker);
            pen.fillText(this.labels < 100 ? `\u2026${name.slice(-5)} / ${Number(slot)}` : `${name.slice(-16)} / ${Number(slot)}`, 0, TOP + index * ROW + ROW / 2);
        });
        pen.save();
        pen.beginPath();
        pen.rect(this.labels, 0, width - this.labels, height - AXIS + 1);
        pen.clip();
        this.bars.forEach((bar, index) => this.bar(pen, bar, index === this.selected));
        pen.restore();
    }

    /** Words in place of bars, in as many lines as the width needs, over no line of the grid. */
    say(pen, words, width) {
        const lines = [""];
        for (const word of words.split(" ")) {
            const longer = `${lines.at(-1)} ${word}`.trim();
            if (lines.at(-1) && pen.measureText(longer).width > width - 8) lines.push(word);
            else lines[lines.length - 1] = longer;
        }
        lines.forEach((line, index) => {
            const y = TOP + ROW / 2 + index * ROW * 0.8;
            pen.clearRect(0, y - ROW / 2, pen.measureText(line).width + 8, ROW);
            pen.fillStyle = this.ink("muted");
            pen.fillText(line, 0, y);
        });
    }

    bar(pen, bar, isSelected) {
        const left = this.x(bar.from), right = this.x(bar.to ?? Math.min(Date.now(), this.to));
        if (right < this.labels || left > this.clientWidth) return;
        const w = Math.max(2, right - left - 1), top = TOP + bar.row * ROW + 3, h = ROW - 6;
        const failed = bar.state === "FAILED" || bar.state === "LOST";
        pen.fillStyle = failed ? this.ink("gone") : this.ink(`series-${this.tone(bar)}`);
        pen.globalAlpha = bar.state === "CANCELLED" ? 0.35 : 1;
        pen.fillRect(left, top, w, h);
        pen.globalAlpha = 1;
        if (failed) {
            pen.strokeStyle = this.ink("bad");
            pen.lineWidth = 1.5;
            pen.strokeRect(left + 0.75, top + 0.75, Math.max(0.5, w - 1.5), h - 1.5);
            if (w > 14) this.cross(pen, left + 8, top + h / 2);
        }
        if (bar.state === "RUNNING") this.hatch(pen, left, top, w, h);
        if (bar.attempt > 1 || isSelected) {
            pen.strokeStyle = isSelected ? this.ink("focus") : this.ink("warn");
            pen.lineWidth = 2;
            pen.strokeRect(left + 1, top + 1, Math.max(1, w - 2), h - 2);
        }
    }

    // Still running: open to the right.
    hatch(pen, left, top, w, h) {
        pen.save();
        pen.beginPath();
        pen.rect(left, top, w, h);
        pen.clip();
        for (let x = left - h; x < left + w; x += 8) this.line(pen, this.ink("surface"), x, top + h, x + h, top);
        pen.restore();
    }

    cross(pen, x, y) {
        this.line(pen, this.ink("bad"), x - 3, y - 3, x + 3, y + 3);
        this.line(pen, this.ink("bad"), x - 3, y + 3, x + 3, y - 3);
    }

    line(pen, ink, x1, y1, x2, y2) {
        pen.strokeStyle = ink;
        pen.lineWidth = 1;
        pen.beginPath();
        pen.moveTo(x1, y1);
        pen.lineTo(x2, y2);
        pen.stroke();
    }

    axis(pen, width, height) {
        const span = this.to - this.from, room = Math.max(2, (width - this.labels) / 90);
        const step = STEPS.find(each => span / each <= room) ?? 86400000;
        pen.textAlign = "center";
        for (let at = Math.ceil(this.from / step) * step; at <= this.to; at += step) {
            const x = this.x(at);
            this.line(pen, this.ink("line"), x, 0, x, height - AXIS);
            pen.fillStyle = this.ink("muted");
            if (x > this.labels + 24 && x < width - 24) pen.fillText(this.tick(at, step), x, height - AXIS / 2);
        }
        pen.textAlign = "left";
        pen.fillStyle = this.ink("muted");
        pen.fillText(this.unit, 0, height - AXIS / 2);
    }

    unit = "time (UTC)";
    toneName = "job";
    tick(at, step) { return clock(at, step < 60000); }

    point(x, y) {
        const row = Math.floor((y - TOP) / ROW);
        const index = this.bars.findLastIndex(bar => bar.row === row && this.x(bar.from) - 2 <= x && this.x(bar.to ?? Date.now()) + 2 >= x);
        this.over = index;
        this.show(x, y, index < 0 ? "" : this.words(this.bars[index]));
    }

    words(bar) {
        const many = bar.count > 1 ? `${count(bar.count)} attempts, merged` : `stage ${bar.stage}, partition ${bar.partition}, attempt ${bar.attempt}`;
        const length = ((bar.to ?? Date.now()) - bar.from) / 1000;
        return `${bar.name ?? `job ${bar.job.slice(-8)}`}\n${many}\n${bar.state} \u00b7 ${duration(length)} \u00b7 ${workerName(bar.worker)} / slot ${bar.slot}`;
    }

    /** Arrow keys go from bar to bar, Enter opens its job. */
    key(key) {
        if (key === "ArrowRight" || key === "ArrowLeft") {
            this.selected = Math.max(0, Math.min(this.bars.length - 1, this.selected + (key === "ArrowRight" ? 1 : -1)));
            const bar = this.bars[this.selected];
            if (bar) this.show(Math.max(this.labels, this.x(bar.from)), TOP + bar.row * ROW, this.words(bar));
            this.redraw();
            return true;
        }
        if (key === "Enter" && this.bars[this.selected]) { Blazor.navigateTo(`/jobs/${this.bars[this.selected].job}`); return true; }
        return false;
    }

    describe() {
        const failed = this.bars.filter(bar => bar.state === "FAILED" || bar.state === "LOST").length;
        const running = this.bars.filter(bar => bar.state === "RUNNING").length;
        return `${count(this.bars.length)} attempts on ${count(this.rows.length)} slots; ${running} running, ${failed} failed. Arrow keys read them one by one.`;
    }

    caption(text) {
        const fill = name => ({ fill: `var(--${name})` });
        legend(this.note, [
            [`committed, by ${this.toneName}`, () => [shape("rect", { width: 14, height: 14, ...fill("series-1") })]],
            ["running", () => [shape("rect", { width: 14, height: 14, ...fill("series-1") }), shape("path", { d: "M0 14L14 0M-4 10L10 -4M4 18L18 4", stroke: "var(--surface)" })]],
            ["failed or lost", () => [shape("rect", { x: 0.75, y: 0.75, width: 12.5, height: 12.5, ...fill("gone"), stroke: "var(--bad)", "stroke-width": 1.5 }), shape("path", { d: "M4 4L10 10M4 10L10 4", stroke: "var(--bad)" })]],
            ["second attempt or later", () => [shape("rect", { x: 1, y: 1, width: 12, height: 12, ...fill("series-1"), stroke: "var(--warn)", "stroke-width": 2 })]],
        ], text);
    }
}
