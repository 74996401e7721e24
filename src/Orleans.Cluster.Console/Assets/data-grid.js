// Rows of a result, loaded a page at a time while they are scrolled to. Only what is in sight is in the document.
import { read } from "./drawing.js";
import { count } from "./format.js";

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|INTEGER|DOUBLE|FLOAT|REAL|DECIMAL\(.*\))$/;
const PAGE = 200, TALL = 28, SPARE = 12;

class DataGrid extends HTMLElement {
    static observedAttributes = ["src"];
    connectedCallback() { this.open(); }
    attributeChangedCallback() { if (this.isConnected) this.open(); }

    async open() {
        const src = this.getAttribute("src");
        this.pages = new Map();
        this.replaceChildren(Object.assign(document.createElement("p"), { className: "muted", textContent: "Reading\u2026" }));
        try {
            const first = await this.page(0);
            if (this.getAttribute("src") !== src) return;
            this.columns = first.columns;
            this.total = first.totalRows;
            this.build();
        } catch (error) {
            this.replaceChildren(Object.assign(document.createElement("p"), { className: "muted", textContent: error.message }));
        }
    }

    page(index) {
        if (!this.pages.has(index)) this.pages.set(index, read(`${this.getAttribute("src")}?offset=${index * PAGE}&limit=${PAGE}`));
        return this.pages.get(index);
    }

    build() {
        const table = document.createElement("table");
        table.setAttribute("aria-rowcount", this.total + 1);
        const head = table.createTHead().insertRow();
        for (const column of [{ name: "#", type: "" }, ...this.columns]) {
            const cell = document.createElement("th");
            cell.scope = "col";
            cell.textContent = column.name;
            if (column.type) { cell.append(" ", Object.assign(document.createElement("span"), { className: "type", textContent: column.type }));
                if (NUMERIC.test(column.type)) cell.style.textAlign = "right"; }
            head.append(cell);
        }
        this.above = table.createTBody();
        this.body = table.createTBody();
        this.below = table.createTBody();
        const view = Object.assign(document.createElement("div"), { className: "window", tabIndex: 0 });
        view.setAttribute("role", "region");
        view.setAttribute("aria-label", this.getAttribute("label") ?? "Rows");
        view.append(table);
        view.addEventListener("scroll", () => { if (!this.waiting) this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.fill(); }); });
        this.view = view;
        this.replaceChildren(view, Object.assign(document.createElement("div"), { className: "chart-note", textContent: `${count(this.total)} rows, ${count(this.columns.length)} columns` }));
        this.fill();
    }

    async fill() {
        const first = Math.max(0, Math.floor(this.view.scrollTop / TALL) - SPARE);
        const last = Math.min(this.total, first + Math.ceil((this.view.clientHeight || 400) / TALL) + 2 * SPARE);
        const wanted = [];
        for (let page = Math.floor(first / PAGE); page * PAGE < last; page++) wanted.push(this.page(page));
        const pages = await Promise.all(wanted);
        const base = Math.floor(first / PAGE) * PAGE;
        const rows = pages.flatMap(page => page.rows).slice(first - base, last - base);
        this.space(this.above, first * TALL);
        this.space(this.below, (this.total - last) * TALL);
        this.body.replaceChildren(...rows.map((row, index) => this.row(first + index, row)));
        if (this.pages.size > 50) for (const key of [...this.pages.keys()].slice(0, 20)) this.pages.delete(key);
    }

    space(body, height) {
        body.replaceChildren();
        if (height <= 0) return;
        const cell = body.insertRow().insertCell();
        cell.colSpan = this.columns.length + 1;
        // A browser draws no element taller than some 30 million pixels.
        cell.style.cssText = `height:${Math.min(height, 15e6)}px;padding:0;border:0`;
    }

    row(number, values) {
        const row = document.createElement("tr");
        row.setAttribute("aria-rowindex", number + 2);
        row.insertCell().textContent = count(number + 1);
        values.forEach((value, index) => {
            const cell = row.insertCell();
            if (value === null) { cell.className = "is-null"; cell.textContent = "NULL"; return; }
            cell.textContent = typeof value === "object" ? JSON.stringify(value) : String(value);
            cell.title = cell.textContent;
            if (NUMERIC.test(this.columns[index].type)) cell.style.textAlign = "right";
        });
        return row;
    }
}
customElements.define("data-grid", DataGrid);
