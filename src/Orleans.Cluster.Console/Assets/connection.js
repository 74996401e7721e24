// Keeps the page connected: tries again for as long as it takes, and loads the page anew when the gateway was started again meanwhile.
const bar = document.getElementById("components-reconnect-modal");
const alive = () => fetch("/api/processing/health/live", { cache: "no-store" }).then(answer => answer.ok, () => false);

async function reloadOnceAlive() {
    bar.classList.add("is-away");
    while (!(await alive())) {
        await new Promise(done => setTimeout(done, 1000));
    }
    location.reload();
}

bar.addEventListener("components-reconnect-state-changed", event => {
    if (event.detail.state === "rejected" || event.detail.state === "failed") {
        reloadOnceAlive();
    }
});

// The frame that stood there before the page goes with the page's first element.
const app = document.getElementById("app");
new MutationObserver((_, watch) => {
    if (app.firstElementChild) {
        document.getElementById("first").remove();
        watch.disconnect();
    }
}).observe(app, { childList: true });

const wait = attempt => (attempt >= 20 ? null : Math.min(3000, 300 * (attempt + 1)));
try {
    await Blazor.start({ circuit: { reconnectionOptions: { retryIntervalMilliseconds: wait } } });
} catch {
    // The gateway went away between the page and its connection.
    reloadOnceAlive();
}
