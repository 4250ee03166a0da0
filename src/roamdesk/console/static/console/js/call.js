// New call: what is typed is understood as it comes; Enter leaves the box, digits answer, Enter opens the case.
import { say } from './voice.js';

export function startCall() {
  const form = document.getElementById('call');
  if (!form) return;
  const heard = form.querySelector('#heard');
  heard.focus();
  heard.setSelectionRange(heard.value.length, heard.value.length);
  heard.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') choose(form, event);
    if (event.key === 'Enter' && !event.ctrlKey) { event.preventDefault(); leave(form, heard); }
  });
  addEventListener('keydown', (event) => onKey(form, heard, event), true);
  form.addEventListener('change', () => mark(form));
  mark(form);
  addEventListener('DOMContentLoaded', () => catchUp(heard));
}

// Whoever types faster than the page loads is heard as well.
function catchUp(heard) {
  if (heard.value !== heard.defaultValue) htmx.trigger(heard, 'input');
}

// The digits belong to the first question that is not answered; once all are, to the last.
function onKey(form, heard, event) {
  if (event.target === heard || document.querySelector('dialog[open]') || event.ctrlKey || event.metaKey) return;
  if (event.target.matches('input:not([type=radio]), textarea, select')) return;
  if (event.key === 'Enter' && !event.target.closest('a, button')) { event.preventDefault(); send(form); return; }
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    if (!event.target.matches('input[type=radio]')) choose(form, event);
  }
}

function leave(form, heard) {
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
