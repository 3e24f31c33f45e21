// The playground without a new page for every message. The server renders it
// all the same.
'use strict';

document.addEventListener('DOMContentLoaded', () => {
  let newest = 0; // request
  let sent = []; // the fields whose texts are on their way
  let timer;
  // Shows the page that answers a request, unless there is a newer one: what was
  // asked before something was sent does not have it.
  const show = async (request) => {
    const mine = ++newest;
    const answer = await request;
    if (!answer.ok) { location.reload(); return; }
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (mine !== newest) return;
    const focused = document.activeElement?.id;
    const by = document.getElementById('by')?.value;
    const drafts = [...document.querySelectorAll('[data-play] input[name="text"]')].map((i) => [i.id, i.value]);
    const next = page.querySelector('main');
    document.querySelector('main').replaceWith(next);
    history.replaceState(null, '', answer.url);
    for (const [id, value] of drafts) if (!sent.includes(id)) document.getElementById(id).value = value;
    // Who has chosen to write a private note must not write a message instead.
    if (by && !sent.includes('text-agent')) document.getElementById('by').value = by;
    if (focused) document.getElementById(focused)?.focus();
    for (const list of document.querySelectorAll('.bubbles')) list.scrollTop = list.scrollHeight;
    sent = [];
    wait();
  };
  const wait = () => {
    clearTimeout(timer);
    if (document.querySelector('#play')?.dataset.waiting !== 'true') return;
    timer = setTimeout(() => show(fetch(location.href)), 700);
  };
  document.addEventListener('submit', (e) => {
    if (!e.target.matches('[data-play]')) return;
    e.preventDefault();
    clearTimeout(timer);
    const text = e.target.querySelector('input[name="text"]');
    if (text) sent.push(text.id);
    const form = new URLSearchParams(new FormData(e.target, e.submitter));
    show(fetch('/playground', {method: 'POST', body: form}));
  });
  wait();
});
