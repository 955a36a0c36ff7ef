// The time that counts: now, or one that the clock is turned to.

const clock = { turned: null };

const clockSeconds = () => clock.turned ?? Math.floor(Date.now() / 1000);

/** RFC 3339 in UTC. */
function dated(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds} s since 1970` : date.toISOString().replace(".000", "");
}

/** A span of seconds in its largest unit. */
function span(seconds) {
  for (const [size, unit] of [[86400, "day"], [3600, "hour"], [60, "minute"]]) {
    if (seconds >= 2 * size) return `${Math.floor(seconds / size)} ${unit}s`;
  }
  const whole = Math.floor(seconds);
  return `${whole} second${whole === 1 ? "" : "s"}`;
}

/** To this time; null: back to now. */
function turnClock(seconds) {
  clock.turned = seconds;
  choose("clock-mode", seconds === null ? "now" : "turned");
  showClock();
}

function showClock() {
  const field = $("clock");
  if (document.activeElement !== field) field.value = dated(clockSeconds());
  field.readOnly = clock.turned === null;
  const away = clockSeconds() - Date.now() / 1000;
  const words = clock.turned === null ? "The clock of this machine, in UTC." : Math.abs(away) < 2 ? "Turned to now." : `Turned ${span(Math.abs(away))} ${away < 0 ? "back" : "ahead"}.`;
  if (clock.turned === null || field.getAttribute("aria-invalid") !== "true") say($("clock-note"), words);
}

function readClock() {
  const text = $("clock").value.trim();
  const seconds = /^\d{1,12}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) ? Date.parse(text) / 1000 : NaN;
  $("clock").setAttribute("aria-invalid", String(Number.isNaN(seconds)));
  if (Number.isNaN(seconds)) return say($("clock-note"), "A time such as 2026-11-01T00:00:00Z, or seconds since 1970.");
  clock.turned = seconds;
  choose("clock-mode", "turned");
  showClock();
  changed();
}
