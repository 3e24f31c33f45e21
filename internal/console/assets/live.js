// Rows that come while one watches, the newest first.
'use strict';

document.addEventListener('DOMContentLoaded', () => {
  const table = document.querySelector('table[data-live]');
  const body = table.tBodies[0];
  const keep = Number(table.dataset.liveKeep);
  const button = document.querySelector('[data-live-pause]');
  const waiting = document.createElement('template');
  let paused = false;

  const show = () => {
    localTimes(waiting.content);
    if (waiting.content.childElementCount) document.querySelector('[data-live-empty]')?.remove();
    body.prepend(...[...waiting.content.children].reverse());
    while (body.rows.length > keep) body.lastElementChild.remove();
  };
  button.addEventListener('click', () => {
    paused = !paused;
    button.setAttribute('aria-pressed', String(paused));
    button.textContent = paused ? 'Go on' : 'Pause';
    if (!paused) show();
  });

  const source = new EventSource(table.dataset.live);
  source.addEventListener('records', (e) => {
    if (!e.data.trim()) return;
    const rows = document.createElement('template');
    rows.innerHTML = e.data; // escaped by the server
    waiting.content.append(rows.content);
    while (waiting.content.childElementCount > keep) waiting.content.firstElementChild.remove();
    if (!paused) show();
  });
  // Whether everything flows, every few seconds.
  setInterval(async () => {
    if (document.hidden || paused) return;
    const answer = await fetch('/health' + location.search).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    document.querySelector('[data-refresh="health"]').replaceWith(page.querySelector('[data-refresh="health"]'));
  }, 5000);

  source.addEventListener('error', () => table.classList.add('lost'));
  source.addEventListener('open', () => table.classList.remove('lost'));
});
