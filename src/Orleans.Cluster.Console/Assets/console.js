// What every page has: keys, copying, times relative to now, and the elements that draw.
import "./slot-stream.js";
import "./time-line.js";
import "./partition-grid.js";
import "./line-chart.js";
import "./job-graph.js";
import "./data-grid.js";
import "./data-chart.js";
import "./column-figures.js";
import "./sql-editor.js";
import "./saved-filters.js";
import "./sign-in.js";
import { relative } from "./format.js";

class RelativeTime extends HTMLElement {
    static observedAttributes = ["datetime"];
    static shown = new Set();
    connectedCallback() { RelativeTime.shown.add(this); this.write(); }
    disconnectedCallback() { RelativeTime.shown.delete(this); }
    attributeChangedCallback() { this.write(); }
    write() {
        const at = new Date(this.getAttribute("datetime"));
        if (Number.isNaN(at.valueOf())) return;
        this.title = at.toISOString().replace("T", " ").replace(/\.\d+Z/, " UTC");
        const text = relative(at);
        if (this.textContent !== text) this.textContent = text;
    }
}
customElements.define("rel-time", RelativeTime);
setInterval(() => { if (!document.hidden) RelativeTime.shown.forEach(each => each.write()); }, 1000);

const pages = { n: "/", j: "/jobs", s: "/submit", d: "/data", c: "/cluster", q: "/queue", h: "/history" };
let going = 0;
document.addEventListener("keydown", event => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); document.getElementById("find")?.focus(); }
    else if (event.key === "?") document.getElementById("keys")?.showModal();
    else if (event.key === "t") window.switchTheme();
    else if (event.key === "g") going = Date.now();
    else if (Date.now() - going < 1500 && pages[event.key]) { going = 0; Blazor.navigateTo(pages[event.key]); }
});

document.addEventListener("click", async event => {
    const button = event.target.closest("[data-copy], [data-theme-switch], [data-show-keys], [data-sign-out], [data-reload], [data-download]");
    if (!button) return;
    if (button.dataset.copy !== undefined) {
        await navigator.clipboard.writeText(button.dataset.copy);
        const before = button.textContent;
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = before; }, 1500);
    } else if (button.dataset.themeSwitch !== undefined) window.switchTheme();
    else if (button.dataset.showKeys !== undefined) document.getElementById("keys")?.showModal();
    else if (button.dataset.download !== undefined) await download(button);
    else if (button.dataset.reload !== undefined) { event.preventDefault(); location.reload(); }
    else if (button.dataset.signOut !== undefined) {
        await fetch("/api/processing/session", { method: "DELETE" });
        location.assign("/sign-in");
    }
});

// A link cannot say which form it wants; a request can.
async function download(button) {
    button.disabled = true;
    try {
        const answer = await fetch(button.dataset.download, { headers: { Accept: button.dataset.accept } });
        if (!answer.ok) throw new Error((await answer.json().catch(() => null))?.detail ?? `The gateway answered ${answer.status}.`);
        const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(await answer.blob()), download: button.dataset.name });
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    } catch (error) {
        button.title = error.message;
        button.textContent = "Failed";
    } finally {
        button.disabled = false;
    }
}
