// Trades an API key or token for the browser's cookie. The key goes to the gateway once, in the header where keys belong.
class SignIn extends HTMLElement {
    connectedCallback() { this.addEventListener("submit", event => { event.preventDefault(); this.send(event.target); }); }
    async send(form) {
        const note = this.querySelector("[role=alert]");
        note.textContent = "";
        const answer = await fetch("/api/processing/session", {
            method: "POST", headers: { Authorization: `Bearer ${form.elements.key.value.trim()}`, "Content-Type": "application/json" }, body: "{}",
        }).catch(() => null);
        if (answer?.ok) {
            const to = new URLSearchParams(location.search).get("to") ?? "/";
            // Only to a page of this gateway.
            location.assign(/^\/(?![/\\])/.test(to) ? to : "/");
            return;
        }
        const problem = await answer?.json().catch(() => null);
        note.textContent = problem?.detail ?? "The gateway does not answer.";
    }
}
customElements.define("sign-in", SignIn);
