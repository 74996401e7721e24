// The attempts of one job from its first to its last. Wheel or + and - zoom, dragging or arrow keys with Shift move, Esc shows all.
import { Bars } from "./bars.js";
import { read } from "./drawing.js";
import { duration } from "./format.js";

class TimeLine extends Bars {
    unit = "since start";
    toneName = "stage";
    tone(bar) { return (bar.stage % 8) + 1; }

    connectedCallback() {
        super.connectedCallback();
        if (this.isWired) return;
        this.isWired = true;
        this.canvas.addEventListener("wheel", event => {
            if (!event.ctrlKey && !event.shiftKey) return;
            event.preventDefault();
            this.zoom(event.deltaY > 0 ? 1.25 : 0.8, event.offsetX);
        }, { passive: false });
        this.canvas.addEventListener("pointerdown", event => { this.held = event.offsetX; this.canvas.setPointerCapture(event.pointerId); });
        this.canvas.addEventListener("pointerup", () => { this.held = undefined; });
        this.canvas.addEventListener("pointermove", event => {
            if (this.held === undefined) return;
            this.move(((this.held - event.offsetX) / (this.clientWidth - this.labels)) * (this.to - this.from));
            this.held = event.offsetX;
        });
    }

    async load() {
        this.every = this.getAttribute("live") === "true" ? 2000 : 0;
        const found = await read(`/jobs/${this.getAttribute("job")}/timeline`);
        const whole = this.from === undefined || (this.from === this.first && this.to === this.last);
        this.set(found.bars);
        this.first = Math.min(...this.bars.map(bar => bar.from), Infinity);
        this.last = Math.max(...this.bars.map(bar => bar.to ?? Date.now()), -Infinity);
        if (!Number.isFinite(this.first)) { this.first = Date.now() - 1000; this.last = Date.now(); }
        if (whole) { this.from = this.first; this.to = Math.max(this.last, this.first + 10); }
        this.caption(`One row a slot${found.merged ? "; neighbours are merged" : ""}. Ctrl and the wheel, or + and \u2212, zoom.`);
    }

    tick(at) { return duration(Math.max(0, (at - this.first) / 1000)); }

    // Steps count from the job's start, not from midnight.
    axis(pen, width, height) {
        const span = this.to - this.from, room = Math.max(2, (width - this.labels) / 90);
        const power = 10 ** Math.floor(Math.log10(span / room));
        const step = [1, 2, 5, 10].map(each => each * power).find(each => span / each <= room) ?? span;
        pen.textAlign = "center";
        for (let at = this.first + Math.ceil((this.from - this.first) / step) * step; at <= this.to; at += step) {
            const x = this.x(at);
            this.line(pen, this.ink("line"), x, 0, x, height - 24);
            pen.fillStyle = this.ink("muted");
            if (x > this.labels + 20 && x < width - 20) pen.fillText(this.tick(at), x, height - 12);
        }
        pen.textAlign = "left";
        pen.fillStyle = this.ink("muted");
        pen.fillText(this.labels < 100 ? "time" : "time since start", 0, height - 12);
    }

    zoom(factor, x = this.clientWidth / 2) {
        const at = this.from + ((x - this.labels) / (this.clientWidth - this.labels)) * (this.to - this.from);
        this.from = at - (at - this.from) * factor;
        this.to = at + (this.to - at) * factor;
        this.redraw();
    }

    move(by) { this.from += by; this.to += by; this.redraw(); }

    key(key) {
        if (key === "+" || key === "=") { this.zoom(0.8); return true; }
        if (key === "-") { this.zoom(1.25); return true; }
        if (key === "Escape") { this.from = this.first; this.to = this.last; this.redraw(); return true; }
        if (key === "Home") { this.move((this.from - this.to) / 4); return true; }
        if (key === "End") { this.move((this.to - this.from) / 4); return true; }
        return super.key(key);
    }
}
customElements.define("time-line", TimeLine);
