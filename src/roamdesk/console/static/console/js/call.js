// New call: what is typed is understood as it comes; Enter leaves the box, digits answer, Enter opens the case.
import { say } from './voice.js';

let listens = false;

export function startCall() {
  const form = document.getElementById('call');
  if (!form) return;
  const heard = form.querySelector('#heard');
  heard.focus();
  heard.setSelectionRange(heard.value.length, heard.value.length);
  heard.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') choose(form, event);
    if (event.key === 'Enter' && !event.ctrlKey) { event.preventDefault(); leave(form, heard); }
    if (event.key === 'Escape') form.dataset.left = '1';
  });
  heard.addEventListener('focus', () => { delete form.dataset.left; });
  form.addEventListener('change', () => mark(form));
  mark(form);
  if (!listens) addEventListener('keydown', onKey, true);
  listens = true;
  addEventListener('DOMContentLoaded', () => catchUp(heard));
}

// Whoever types faster than the page loads is heard as well.
function catchUp(heard) {
  if (heard.value !== heard.defaultValue) htmx.trigger(heard, 'input');
}

function onKey(event) {
  const form = document.getElementById('call');
  if (!form || event.target.id === 'heard' || document.querySelector('dialog[open]') || event.ctrlKey || event.metaKey) return;
  if (event.target.matches('input:not([type=radio]), textarea, select')) return;
  if (isHeard(form, event)) { event.stopImmediatePropagation(); form.querySelector('#heard').focus(); return; }
  if (event.key === 'Enter' && !event.target.closest('a, button')) { event.preventDefault(); send(form); return; }
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    if (!event.target.matches('input[type=radio]')) choose(form, event);
  }
}

// Until the box is left with Enter or Esc, figures are what was heard: a leading 0 is never danger.
function isHeard(form, event) {
  return /^\d$/.test(event.key) && event.target === document.body && !form.dataset.left && !form.querySelector('[name=caller]:checked');
}

function leave(form, heard) {
  form.dataset.left = '1';
  heard.blur();
  const open = form.querySelector('#hits [data-case]');
  if (open && !form.querySelector('[name=evse]')) { location.href = open.dataset.case; return; }
  if (form.querySelector('[name=evse]') && !form.querySelector('[name=evse]:checked')) say('Several fit. Choose one with the arrow keys.');
}

function choose(form, event) {
  const hits = [...form.querySelectorAll('[name=evse]')];
  if (!hits.length) return;
  event.preventDefault();
  const step = event.key === 'ArrowDown' ? 1 : -1;
  const here = hits.findIndex((hit) => hit.checked);
  const next = hits[Math.min(hits.length - 1, Math.max(0, here + step))];
  next.checked = true;
  next.dispatchEvent(new Event('change', { bubbles: true }));
}

// The digits belong to the first question that is not answered; once all are, to the last.
function mark(form) {
  const groups = [...form.querySelectorAll('[data-question]')];
  const waiting = groups.find((group) => !group.querySelector('input:checked')) || groups.at(-1);
  groups.forEach((group) => {
    group.querySelectorAll('[data-digit]').forEach((input) => {
      if (group === waiting || input.dataset.digit === '0') input.dataset.key = input.dataset.digit; else delete input.dataset.key;
    });
    group.classList.toggle('waits', group === waiting);
  });
}

function send(form) {
  const empty = [...form.querySelectorAll('[data-question]')].find((group) => !group.querySelector('input:checked'));
  if (empty) { say(empty.dataset.question); return; }
  form.requestSubmit();
}
