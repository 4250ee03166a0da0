// What happens at the desk, as it happens. Nothing moves under a hand: see the rules at each screen.
import { clockText, serverNow } from './clocks.js';
import { cardChanged } from './keys.js';
import { say } from './voice.js';

const SETTLE_MS = 250;
const SILENT_MS = 5000;
let lostAt = 0;
let pending = 0;
let partnerPending = 0;
let mailPending = 0;

export function startLive() {
  const source = new EventSource(document.body.dataset.live);
  source.addEventListener('open', back);
  source.addEventListener('error', lost);
  source.addEventListener('case', (event) => changed(JSON.parse(event.data)));
  source.addEventListener('partner', (event) => partnerChanged(JSON.parse(event.data).partner_id));
  source.addEventListener('mail', mailChanged);
  source.addEventListener('reset', () => changed(null));
  addEventListener('offline', lost);
  addEventListener('online', back);
  setInterval(showOffline, 1000);
  setTimeout(() => { if (source.readyState !== EventSource.OPEN) word('not live', 'unknown'); }, SILENT_MS);
  document.addEventListener('click', (event) => { if (event.target.closest('[data-shows-new]')) showRows(); });
}

function word(text, state) {
  const mark = document.getElementById('live');
  mark.className = `live c-${state}`;
  mark.querySelector('[data-live-word]').textContent = text;
}

function back() {
  word('live', 'done');
  if (!lostAt) return;
  lostAt = 0;
  setDisabled(false);
  document.getElementById('offline')?.remove();
  changed(null);
}

async function lost() {
  word('not live', 'unknown');
  try { await fetch('/healthz', { cache: 'no-store' }); } catch { goOffline(); }
}

function goOffline() {
  if (lostAt) return;
  lostAt = serverNow();
  word('offline', 'unknown');
  const banner = document.createElement('div');
  banner.id = 'offline';
  banner.className = 'banner s-unknown gap-b';
  banner.setAttribute('role', 'status');
  document.getElementById('banners').append(banner);
  setDisabled(true);
  showOffline();
}

function setDisabled(off) {
  document.querySelectorAll('[data-answer], [data-sends]').forEach((at) => { at.disabled = off; });
}

function showOffline() {
  const banner = document.getElementById('offline');
  if (!banner) return;
  const from = new Date(lostAt).toLocaleTimeString('en-GB', { timeZone: document.body.dataset.zone });
  banner.textContent = `No connection for ${clockText(serverNow() - lostAt)}. What you see is from ${from}. Nothing you press now is saved; the numbers to dial stay readable.`;
}

function changed(happening) {
  clearTimeout(pending);
  const screen = document.body.dataset.screen;
  const follow = { queue: followQueue, mail: followMail, case: () => followCase(happening), partner: followPartner }[screen] || followDanger;
  pending = setTimeout(follow, SETTLE_MS);
}

async function page() {
  const answer = await fetch(location.href, { headers: { 'X-Live': '1' }, cache: 'no-store' });
  if (!answer.ok) return null;
  return new DOMParser().parseFromString(await answer.text(), 'text/html');
}

function replace(fresh, id) {
  const now = document.getElementById(id);
  const next = fresh.getElementById(id);
  if (!now || !next || now.contains(document.activeElement)) return;
  now.replaceWith(document.importNode(next, true));
  htmx.process(document.getElementById(id));
}

// Danger is the only thing that may push the page down, and not while someone types.
function showDanger(fresh) {
  const strip = fresh.getElementById('danger');
  const now = document.getElementById('danger');
  if (now && !strip) { now.remove(); document.body.classList.remove('with-strip'); return; }
  if (!strip) return;
  if (now) { now.replaceWith(document.importNode(strip, true)); return; }
  say(`Danger: ${strip.querySelector('.cut').textContent.trim()}`, true);
  word('danger', 'danger');
  const drop = () => {
    document.querySelector('header.bar').after(document.importNode(strip, true));
    document.body.classList.add('with-strip');
    word('live', 'done');
  };
  const field = document.activeElement;
  if (field && field.matches('input, textarea, select')) field.addEventListener('blur', drop, { once: true });
  else drop();
}

async function followDanger() {
  const fresh = await page();
  if (fresh) { showDanger(fresh); replace(fresh, 'open-count'); replace(fresh, 'mail-count'); }
}

// ---- queue: rows wait behind "." while pointer or focus is in the list ----
let waiting = null;

async function followQueue() {
  const fresh = await page();
  if (!fresh) return;
  replace(fresh, 'open-count');
  replace(fresh, 'mail-count');
  replace(fresh, 'tabs');
  replace(fresh, 'danger-lane');
  const list = document.getElementById('lanes');
  waiting = fresh;
  if (list.matches(':hover') || list.contains(document.activeElement)) updateInPlace(fresh, list);
  else showRows();
}

