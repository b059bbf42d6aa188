"use strict";
// Hovering shows one micro-turn: what it heard, when its answer sounds, where its time went. Playing moves the line.
const { period, left, width, staves, turns, due, lockstep } = JSON.parse(document.getElementById("data").textContent);
const systems = [...document.querySelectorAll("svg.system")].map((svg) => ({
  svg, start: +svg.dataset.start, end: +svg.dataset.end, span: +svg.dataset.span,
}));
const byK = new Map(turns.map((turn) => [turn.k, turn]));
const card = document.getElementById("card");
const x = (system, t) => left + ((t - system.start) / system.span) * width;
const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const ms = (value) => `${value.toFixed(Math.abs(value) < 10 ? 1 : 0)} ms`;
let shown = null;

function span(system, from, to, top, height, name) {
  const a = Math.max(from, system.start), b = Math.min(to, system.end);
  if (b <= a) return "";
  return `<rect class="${name}" x="${x(system, a)}" y="${top}" width="${x(system, b) - x(system, a)}" height="${height}" rx="2"/>`;
}

function highlight(turn) {
  for (const system of systems) {
    let marks = "";
    if (turn) {
      const from = turn.k * period, to = from + period;
      marks += span(system, from, to, staves.in, staves.height, "ear");
      marks += span(system, from, to, staves.time, staves.timeHeight, "ear");
      marks += span(system, turn.out, turn.out + period, staves.out, staves.height, "mouth");
      if (to >= system.start && turn.out <= system.end) {
        const low = staves.in + staves.height;
        marks += `<path d="M${x(system, to)} ${low}C${x(system, to)} ${low + 12} ${x(system, turn.out)} ${staves.out - 12} ${x(system, turn.out)} ${staves.out}"/>`;
      }
    }
    system.svg.querySelector(".hover").innerHTML = marks;
  }
}

function fill(turn) {
  const most = Math.max(1, ...turn.stages.map(([, us]) => us));
  const rows = turn.stages.map(([name, us]) =>
    `<tr><td>${name}</td><td style="width:45%"><i style="width:${(100 * us) / most}%"></i></td><td>${ms(us / 1000)}</td></tr>`);
  const said = turn.said.length ? `<p><b>“${escape(turn.said.join(" "))}”</b></p>` : "";
  const verdict = lockstep ? turn.timing
    : `${turn.timing.replace("_", " ")}, ${ms(turn.took)} after cutoff, ${turn.late <= 0 ? `${ms(-turn.late)} early` : `<span class="bad">${ms(turn.late)} late</span>`}`;
  const trouble = turn.trouble.length ? `<p class="bad">${escape(turn.trouble.join(" · "))}</p>` : "";
  const notes = turn.events.length ? `<p>${escape(turn.events.join(" · "))}</p>` : "";
  card.innerHTML = `<h2>Micro-turn ${turn.k}</h2><p>hears ${(turn.k * period).toFixed(1)} s, sounds ${turn.out.toFixed(2)} s<br>${verdict}</p>${said}${notes}${trouble}<table>${rows.join("")}</table>`;
}

function show(turn, clientX, clientY) {
  if (turn !== shown) { shown = turn; highlight(turn); if (turn) fill(turn); }
  card.style.visibility = turn ? "visible" : "hidden";
  if (!turn) return;
  const box = card.getBoundingClientRect();
  const away = 64; // leaves the output of this micro-turn in sight
  const rightward = clientX + away + box.width < innerWidth;
  card.style.left = `${rightward ? clientX + away : clientX - box.width - 18}px`;
  card.style.top = `${Math.max(8, Math.min(clientY - 20, innerHeight - box.height - 8))}px`;
}

function timeAt(system, event) {
  const box = system.svg.getBoundingClientRect();
  const inside = ((event.clientX - box.left) / box.width) * system.svg.viewBox.baseVal.width;
  return system.start + ((inside - left) / width) * system.span;
}

for (const system of systems) {
  system.svg.addEventListener("pointermove", (event) => {
    const t = timeAt(system, event);
    show(t < system.end ? byK.get(Math.floor(t / period)) ?? null : null, event.clientX, event.clientY);
  });
  system.svg.addEventListener("pointerleave", () => show(null));
  system.svg.addEventListener("click", (event) => { if (audio) { audio.currentTime = Math.max(0, timeAt(system, event)); move(); } });
}

const audio = document.getElementById("audio"), play = document.getElementById("play");
function move() {
  const t = audio.currentTime;
  for (const system of systems) {
    const line = system.svg.querySelector(".playhead");
    const here = t > 0 && t >= system.start && t < system.end;
    line.style.visibility = here ? "visible" : "hidden";
    if (here) { line.setAttribute("x1", x(system, t)); line.setAttribute("x2", x(system, t)); }
  }
  if (!audio.paused) requestAnimationFrame(move);
}
if (audio) {
  play.addEventListener("click", () => (audio.paused ? audio.play() : audio.pause()));
  audio.addEventListener("play", () => { play.textContent = "❚❚ Pause"; move(); });
  audio.addEventListener("pause", () => { play.textContent = "▶ Listen"; });
}
