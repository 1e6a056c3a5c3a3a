/** The bank's page has been left: whoever showed it may take it away. */
(() => {
  window.parent.postMessage({ simulator: true, event: 'authenticated' }, '*');
})();
