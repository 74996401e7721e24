// Before the first paint: the theme that the viewer chose, else the system's.
(() => {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const apply = () => {
        document.documentElement.dataset.theme = localStorage.getItem("theme") ?? (system.matches ? "dark" : "light");
        document.dispatchEvent(new Event("themechange"));
    };
    apply();
    system.addEventListener("change", apply);
    window.addEventListener("storage", apply);
    window.switchTheme = () => {
        localStorage.setItem("theme", document.documentElement.dataset.theme === "dark" ? "light" : "dark");
        apply();
    };
})();
