// The playground without a new page for every message. The server renders it
// all the same.
'use strict';

document.addEventListener('DOMContentLoaded', () => {
  const show = async (answer) => {
    if (!answer.ok) { location.reload(); return; }
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const focused = document.activeElement?.id;
    const by = document.getElementById('by')?.value;
    const drafts = [...document.querySelectorAll('[data-play] input[name="text"]')].map((i) => [i.id, i.value]);
    const next = page.querySelector('main');
    document.querySelector('main').replaceWith(next);
    history.replaceState(null, '', answer.url);
    for (const [id, value] of drafts) if (id !== sent) document.getElementById(id).value = value;
    // Who has chosen to write a private note must not write a message instead.
    if (by && sent !== 'text-agent') document.getElementById('by').value = by;
    if (focused) document.getElementById(focused)?.focus();
    for (const list of document.querySelectorAll('.bubbles')) list.scrollTop = list.scrollHeight;
    sent = '';
    wait();
  };
  let sent = '';
  let timer;
  const wait = () => {
    clearTimeout(timer);
    if (document.querySelector('#play')?.dataset.waiting !== 'true') return;
    timer = setTimeout(async () => show(await fetch(location.href)), 700);
  };
  document.addEventListener('submit', async (e) => {
    if (!e.target.matches('[data-play]')) return;
    e.preventDefault();
    clearTimeout(timer);
    sent = e.target.querySelector('input[name="text"]')?.id ?? '';
    const form = new URLSearchParams(new FormData(e.target, e.submitter));
    show(await fetch('/playground', {method: 'POST', body: form}));
  });
  wait();
});
