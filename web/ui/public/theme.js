// Before anything is drawn: the theme that was chosen, so that the page does not flash.
(() => {
  const chosen = window.localStorage?.getItem('rowhook.theme');
  const theme = chosen ? JSON.parse(chosen) : 'system';
  if (theme === 'light' || theme === 'dark') document.documentElement.setAttribute('data-theme', theme);
})();
