// Filters of the job list that this browser keeps: the part of the address behind the question mark, under a name.
class SavedFilters extends HTMLElement {
    connectedCallback() { this.write(); }
    get kept() { return JSON.parse(localStorage.getItem("filters") ?? "{}"); }
    set kept(value) { localStorage.setItem("filters", JSON.stringify(value)); this.write(); }
    write() {
        this.replaceChildren();
        for (const [name, query] of Object.entries(this.kept)) {
            const link = Object.assign(document.createElement("a"), { className: "chip", href: `/jobs${query}`, textContent: `★ ${name}` });
            const drop = Object.assign(document.createElement("button"), { type: "button", className: "quiet small", textContent: "✕" });
            drop.setAttribute("aria-label", `Forget the filter ${name}`);
            drop.onclick = () => { const rest = this.kept; delete rest[name]; this.kept = rest; };
            this.append(link, drop);
        }
        const save = Object.assign(document.createElement("button"), { type: "button", className: "small", textContent: "Save this filter" });
        save.onclick = () => {
            const name = prompt("Name of the filter");
            if (name) this.kept = { ...this.kept, [name]: location.search };
        };
        this.append(save);
    }
}
customElements.define("saved-filters", SavedFilters);
