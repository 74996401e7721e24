// What the slots did in the last minutes. It moves with the time and never zooms by itself; "live" is a pin that can be taken out.
import { Bars } from "./bars.js";
import { read } from "./drawing.js";

class SlotStream extends Bars {
    every = 2000;
    live = true;

    connectedCallback() {
        super.connectedCallback();
        if (this.pin) return;
        this.pin = Object.assign(document.createElement("button"), { type: "button", className: "small" });
        this.pin.onclick = () => { this.live = !this.live; this.name(); this.refresh(); };
        this.name();
        this.prepend(this.pin);
    }

    name() {
        this.pin.textContent = this.live ? "● Live" : "○ Held";
        this.pin.setAttribute("aria-pressed", String(this.live));
        this.pin.title = this.live ? "Hold the picture" : "Follow the time again";
    }

    async load() {
        if (!this.live && this.rows.length > 0) return;
        const minutes = Number(this.getAttribute("minutes") ?? 5);
        this.to = Date.now();
        this.from = this.to - minutes * 60000;
        const found = await read(`/timeline?from=${new Date(this.from).toISOString()}&to=${new Date(this.to).toISOString()}`);
        this.set(found.bars);
        this.merged = found.merged;
        this.caption(`The last ${minutes} minutes, one row a slot${this.merged ? "; neighbours are merged" : ""}.`);
    }

    key(key) {
        if (key === "Escape") { this.live = true; this.name(); this.refresh(); return true; }
        return super.key(key);
    }
}
customElements.define("slot-stream", SlotStream);
