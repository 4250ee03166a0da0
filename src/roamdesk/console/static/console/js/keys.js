// Digits answer, letters command. Nothing fires while someone types.
import { say } from './voice.js';

const GUARD_MS = 400;
let cardChangedAt = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? performance.now();

/** From now on, for 400 ms, an answer was meant for the card that was there before. */
export function cardChanged() {
  cardChangedAt = performance.now();
}

export function startKeys() {
  addEventListener('keydown', onKey);
  document.addEventListener('click', onClick);
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.key === 'Enter' && event.ctrlKey && event.target.matches('input, select, textarea') && event.target.form) return send(event);
  if (isTyping(event.target)) return inField(event);
  const key = keyOf(event);
  if (!key) return;
  const dialog = document.querySelector('dialog[open]');
  if (move(key, event)) return;
  const hit = [...(dialog || document).querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(isOffered);
  if (hit) { event.preventDefault(); if (!event.repeat) press(hit); }
  else if (key === 'escape' && document.activeElement) document.activeElement.blur();
}

function isTyping(target) {
  return target.matches('textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=submit], [type=button])');
}

function inField(event) {
  const field = event.target;
  if (event.key === 'Escape') field.blur();
  if (event.key === 'Enter' && !event.ctrlKey && field.dataset.answers) enterAnswer(event, field);
  if (event.key === 'Enter' && field.hasAttribute('data-want') && !field.value.trim()) { event.preventDefault(); leaveWant(field); }
}

function send(event) {
  event.preventDefault();
  event.target.form.requestSubmit();
}

// Enter sends the answer that the field belongs to; an empty field is only left.
function enterAnswer(event, field) {
  event.preventDefault();
  if (field.value.trim()) document.getElementById(`press-${field.dataset.answers}`).click();
  else field.blur();
}

// Not known, not asked: on to the next field that waits, else to the answers.
function leaveWant(field) {
  const waiting = [...document.querySelectorAll('[data-first]')].filter(isOffered);
  const next = waiting[waiting.indexOf(field) + 1];
  if (next) next.focus(); else field.blur();
}

// Single keys can be switched off or put behind Alt (WCAG 2.1.4); Escape, Enter and arrows always work.
function keyOf(event) {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) return '';
  if (key.length > 1) return event.altKey ? '' : key;
  const wanted = document.body.dataset.keys;
  if (wanted === 'off' || event.altKey !== (wanted === 'alt')) return '';
  if (event.altKey && /^(Key|Digit)/.test(event.code)) return event.code.replace(/^(Key|Digit)/, '').toLowerCase();
  return key;
}

function isOffered(at) {
  return at.offsetParent !== null && !at.disabled && !at.closest('[inert]');
}

function press(at) {
  if (at.hasAttribute('data-answer') && performance.now() - cardChangedAt < GUARD_MS) {
    say('The step has just changed. That key was not taken; look, then answer.');
    return;
  }
  if (at.dataset.does === 'focus') { at.focus(); at.scrollIntoView({ block: 'nearest' }); return; }
  if (at.matches('input, textarea, select') && at.type !== 'radio') { at.focus(); at.select?.(); return; }
  at.focus({ preventScroll: true });
  at.click();
  if (at.matches('summary') && at.parentElement.open) at.parentElement.querySelector('input:not([type=hidden]), textarea, select, button')?.focus();
}

function move(key, event) {
  const step = { arrowdown: 1, j: 1, arrowup: -1, k: -1 }[key];
  if (!step || event.target.matches('input[type=radio]')) return false;
  const list = document.activeElement.closest('[data-list]') || document.querySelector('[data-list="main"]');
  const stops = list ? [...list.querySelectorAll('[data-stop]')].filter(isOffered) : [];
  if (!stops.length) return false;
  const here = stops.indexOf(document.activeElement);
  stops[Math.min(stops.length - 1, Math.max(0, here < 0 ? 0 : here + step))].focus();
  event.preventDefault();
  return true;
}

function onClick(event) {
  const opener = event.target.closest('[data-opens]');
  const closer = event.target.closest('[data-closes]');
  const why = event.target.closest('[data-why]');
  if (opener) { event.preventDefault(); open(document.getElementById(opener.dataset.opens)); }
  if (closer) closer.closest('dialog').close();
  if (why) toggle(why);
}

function open(dialog) {
  if (!dialog) return;
  document.querySelector('dialog[open]')?.close();
  dialog.showModal();
  (dialog.querySelector('[data-starts]') || dialog.querySelector('input:not([type=hidden]), textarea, select'))?.focus();
}

function toggle(button) {
  const box = document.getElementById(button.dataset.why);
  box.hidden = !box.hidden;
  button.setAttribute('aria-expanded', String(!box.hidden));
}
