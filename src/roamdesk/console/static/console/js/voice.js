// One line for screen readers and eyes: what just happened with a key.
let timer = 0;

export function say(text, urgent = false) {
  const line = document.getElementById(urgent ? 'voice-now' : 'voice') || makeLine(urgent);
  line.textContent = text;
  line.classList.add('on');
  clearTimeout(timer);
  timer = setTimeout(() => line.classList.remove('on'), 4000);
}

function makeLine(urgent) {
  const line = document.createElement('div');
  line.id = urgent ? 'voice-now' : 'voice';
  line.className = 'voice';
  line.setAttribute('role', urgent ? 'alert' : 'status');
  document.getElementById('main').append(line);
  return line;
}
