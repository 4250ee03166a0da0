// A conversation: text modules go in where the cursor stands, a draft says that it is kept, an answer says when it leaves.
import { serverNow } from './clocks.js';
import { say } from './voice.js';

export function startMail() {
  if (document.body.dataset.screen !== 'mail') return;
  document.addEventListener('click', write);
  document.addEventListener('change', insert);
  document.addEventListener('htmx:afterRequest', kept);
  setInterval(leave, 500);
}

function write(event) {
  if (!event.target.closest('[data-writes]')) return;
  const field = document.getElementById('answer-text');
  field.focus();
  field.scrollIntoView({ block: 'center' });
}

function insert(event) {
  const list = event.target.closest('[data-inserts]');
  if (!list || !list.value) return;
  const field = document.getElementById(list.dataset.inserts);
  field.focus();
  field.setRangeText(list.value, field.selectionStart, field.selectionEnd, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
  list.value = '';
}

function kept(event) {
  if (!event.target.matches('[data-draft]')) return;
  document.getElementById('kept').textContent = event.detail.successful ? 'Draft kept' : 'The draft could not be kept';
}

// What has left cannot be taken back: the offer goes with it.
function leave() {
  const clock = document.querySelector('[data-leaves]');
  if (!clock) return;
  const left = Math.ceil((new Date(clock.dataset.leaves) - serverNow()) / 1000);
  if (left > 0) { clock.textContent = `in ${left} s`; return; }
  const offer = clock.closest('form');
  if (offer.contains(document.activeElement)) document.activeElement.blur();
  offer.remove();
  say('Your answer has left for the relay.');
}
