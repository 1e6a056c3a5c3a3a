export const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hydra Billing API</title>
<link rel="stylesheet" href="/docs/page.css">
<script src="/docs/page.js" defer></script>
</head>
<body>
<aside>
<header><strong>Hydra Billing</strong> <span id="version"></span></header>
<label for="search">Find a route</label>
<input id="search" type="search" placeholder="cancel, invoices, POST …" autocomplete="off">
<nav id="contents" aria-label="Routes"></nav>
<footer><a href="/openapi.json">openapi.json</a></footer>
</aside>
<main id="main" tabindex="-1"><p>Reading the document …</p></main>
<noscript>This page is drawn from /openapi.json by a script.</noscript>
</body>
</html>
`;
