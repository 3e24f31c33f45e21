// What every page has. Pages work without it, but for what is live.
'use strict';

// Times in the viewer's zone.
const clock = new Intl.DateTimeFormat(undefined, {hour: '2-digit', minute: '2-digit', second: '2-digit'});
const date = new Intl.DateTimeFormat(undefined, {dateStyle: 'medium'});

function localTimes(root) {
  for (const t of root.querySelectorAll('time[datetime]:not([data-local])')) {
    const at = new Date(t.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    t.textContent = today || 'clock' in t.dataset ? clock.format(at) : date.format(at) + ' ' + clock.format(at);
    t.title = t.dateTime;
    t.dataset.local = '';
  }
}

document.addEventListener('DOMContentLoaded', () => {
  localTimes(document);
  const here = document.querySelector('.top nav [aria-current]'); // a phone has not room for all
  if (here) here.closest('nav').scrollLeft = here.offsetLeft - here.closest('nav').offsetLeft - 40;
  for (const form of document.querySelectorAll('form[data-auto]')) {
    // While somebody types a day, it is for a moment one of the year 2.
    form.addEventListener('change', (e) => { if (e.target.type !== 'date') form.requestSubmit(); });
  }
  for (const form of document.querySelectorAll('form[data-confirm]')) {
    form.addEventListener('submit', (e) => {
      if (!confirm(form.dataset.confirm)) e.preventDefault();
    });
  }
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
      const was = button.textContent;
      button.textContent = 'Copied';
      setTimeout(() => { button.textContent = was; }, 1500);
    });
  }
  const toggle = document.querySelector('[data-theme-toggle]');
  toggle?.addEventListener('click', () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
    localStorage.setItem('theme', root.dataset.theme);
  });
});
