// What the rows that a page has loaded say of each column: nulls, distinct values, least, most, and how numbers are spread.
import { read, shape } from "./drawing.js";
import { count, share } from "./format.js";

const ROWS = 5000, BINS = 24;
const NUMERIC = /INT|DOUBLE|FLOAT|DECIMAL|REAL/;

class ColumnFigures extends HTMLElement {
    static observedAttributes = ["src"];
    connectedCallback() { this.open(); }
    attributeChangedCallback() { if (this.isConnected) this.open(); }

    async open() {
        try {
            const { columns, rows, totalRows } = await read(`${this.getAttribute("src")}?limit=${ROWS}`);
            this.build(columns, rows, totalRows);
        } catch (error) {
            this.textContent = error.message;
        }
    }

    build(columns, rows, totalRows) {
        const table = document.createElement("table");
        const head = table.createTHead().insertRow();
        for (const name of ["Column", "Type", "Nulls", "Distinct", "Least", "Most", "Spread"]) head.append(Object.assign(document.createElement("th"), { scope: "col", textContent: name }));
        const body = table.createTBody();
        columns.forEach((column, index) => this.row(body, column, rows.map(row => row[index])));
        const scroll = Object.assign(document.createElement("div"), { className: "scroll", tabIndex: 0 });
        scroll.setAttribute("role", "region");
        scroll.setAttribute("aria-label", "Figures of the columns");
        scroll.append(table);
        const text = totalRows > rows.length ? `Over the first ${count(rows.length)} of ${count(totalRows)} rows; an operation of the kind "profile" counts all of them.` : `Over all ${count(rows.length)} rows.`;
        this.replaceChildren(scroll, Object.assign(document.createElement("div"), { className: "chart-note", textContent: text }));
    }

    row(body, column, values) {
        const there = values.filter(value => value !== null);
        const numeric = NUMERIC.test(column.type) && !column.type.includes("[");
        const parts = numeric ? there.map(Number).filter(Number.isFinite).sort((a, b) => a - b) : there.map(value => (typeof value === "object" ? JSON.stringify(value) : String(value))).sort();
        const short = value => (value === undefined ? "\u2013" : numeric ? count(value) : value.length > 40 ? `${value.slice(0, 39)}\u2026` : value);
        const row = body.insertRow();
        row.insertCell().textContent = column.name;
        row.insertCell().textContent = column.type;
        row.insertCell().textContent = values.length ? share((values.length - there.length) / values.length) : "\u2013";
        row.insertCell().textContent = count(new Set(there.map(value => JSON.stringify(value))).size);
        row.insertCell().textContent = short(parts[0]);
        row.insertCell().textContent = short(parts.at(-1));
        const spread = row.insertCell();
        if (numeric && parts.length > 1) spread.append(this.histogram(column.name, parts));
    }

    histogram(name, sorted) {
        const low = sorted[0], span = sorted.at(-1) - low || 1, bins = new Array(BINS).fill(0);
        sorted.forEach(value => { bins[Math.min(BINS - 1, Math.floor(((value - low) / span) * BINS))]++; });
        const most = Math.max(...bins);
        const svg = shape("svg", { width: BINS * 5, height: 24, role: "img", "aria-label": `Spread of ${name} from ${count(low)} to ${count(low + span)}, most in one of ${BINS} parts: ${count(most)} rows` });
        bins.forEach((n, i) => { if (n) svg.append(shape("rect", { x: i * 5, y: 24 - (n / most) * 24, width: 4, height: (n / most) * 24, fill: "var(--series-1)" })); });
        return svg;
    }
}
customElements.define("column-figures", ColumnFigures);
