// Numbers and times for people, as Format/Numbers.cs writes them.
const scale = (value, step, units) => {
    let unit = 0;
    while (Math.abs(value) >= step - step / 2000 && unit < units.length - 1) { value /= step; unit++; }
    const digits = Math.abs(value) >= 100 || (unit === 0 && Number.isInteger(value)) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
    return String(Number(value.toFixed(digits))) + units[unit];
};
export const count = value => Math.abs(value) < 10000 && Number.isInteger(value)
    ? value.toLocaleString("en-US") : scale(value, 1000, ["", " k", " M", " G", " T", " P"]);
export const bytes = value => scale(value, 1024, [" B", " KiB", " MiB", " GiB", " TiB", " PiB"]);
export const share = value => String(Number((value * 100).toFixed(1))) + " %";
export const duration = seconds => {
    if (seconds === 0) return "0 s";
    if (seconds < 0.0005) return "< 1 ms";
    if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
    if (seconds < 59.95) return `${Number(seconds.toFixed(1))} s`;
    const whole = Math.round(seconds);
    const pair = (a, ua, b, ub) => (b === 0 ? `${a} ${ua}` : `${a} ${ua} ${b} ${ub}`);
    if (whole < 3600) return pair(Math.floor(whole / 60), "min", whole % 60, "s");
    if (whole < 86400) return pair(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
    return pair(Math.floor(whole / 86400), "d", Math.floor((whole % 86400) / 3600), "h");
};
export const relative = at => {
    const seconds = (Date.now() - at) / 1000;
    if (Math.abs(seconds) < 2) return "just now";
    const text = duration(Math.abs(seconds) < 60 ? Math.round(Math.abs(seconds)) : Math.round(Math.abs(seconds) / 60) * 60);
    return seconds < 0 ? `in ${text}` : `${text} ago`;
};
/** A worker for people, as Words.Worker writes it. */
export const workerName = id => id.replace(/^w-/, "").replace(/(.)@.*$/, "$1");
export const clock = (at, withSeconds) => {
    const text = new Date(at).toISOString();
    return withSeconds ? text.slice(11, 19) : text.slice(11, 16);
};
