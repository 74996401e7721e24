// What all drawn elements share: a canvas that is sharp, follows the theme and its own size, and can be read without being seen.

export const SERIES = 8;
export const api = path => `/api/processing${path}`;

export async function read(path) {
    const answer = await fetch(api(path), { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.detail ?? `The gateway answered ${answer.status}.`);
    return answer.json();
}

/** A stable colour number, 1 to 8, for a text such as a job's id. */
export function hue(text) {
    let hash = 0;
    for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) >>> 0;
    return (hash % SERIES) + 1;
}

/** Round steps for an axis: at most `wanted` of them. */
export function ticks(low, high, wanted) {
    const span = high - low || 1;
    const power = 10 ** Math.floor(Math.log10(span / wanted));
    const step = [1, 2, 5, 10].map(each => each * power).find(each => span / each <= wanted) ?? power * 10;
    const list = [];
    for (let at = Math.ceil(low / step) * step; at <= high + step / 1e6; at += step) list.push(Math.abs(at) < step / 1e6 ? 0 : at);
    return list;
}

/** The same in whole binary units, for bytes. */
export function byteTicks(low, high, wanted) {
    const unit = 1024 ** Math.max(0, Math.floor(Math.log(Math.max(1, high)) / Math.log(1024)));
    return ticks(low / unit, high / unit, wanted).map(each => each * unit);
}

export class Drawn extends HTMLElement {
    height = 220;
    every = 0;

    connectedCallback() {
        if (this.canvas) return this.start();
        this.canvas = document.createElement("canvas");
        this.canvas.tabIndex = 0;
        this.canvas.setAttribute("role", "img");
        this.tip = Object.assign(document.createElement("div"), { className: "chart-tip", hidden: true });
        this.note = Object.assign(document.createElement("div"), { className: "chart-note" });
        this.append(this.canvas, this.tip, this.note);
        this.canvas.addEventListener("pointermove", event => this.point(event.offsetX, event.offsetY));
        this.canvas.addEventListener("pointerleave", () => { this.tip.hidden = true; this.leave?.(); });
        this.canvas.addEventListener("keydown", event => { if (this.key?.(event.key)) event.preventDefault(); });
        this.start();
    }

    start() {
        this.sized = new ResizeObserver(() => this.redraw());
        this.sized.observe(this);
        this.themed = () => this.redraw();
        document.addEventListener("themechange", this.themed);
        this.refresh();
    }

    disconnectedCallback() {
        this.sized?.disconnect();
        document.removeEventListener("themechange", this.themed);
        clearTimeout(this.timer);
    }

    static observedAttributes = ["src", "job", "live", "minutes", "by", "columns", "kind"];
    attributeChangedCallback() { if (this.canvas && this.isConnected) this.refresh(); }

    /** Loads, draws, and does so again after a while, unless nobody can see it. */
    async refresh() {
        clearTimeout(this.timer);
        const turn = (this.turn = (this.turn ?? 0) + 1);
        if (!document.hidden) {
            try {
                await this.load();
                if (turn !== this.turn) return;
                this.fault = null;
                this.isLoaded = true;
            } catch (error) {
                if (turn !== this.turn) return;
                this.fault = error.message;
            }
            this.redraw();
        }
        if (this.every > 0 && this.isConnected) this.timer = setTimeout(() => this.refresh(), this.every);
    }

    redraw() {
        if (this.waiting) return;
        this.waiting = requestAnimationFrame(() => {
            this.waiting = 0;
            if (!this.isConnected) return;
            if (this.fault) this.note.textContent = this.fault;
            // Nothing to draw on yet, and after a refusal what was drawn last stays.
            if (!this.isLoaded) {
                this.canvas.setAttribute("aria-label", this.fault ?? "Loading");
                return;
            }
            const width = Math.max(200, this.clientWidth);
            const sharp = devicePixelRatio || 1;
            this.canvas.width = Math.round(width * sharp);
            this.canvas.height = Math.round(this.height * sharp);
            this.canvas.style.height = `${this.height}px`;
            const style = getComputedStyle(this);
            this.ink = name => style.getPropertyValue(`--${name}`).trim();
            const pen = this.canvas.getContext("2d");
            pen.setTransform(sharp, 0, 0, sharp, 0, 0);
            pen.font = `${0.75 * parseFloat(getComputedStyle(document.documentElement).fontSize)}px ${style.fontFamily}`;
            pen.textBaseline = "middle";
            this.draw(pen, width, this.height);
            this.canvas.setAttribute("aria-label", this.fault ?? this.describe());
        });
    }

    show(x, y, text) {
        this.tip.hidden = !text;
        if (!text) return;
        this.tip.textContent = text;
        const left = Math.min(x + 12, this.clientWidth - this.tip.offsetWidth - 4);
        this.tip.style.left = `${Math.max(0, left)}px`;
        this.tip.style.top = `${y + 14}px`;
    }

    point() { }
    describe() { return ""; }
}

/** Swatches with words, so that colour is never alone. */
export function legend(note, entries, text) {
    note.replaceChildren(document.createTextNode(text));
    for (const [name, paint] of entries) {
        const item = Object.assign(document.createElement("span"), { className: "legend" });
        const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        svg.setAttribute("viewBox", "0 0 14 14");
        svg.setAttribute("aria-hidden", "true");
        svg.append(...paint());
        item.append(svg, document.createTextNode(name));
        note.append(item);
    }
}

export function shape(name, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
}
