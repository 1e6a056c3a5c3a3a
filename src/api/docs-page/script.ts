/** Runs in the browser: draws the OpenAPI document, with text nodes alone, so nothing in it can become markup. */
export const script = String.raw`'use strict';
const make = (tag, props, ...children) => {
  const element = Object.assign(document.createElement(tag), props || {});
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};
const METHODS = ['get', 'post', 'patch', 'delete'];
let components = {};

const resolve = (schema) => {
  let found = schema || {};
  for (let depth = 0; found.$ref && depth < 8; depth++) found = components[found.$ref.split('/').pop()] || {};
  return found;
};
const merged = (schema) => {
  const found = resolve(schema);
  if (!found.allOf) return found;
  return found.allOf.map(merged).reduce((all, each) => Object.assign({}, all, each, {
    properties: Object.assign({}, all.properties, each.properties),
    required: (all.required || []).concat(each.required || []),
  }), {});
};
const typeOf = (schema) => {
  const found = merged(schema);
  if (found.enum) return found.enum.map((value) => JSON.stringify(value)).join(' | ');
  if ('const' in found) return JSON.stringify(found.const);
  if (found.anyOf || found.oneOf) return (found.anyOf || found.oneOf).map(typeOf).join(' | ');
  const types = [].concat(found.type || 'any').filter((type) => type !== 'null');
  const nullable = [].concat(found.type || []).includes('null') ? ' | null' : '';
  const name = types.map((type) => (type === 'array' ? typeOf(found.items) + '[]' : type)).join(' | ');
  return name + (found.format ? ' (' + found.format + ')' : '') + nullable;
};
const exampleOf = (schema, depth) => {
  const found = merged(schema);
  if (depth > 5) return null;
  if ('example' in found) return found.example;
  if ('default' in found) return found.default;
  if ('const' in found) return found.const;
  if (found.enum) return found.enum[0];
  if (found.anyOf || found.oneOf) return exampleOf((found.anyOf || found.oneOf)[0], depth + 1);
  const type = [].concat(found.type || 'string')[0];
  if (type === 'object') {
    const fields = Object.entries(found.properties || {});
    return Object.fromEntries(fields.map(([name, each]) => [name, exampleOf(each, depth + 1)]));
  }
  if (type === 'array') return [exampleOf(found.items, depth + 1)];
  if (type === 'integer' || type === 'number') return found.minimum || 1;
  if (type === 'boolean') return true;
  return found.format === 'date-time' ? '2027-11-21T00:00:00Z' : 'text';
};

const fieldTable = (rows) => make('div', { className: 'scroll' }, make('table', {},
  make('thead', {}, make('tr', {}, ...['Field', 'Type', 'Meaning'].map((text) => make('th', { scope: 'col', textContent: text })))),
  make('tbody', {}, ...rows.map(({ name, type, about, needed }) => make('tr', {},
    make('td', {}, name, needed ? make('span', { className: 'needed', textContent: ' required' }) : null),
    make('td', { textContent: type }),
    make('td', { textContent: about || '' }))))));
const fieldsOf = (schema) => {
  const found = merged(schema);
  return Object.entries(found.properties || {}).map(([name, each]) => ({
    name, type: typeOf(each), about: merged(each).description, needed: (found.required || []).includes(name),
  }));
};
const json = (value) => make('pre', { tabIndex: 0, textContent: JSON.stringify(value, null, 2) });

const curlOf = (path, method, operation) => {
  const lines = ['curl ' + (method === 'get' ? '' : '-X ' + method.toUpperCase() + ' ') + location.origin + path];
  if ((operation.security || []).length) lines.push('  -H "Authorization: Bearer $HYDRA_TOKEN"');
  const content = operation.requestBody && operation.requestBody.content['application/json'];
  if (content) {
    lines.push('  -H "Content-Type: application/json"');
    lines.push("  -d '" + JSON.stringify(neededOnly(content.schema)) + "'");
  }
  return make('pre', { tabIndex: 0, textContent: lines.join(' \\\n') });
};
const neededOnly = (schema) => {
  const found = merged(schema);
  const whole = exampleOf(found, 0);
  if (!found.required || typeof whole !== 'object') return whole;
  return Object.fromEntries(Object.entries(whole).filter(([name]) => found.required.includes(name)));
};

const drawOperation = (path, method, operation) => {
  const id = operation.operationId || method + path.replace(/\W+/g, '-');
  const article = make('article', { id });
  article.append(
    make('h3', { textContent: operation.summary }),
    make('div', { className: 'address' }, make('span', { className: 'method ' + method, textContent: method + ' ' }), path));
  const about = (operation.description || '').split('\n\n').filter((part) => !part.startsWith('Who: '));
  for (const part of about) if (part) article.append(make('p', { textContent: part }));
  const who = operation['x-who'];
  article.append(make('ul', { className: 'who', ariaLabel: 'Who may call it' },
    ...(who || ['everyone']).map((name) => make('li', { textContent: name }))));
  const given = (operation.parameters || []).map(({ name, in: where, schema, required, description }) => ({
    name, type: typeOf(schema) + ', ' + where, needed: required, about: description || merged(schema).description,
  }));
  if (given.length) article.append(make('h4', { textContent: 'Parameters' }), fieldTable(given));
  const body = operation.requestBody && operation.requestBody.content['application/json'].schema;
  if (body) {
    const fields = fieldsOf(body);
    article.append(make('h4', { textContent: 'Body' }), fields.length ? fieldTable(fields) : json(exampleOf(body, 0)));
  }
  article.append(make('h4', { textContent: 'Try it' }), curlOf(path, method, operation));
  article.append(make('h4', { textContent: 'Answers' }));
  for (const [status, answer] of Object.entries(operation.responses)) {
    const content = answer.content && Object.entries(answer.content)[0];
    const summary = make('summary', {}, make('b', { textContent: status + ' ' }), answer.description);
    const detail = content && content[0] === 'application/json' ? json(exampleOf(content[1].schema, 0)) : content ? make('p', { textContent: content[0] }) : null;
    article.append(detail ? make('details', {}, summary, detail) : make('details', {}, summary));
  }
  const link = make('a', { href: '#' + id }, make('span', { className: 'method ' + method, textContent: method }), operation.summary);
  const words = (method + ' ' + path + ' ' + operation.summary).toLowerCase();
  return { article, link, words };
};

const draw = (document_) => {
  components = (document_.components && document_.components.schemas) || {};
  const main = document.getElementById('main');
  const contents = document.getElementById('contents');
  main.replaceChildren(
    make('h1', { textContent: document_.info.title + ' API' }),
    make('p', { className: 'lead', textContent: document_.info.description }));
  document.getElementById('version').textContent = 'v' + document_.info.version;
  const groups = new Map();
  for (const [path, methods] of Object.entries(document_.paths)) {
    for (const method of METHODS.filter((each) => methods[each])) {
      const tag = (methods[method].tags || ['Other'])[0];
      groups.set(tag, (groups.get(tag) || []).concat(drawOperation(path, method, methods[method])));
    }
  }
  for (const [tag, operations] of groups) {
    contents.append(make('h2', { textContent: tag }), ...operations.map(({ link }) => link));
    main.append(...operations.map(({ article }) => article));
  }
  const all = [...groups.values()].flat();
  document.getElementById('search').addEventListener('input', (event) => {
    const wanted = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { article, link, words } of all) {
      const hidden = !wanted.every((word) => words.includes(word));
      article.hidden = hidden;
      link.hidden = hidden;
    }
  });
  if (location.hash) {
    const aim = document.getElementById(location.hash.slice(1));
    if (aim) aim.scrollIntoView();
  }
};

fetch('/openapi.json')
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error('it answered ' + answer.status))))
  .then(draw)
  .catch((error) => document.getElementById('main').replaceChildren(
    make('p', { textContent: 'The document could not be read: ' + error.message })));
`;
