// The draft is saved while the partner types: a closed browser loses nothing.
const PAUSE_MS = 1200;
const form = document.getElementById('form');
const saved = document.getElementById('saved');
let waiting = 0;
let blocked = false;

async function save() {
  if (blocked) return;
  const body = new URLSearchParams(new FormData(form));
  body.set('do', 'save');
  try {
    const answer = await fetch(location.href, { method: 'POST', body, headers: { 'X-Autosave': '1' } });
    if (!answer.ok) { blocked = true; saved.textContent = 'Not saved. Press "Save the draft" to see why.'; return; }
    form.elements.version.value = await answer.text();
    saved.textContent = `Draft saved at ${new Date().toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })}.`;
  } catch {
    saved.textContent = 'No connection: not saved yet.';
  }
}

form.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(save, PAUSE_MS); });
form.addEventListener('submit', () => clearTimeout(waiting));