function updateInPlace(fresh, list) {
  const rows = new Map([...fresh.querySelectorAll('#lanes [data-case]')].map((row) => [row.dataset.case, row]));
  list.querySelectorAll('[data-case]').forEach((row) => {
    const next = rows.get(row.dataset.case);
    row.classList.toggle('gone', !next);
    if (next && !row.contains(document.activeElement)) row.replaceChildren(...[...next.children].map((cell) => document.importNode(cell, true)));
    rows.delete(row.dataset.case);
  });
  const button = document.getElementById('newrows');
  button.hidden = rows.size === 0;
  const what = list.dataset.listOf || 'case';
  button.querySelector('[data-count]').textContent = rows.size === 1 ? `1 new ${what}. Show it` : `${rows.size} new ${what}s. Show them`;
}

function showRows() {
  if (!waiting) return;
  const focused = document.activeElement.id;
  const list = document.getElementById('lanes');
  list.replaceWith(document.importNode(waiting.getElementById('lanes'), true));
  waiting = null;
  if (focused) document.getElementById(focused)?.focus();
}

// ---- mail: the lists as the queue's; a conversation says that it has changed and stays as it is ----
function mailChanged() {
  mailPending ||= setTimeout(() => { mailPending = 0; (document.body.dataset.screen === 'mail' ? followMail : followDanger)(); }, SETTLE_MS);
}

async function followMail() {
  if (document.getElementById('lanes')) { await followQueue(); return; }
  const here = document.getElementById('talk');
  const fresh = await page();
  if (!fresh) return;
  showDanger(fresh);
  replace(fresh, 'mail-count');
  const next = fresh.getElementById('talk');
  if (here && next && here.dataset.mails !== next.dataset.mails) document.getElementById('changed').hidden = false;
}

// ---- case: the step card never changes by itself ----
async function followCase(happening) {
  const here = document.getElementById('case');
  const ours = happening === null || String(happening.case_id) === here.dataset.case;
  if (!ours) return followDanger();
  if (happening && happening.number <= Number(here.dataset.version)) return;
  const fresh = await page();
  if (!fresh) return;
  const next = fresh.getElementById('case');
  showDanger(fresh);
  if (Number(next.dataset.version) <= Number(here.dataset.version)) return;
  ['clock', 'owed', 'facts', 'timeline', 'drawing', 'case-head', 'unlock', 'identity'].forEach((id) => replace(fresh, id));
  const card = document.getElementById('step');
  const nextCard = fresh.getElementById('step');
  if (mayChange(card, nextCard)) swapCard(card, nextCard);
  else if (card.dataset.step !== nextCard.dataset.step || card.dataset.mark !== nextCard.dataset.mark) announce(nextCard);
  else document.querySelectorAll('[name=version]').forEach((field) => { field.value = next.dataset.version; });
  here.dataset.version = next.dataset.version;
}

// Danger on this case, or the result of a command that this operator waits for.
function mayChange(card, next) {
  return card.dataset.awaits === '1' || (next.dataset.danger === '1' && card.dataset.danger !== '1');
}

function swapCard(card, next) {
  // The whole column: a panel that stood in the old card stands below the new one.
  const fresh = document.importNode(next.closest('#middle'), true);
  card.closest('#middle').replaceWith(fresh);
  htmx.process(fresh);
  cardChanged();
  say(document.getElementById('step-title').textContent, next.dataset.danger === '1');
}

function announce(next) {
  const line = document.getElementById('moved-on');
  line.hidden = false;
  line.querySelector('[data-moved]').textContent = `The case has moved on: ${next.querySelector('h2').textContent.trim()}.`;
  say(line.textContent);
}

// ---- partner: a part in which someone types or stands stays as it is ----
function partnerChanged(id) {
  if (document.body.dataset.screen !== 'partner') return;
  const here = document.querySelector('[data-partner]');
  if (here && here.dataset.partner !== String(id)) return;
  partnerPending ||= setTimeout(followPartner, SETTLE_MS);
}

async function followPartner() {
  partnerPending = 0;
  const fresh = await page();
  if (!fresh) return;
  showDanger(fresh);
  replace(fresh, 'open-count');
  document.querySelectorAll('[data-part]').forEach((part) => { if (!isTyped(part)) replace(fresh, part.id); });
}

function isTyped(part) {
  return [...part.querySelectorAll('input:not([type=hidden]), textarea')].some((field) => field.value !== field.defaultValue);
}
