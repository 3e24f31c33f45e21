// Before anything is drawn: the theme that was chosen, and the viewer's zone.
(() => {
  const theme = localStorage.getItem('theme');
  if (theme) document.documentElement.dataset.theme = theme;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = 'tz=' + zone + '; path=/; max-age=31536000; samesite=lax';
})();
