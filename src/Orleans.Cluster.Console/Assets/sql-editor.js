// Completion for a text area of SQL: the names that the page gives, then words of SQL. The text area stays an ordinary one.
const WORDS = ("SELECT FROM WHERE GROUP BY ORDER HAVING LIMIT JOIN LEFT INNER FULL ON USING AS AND OR NOT NULL IS IN BETWEEN LIKE CASE WHEN THEN ELSE END "
    + "DISTINCT UNION ALL WITH OVER PARTITION DESC ASC CAST count sum avg min max median quantile_cont stddev_samp round coalesce lower upper substr "
    + "regexp_matches date_trunc row_number rank lag lead string_agg list").split(" ");

class SqlEditor extends HTMLElement {
    connectedCallback() {
        this.area = this.querySelector("textarea");
        if (!this.area || this.list) return;
        this.list = document.createElement("ul");
        this.list.setAttribute("role", "listbox");
        this.list.id = "completions";
        this.list.setAttribute("aria-label", "Completions");
        this.list.hidden = true;
        this.append(this.list);
        this.area.setAttribute("aria-autocomplete", "list");
        this.area.setAttribute("aria-controls", "completions");
        this.area.addEventListener("input", () => this.offer());
        this.area.addEventListener("keydown", event => this.key(event));
        this.area.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    }

    get names() { return (this.getAttribute("names") ?? "").split("\n").filter(Boolean); }

    word() {
        const before = this.area.value.slice(0, this.area.selectionStart);
        return /[\p{L}\p{N}_]+$/u.exec(before)?.[0] ?? "";
    }

    offer() {
        const word = this.word();
        if (word.length < 1) return this.close();
        const wanted = word.toLowerCase();
        const found = [...new Set([...this.names, ...WORDS])].filter(each => each.toLowerCase().startsWith(wanted) && each !== word).slice(0, 12);
        if (found.length === 0) return this.close();
        this.at = 0;
        this.list.replaceChildren(...found.map((each, index) => {
            const item = Object.assign(document.createElement("li"), { textContent: each, id: `completion-${index}` });
            item.setAttribute("role", "option");
            item.onmousedown = event => { event.preventDefault(); this.take(each); };
            return item;
        }));
        this.list.hidden = false;
        this.place();
        this.mark();
    }

    place() {
        const before = this.area.value.slice(0, this.area.selectionStart).split("\n");
        const tall = Number.parseFloat(getComputedStyle(this.area).lineHeight) || 20;
        this.list.style.top = `${Math.min(this.area.offsetTop + this.area.offsetHeight, this.area.offsetTop + before.length * tall + 12 - this.area.scrollTop)}px`;
        this.list.style.left = `${Math.min(this.area.offsetWidth - 230, 8 + before.at(-1).length * 7.6)}px`;
    }

    mark() {
        [...this.list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === this.at)));
        this.area.setAttribute("aria-activedescendant", `completion-${this.at}`);
        this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
    }

    key(event) {
        if (this.list.hidden) return;
        const many = this.list.children.length;
        if (event.key === "ArrowDown") this.at = (this.at + 1) % many;
        else if (event.key === "ArrowUp") this.at = (this.at + many - 1) % many;
        else if (event.key === "Tab" || event.key === "Enter") { event.preventDefault(); return this.take(this.list.children[this.at].textContent); }
        else if (event.key === "Escape") return this.close();
        else return;
        event.preventDefault();
        this.mark();
    }

    take(text) {
        const end = this.area.selectionStart, start = end - this.word().length;
        const quoted = /^[a-z_][a-z0-9_]*$/i.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
        this.area.setRangeText(quoted, start, end, "end");
        this.close();
        this.area.dispatchEvent(new Event("input", { bubbles: true }));
        this.close();
    }

    close() { this.list.hidden = true; this.area.removeAttribute("aria-activedescendant"); }
}
customElements.define("sql-editor", SqlEditor);
