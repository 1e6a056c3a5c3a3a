/** Inside the frame: the card's fields. What is typed here goes to the simulator, and only an outcome to the page. */
(() => {
  const form = document.querySelector('form');
  const parentOf = window.parent;
  const tell = (message) => parentOf.postMessage({ simulator: true, ...message }, '*');
  const value = (name) => form?.elements[name]?.value ?? '';
  const digits = (name) => value(name).replaceAll(/\D/g, '');

  const incomplete = (code, message) => ({ type: 'validation_error', code, message });

  function wrong() {
    if (!/^\d{13,19}$/.test(digits('number')))
      return incomplete('incomplete_number', 'Your card number is incomplete.');
    if (!/^\d{3,4}$|^\d{5,6}$/.test(digits('expiry'))) {
      return incomplete('incomplete_expiry', "Your card's expiration date is incomplete.");
    }
    if (!/^\d{3,4}$/.test(digits('cvc'))) {
      return incomplete('incomplete_cvc', "Your card's security code is incomplete.");
    }
    return null;
  }

  const card = () => ({ number: value('number'), expiry: value('expiry'), cvc: value('cvc') });

  function show(error) {
    const place = document.querySelector('.bad');
    if (place === null) return;
    place.textContent = error?.message ?? '';
    place.hidden = !error;
    measure();
  }

  async function post(path, body) {
    const response = await fetch(`/sim/elements/${path}`, { method: 'POST', body: JSON.stringify(body) });
    return response.json();
  }

  const orders = {
    check() {
      const error = wrong();
      show(error);
      return error;
    },
    async confirm({ client_secret, payment_method, billing_details }) {
      if (payment_method || form === null) return post('confirm', { client_secret, payment_method });
      const error = orders.check();
      if (error) return { error };
      const answer = await post('confirm', { client_secret, card: card(), billing_details });
      show(answer.error);
      return answer;
    },
    async create({ billing_details }) {
      const error = orders.check();
      return error ? { error } : post('method', { card: card(), billing_details });
    },
    retrieve: ({ client_secret }) => post('retrieve', { client_secret }),
    focus: () => form?.elements.number.focus(),
    blur: () => document.activeElement?.blur(),
    clear: () => form?.reset(),
  };

  addEventListener('message', async ({ source, data }) => {
    if (source !== parentOf || data?.simulator !== true || !(data.what in orders)) return;
    tell({ order: data.order, result: (await orders[data.what](data.given ?? {})) ?? null });
  });

  function measure() {
    tell({ event: 'height', height: Math.ceil(document.querySelector('main').getBoundingClientRect().height) });
  }

  form?.addEventListener('submit', (event) => event.preventDefault());
  form?.addEventListener('input', () => {
    const number = form.elements.number;
    const start = number.selectionStart === number.value.length;
    if (start)
      number.value = digits('number')
        .slice(0, 19)
        .replaceAll(/(\d{4})(?=\d)/g, '$1 ');
    show(null);
    const empty = !['number', 'expiry', 'cvc'].some((name) => value(name) !== '');
    tell({ event: 'change', empty, complete: wrong() === null });
  });
  form?.addEventListener('focusin', () => tell({ event: 'focus' }));
  form?.addEventListener('focusout', () => tell({ event: 'blur' }));
  new ResizeObserver(measure).observe(document.querySelector('main'));
  measure();
  tell({ event: 'ready', empty: true, complete: false });
})();
