// Clocks tick here, from the server's time. They are not live regions; they speak at half, at 2 minutes and when over.
import { say } from './voice.js';

const SLEPT_MS = 10_000;
const UNITS = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
let ahead = 0;
let lastTick = Date.now();

export function serverNow() {
  return Date.now() + ahead;
}

/** Time left as 11:24, over as +4:05, from an hour on 3 h 40. `ms` is negative when over. */
export function clockText(ms) {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const sign = ms < 0 && seconds ? '+' : '';
  const two = (n) => String(n).padStart(2, '0');
  if (seconds >= 3600) return `${sign}${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))}`;
  return `${sign}${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
}

/** How old something is, as a phrase: just now, 8 s ago, 4 min ago, 6 h ago, 12 d ago. */
export function agoText(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 3) return 'just now';
  const [unit, length] = UNITS.find(([, each]) => seconds >= each);
  return `${Math.floor(seconds / length)} ${unit} ago`;
}

export function startClocks() {
  ahead = Date.parse(document.body.dataset.now) - Date.now();
  tick();
  setInterval(tick, 1000);
}

async function tick() {
  const slept = Date.now() - lastTick > SLEPT_MS;
  lastTick = Date.now();
  if (slept) await askTime();
  document.querySelectorAll('[data-due]').forEach(showDue);
  document.querySelectorAll('[data-since]').forEach((at) => {
    at.textContent = clockText(serverNow() - Date.parse(at.dataset.since));
  });
  document.querySelectorAll('[data-ago]').forEach((at) => { at.textContent = agoText(serverNow() - Date.parse(at.dataset.ago)); });
  showWallClock();
}

// A tab that slept asks before it shows a clock.
async function askTime() {
  document.querySelectorAll('[data-due], [data-since], [data-ago]').forEach((at) => { at.textContent = '…'; });
  try {
    const answer = await fetch('/healthz', { cache: 'no-store' });
    ahead = Date.parse(answer.headers.get('Date')) - Date.now();
  } catch { /* offline: the banner says so */ }
}

function showDue(at) {
  const left = Date.parse(at.dataset.due) - serverNow();
  const before = at.dataset.left ? Number(at.dataset.left) : left;
  at.textContent = clockText(left);
  at.dataset.left = String(left);
  const box = at.closest('.clock, .watch');
  const bar = box && box.querySelector('[data-fill]');
  if (bar) bar.setAttribute('width', String(Math.min(100, Math.max(0, 100 - (left / Number(at.dataset.whole)) * 100))));
  speak(at, before, left);
}

function speak(at, before, left) {
  const named = at.dataset.name;
  if (!named) return;
  const passed = (mark) => before > mark && left <= mark;
  if (passed(0)) say(`${named}: overdue now`);
  else if (passed(120_000)) say(`${named}: 2 minutes left`);
  else if (passed(Number(at.dataset.whole) / 2)) say(`${named}: half of the time is used`);
}

function showWallClock() {
  const now = new Date(serverNow());
  const local = document.querySelector('[data-clock="local"]');
  const utc = document.querySelector('[data-clock="utc"]');
  const shape = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  if (local) local.textContent = now.toLocaleTimeString('en-GB', { ...shape, timeZone: document.body.dataset.zone });
  if (utc) utc.textContent = `${now.toLocaleTimeString('en-GB', { ...shape, timeZone: 'UTC' })} UTC`;
}
