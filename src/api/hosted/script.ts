/** Runs in the browser: no framework, and nothing inline. The page holds all words; this shows and hides them. */
export const script = `(() => {
  const page = document.querySelector('main');
  const { token, purpose, accent, onAccent } = page.dataset;
  document.documentElement.style.setProperty('--accent', accent);
  document.documentElement.style.setProperty('--on-accent', onAccent);
  const at = (id) => document.getElementById(id);
  const states = [...page.querySelectorAll('section[id]')];
  const show = (id) => { for (const each of states) each.hidden = each.id !== id; };
  const trouble = (text) => { at('trouble').textContent = text ?? ''; at('trouble').hidden = !text; };
  const busy = (is) => { for (const each of page.querySelectorAll('button')) each.disabled = is; };
  const ask = async (body) => {
    const post = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch('/api/' + purpose + '/' + token, post);
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.detail);
    return answer;
  };
  const doing = (work) => async (event) => {
    event?.preventDefault();
    trouble();
    busy(true);
    try { await work(); } catch (error) { trouble(error.message); } finally { busy(false); }
  };

  const ofPaying = () => {
    let stripe, elements, secret;
    const ready = (begun) => {
      if (!begun.clientSecret || !begun.publishableKey || !window.Stripe) throw new Error(page.dataset.elsewhere);
      secret = begun.clientSecret;
      stripe ??= window.Stripe(begun.publishableKey);
    };
    const finished = async ({ error }) => {
      if (error) throw new Error(error.message);
      await arrived();
    };
    /** The money is here when the books say so, and not when a browser does. */
    const arrived = async () => {
      show('processing');
      for (let look = 0; look < 90; look++) {
        const { state } = await ask();
        if (state === 'paid' || state === 'void') return show('paid');
        await new Promise((resolve) => setTimeout(resolve, 700));
      }
    };
    const byCard = (begun) => {
      ready(begun);
      if (elements) return;
      elements = stripe.elements({ clientSecret: secret });
      elements.create('payment').mount('#card');
      at('by-card').hidden = false;
      at('another').hidden = true;
    };
    const pay = async () => {
      const begun = await ask({});
      if (begun.status === 'paid' || begun.status === 'void') return show('paid');
      if (begun.status === 'processing') return arrived();
      if (begun.status === 'confirm' && begun.paymentMethodId) {
        ready(begun);
        const confirmParams = { payment_method: begun.paymentMethodId, return_url: location.href };
        return finished(await stripe.confirmPayment({ clientSecret: secret, confirmParams, redirect: 'if_required' }));
      }
      byCard(begun);
      if (begun.status === 'declined') trouble(page.dataset.declined);
    };
    at('pay')?.addEventListener('click', doing(pay));
    at('another')?.addEventListener('click', doing(async () => {
      const begun = await ask({ another: true });
      if (begun.status === 'paid') return show('paid');
      if (begun.status === 'processing') return arrived();
      byCard(begun);
    }));
    at('by-card')?.addEventListener('submit', doing(async () => {
      const { error } = await elements.submit();
      if (error) throw new Error(error.message);
      const confirmParams = { return_url: location.href };
      await finished(await stripe.confirmPayment({ elements, clientSecret: secret, confirmParams, redirect: 'if_required' }));
    }));
    if (page.dataset.state === 'processing') void arrived();
  };

  const ofCanceling = () => {
    for (const what of ['cancel', 'undo']) {
      at(what)?.addEventListener('click', doing(async () => {
        const { state } = await ask({ what });
        show(state);
      }));
    }
  };

  show(page.dataset.state);
  if (purpose === 'pay') ofPaying();
  else ofCanceling();
})();
`;
