// What is pressed while the next box is on its way reaches that box, never the one that goes.
// N opens the new call without leaving the page, so that the keyboard stays awake.
import { startCall } from './call.js';
import { say } from './voice.js';

const SETTLED_MS = 40; // the swap puts the focus where it belongs after 20
let kept = null; // keys pressed meanwhile
let step = null; // the answer that is on its way

export function startInPlace() {
  addEventListener('keydown', keep, true);
  addEventListener('popstate', () => location.reload());
  document.addEventListener('htmx:beforeRequest', begin);
  document.addEventListener('htmx:afterRequest', end);
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-in-place]');
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!kept) open(link.href);
  });
}

function begin(event) {
  if (!event.target.matches('form.want, form.answers')) return;
  kept = [];
  step = event.detail.xhr;
}

function end(event) {
  if (event.detail.xhr === step) setTimeout(release, SETTLED_MS);
}

// Everything but shortcuts of the browser waits for the box that is coming, a leading 0 above all.
function keep(event) {
  if (!kept || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.length > 1 && event.key !== 'Enter' && event.key !== 'Backspace') return;
  event.preventDefault();
  event.stopImmediatePropagation();
  kept.push(event.key);
}

async function open(href) {
  kept = [];
  try {
    const answer = await fetch(href, { cache: 'no-store' });
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (!answer.ok || !fresh.getElementById('call')) { location.href = href; return; }
    await dress(fresh);
    show(fresh, href);
  } catch {
    kept = null;
    say('No connection: the new call did not open. Press N again.');
  }
}

// The style sheets of the page that comes, before it is seen.
function dress(fresh) {
  const known = new Set([...document.querySelectorAll('link[rel=stylesheet]')].map((sheet) => sheet.getAttribute('href')));
  const last = [...document.querySelectorAll('link[rel=stylesheet]')].at(-1);
  const missing = [...fresh.querySelectorAll('link[rel=stylesheet]')].filter((sheet) => !known.has(sheet.getAttribute('href')));
  return Promise.all(missing.map((sheet) => new Promise((done) => {
    const link = document.importNode(sheet, true);
    link.addEventListener('load', done);
    link.addEventListener('error', done);
    last.before(link);
  })));
}

function show(fresh, href) {
  history.pushState(null, '', href);
  document.title = fresh.title;
  document.body.dataset.screen = fresh.body.dataset.screen;
  document.body.classList.toggle('with-strip', fresh.body.classList.contains('with-strip'));
  // startCall puts the focus; the browser's own would come a frame later, after a kept Enter has left the box.
  fresh.getElementById('heard').removeAttribute('autofocus');
  document.getElementById('danger')?.remove();
  const strip = fresh.getElementById('danger');
  if (strip) document.querySelector('header.bar').after(document.importNode(strip, true));
  ['.rail', '.bottom', '#main'].forEach((part) => {
    document.querySelector(part).replaceWith(document.importNode(fresh.querySelector(part), true));
  });
  scrollTo(0, 0);
  htmx.process(document.getElementById('main'));
  startCall();
  release();
}

// A field that waits takes them; an answer is refused by its own guard, and that is said.
function release() {
  const keys = kept || [];
  kept = null;
  keys.forEach(press);
}

// A kept key does what it would have done: in a field it is written, elsewhere it commands.
function press(key) {
  const at = document.activeElement;
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
  if (!at.dispatchEvent(event) || !at.matches('input:not([type=radio])')) return;
  if (key.length === 1) at.value += key;
  else if (key === 'Backspace') at.value = at.value.slice(0, -1);
  at.dispatchEvent(new Event('input', { bubbles: true }));
}
