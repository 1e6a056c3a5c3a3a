/**
 * A stand-in for Stripe.js. Cards are typed into frames of the simulator's own origin, so their numbers never touch
 * the page that this script is in: it only sends orders to its frames and hears what came of them.
 */
(() => {
  const ORIGIN = new URL(document.currentScript.src).origin;
  const CARD_TYPES = ['payment', 'card'];
  const OTHER_TYPES = ['address', 'linkAuthentication', 'expressCheckout'];
  let count = 0;

  /** A frame that answers orders by their number. */
  class Frame {
    constructor(type, listen) {
      this.waiting = new Map();
      this.node = document.createElement('iframe');
      this.node.src = `${ORIGIN}/sim/elements/frame?type=${type}`;
      this.node.title = 'Secure card input';
      this.node.style.cssText = 'border:0;width:100%;height:0;display:block;color-scheme:light';
      this.ready = new Promise((resolve) => {
        this.hear = ({ source, origin, data }) => {
          if (origin !== ORIGIN || source !== this.node.contentWindow || data?.simulator !== true) return;
          if (data.event === 'ready') resolve();
          if (data.event === 'height') this.node.style.height = `${data.height}px`;
          if (data.event !== undefined) listen(data.event, data);
          this.waiting.get(data.order)?.(data.result);
          this.waiting.delete(data.order);
        };
      });
      addEventListener('message', this.hear);
    }

    async ask(what, given) {
      await this.ready;
      const order = ++count;
      const answer = new Promise((resolve) => this.waiting.set(order, resolve));
      this.node.contentWindow.postMessage({ simulator: true, order, what, given }, ORIGIN);
      return answer;
    }

    remove() {
      removeEventListener('message', this.hear);
      this.node.remove();
    }
  }

  /** Events of an element, as Stripe's elements have them. */
  class Emitter {
    constructor() {
      this.listeners = new Map();
    }
    on(event, listener) {
      this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
      return this;
    }
    once(event, listener) {
      const only = (data) => {
        this.off(event, only);
        listener(data);
      };
      return this.on(event, only);
    }
    off(event, listener) {
      const kept = listener === undefined ? [] : (this.listeners.get(event) ?? []).filter((each) => each !== listener);
      this.listeners.set(event, kept);
      return this;
    }
    tell(event, data) {
      for (const listener of this.listeners.get(event) ?? []) listener(data);
    }
  }

  class Element extends Emitter {
    constructor(type, options, forget) {
      super();
      this.type = type;
      this.options = options;
      this.forget = forget;
      this.frame = null;
    }
    mount(target) {
      const place = typeof target === 'string' ? document.querySelector(target) : target;
      if (place === null) throw integrationError(`The selector you specified (${target}) applies to no DOM elements.`);
      this.unmount();
      this.frame = new Frame(this.type, (event, data) => {
        const told = { elementType: this.type, empty: data.empty, complete: data.complete, value: { type: 'card' } };
        if (event === 'ready') this.tell('ready', this.type === 'card' ? undefined : { elementType: this.type });
        if (event === 'change') this.tell('change', { ...told, error: data.error, brand: data.brand });
        if (event === 'focus' || event === 'blur') this.tell(event, { elementType: this.type });
      });
      place.replaceChildren(this.frame.node);
      if (OTHER_TYPES.includes(this.type)) this.frame.node.style.display = 'none';
    }
    unmount() {
      this.frame?.remove();
      this.frame = null;
    }
    destroy() {
      this.unmount();
      this.forget();
    }
    update(options) {
      this.options = { ...this.options, ...options };
    }
    focus() {
      void this.frame?.ask('focus');
    }
    blur() {
      void this.frame?.ask('blur');
    }
    clear() {
      void this.frame?.ask('clear');
    }
    collapse() {}
  }

  class Elements extends Emitter {
    constructor(options) {
      super();
      this.options = options;
      this.made = new Map();
    }
    create(type, options = {}) {
      if (![...CARD_TYPES, ...OTHER_TYPES].includes(type)) {
        throw integrationError(`The simulator has no Element of type ${type}.`);
      }
      if (this.made.has(type)) throw integrationError(`Can only create one Element of type ${type}.`);
      const element = new Element(type, options, () => this.made.delete(type));
      this.made.set(type, element);
      return element;
    }
    getElement(type) {
      return this.made.get(typeof type === 'string' ? type : type?.__elementType) ?? null;
    }
    update(options) {
      this.options = { ...this.options, ...options };
    }
    async fetchUpdates() {
      return {};
    }
    /** Whether what was typed could be a card. */
    async submit() {
      const frame = frameOf(this);
      const error = await frame.ask('check');
      return error ? { error } : { selectedPaymentMethod: 'card' };
    }
  }

  function frameOf(elements) {
    const element = CARD_TYPES.map((type) => elements.made.get(type)).find((each) => each?.frame);
    if (!element) throw integrationError('Your elements have no mounted Element that collects a card.');
    return element.frame;
  }

  /** An order that needs no card on the page, to a frame that nobody sees. */
  async function behindTheScenes(work) {
    const frame = new Frame('none', () => {});
    frame.node.style.display = 'none';
    document.body.append(frame.node);
    try {
      return await work(frame);
    } finally {
      frame.remove();
    }
  }

  const retrieve = (client_secret) => behindTheScenes((frame) => frame.ask('retrieve', { client_secret }));

  /** The bank's page in a dialog; closing it is giving up. */
  function challenge(intent) {
    return new Promise((resolve) => {
      const dialog = document.createElement('dialog');
      dialog.setAttribute('aria-label', '3-D Secure');
      dialog.style.cssText = 'border:0;padding:0;border-radius:12px;width:min(34rem,92vw);height:26rem;overflow:hidden';
      const page = document.createElement('iframe');
      page.src = `${ORIGIN}/_sim/3ds/${intent.id}?back=${encodeURIComponent('/sim/elements/done')}`;
      page.title = '3-D Secure';
      page.style.cssText = 'border:0;width:100%;height:100%;color-scheme:light';
      const end = () => {
        removeEventListener('message', hear);
        dialog.remove();
        resolve();
      };
      const hear = ({ source, origin, data }) => {
        if (origin === ORIGIN && source === page.contentWindow && data?.event === 'authenticated') end();
      };
      addEventListener('message', hear);
      dialog.addEventListener('close', end);
      const close = document.createElement('button');
      close.textContent = '×';
      close.setAttribute('aria-label', 'Close');
      close.style.cssText =
        'position:absolute;top:8px;right:12px;border:0;background:none;font:24px/1 system-ui;color:#5b6578;cursor:pointer';
      close.addEventListener('click', () => dialog.close());
      dialog.append(close, page);
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  /** Leads through the bank's page if it must be, then says how it ended: as `{ paymentIntent }` or `{ error }`. */
  async function finished({ intent, error }) {
    if (error) return { error };
    if (intent.status === 'requires_action') {
      await challenge(intent);
      return finishedNow(await retrieve(intent.client_secret));
    }
    return finishedNow({ intent });
  }

  function finishedNow({ intent, error }) {
    if (error) return { error };
    const failure = intent.last_payment_error ?? intent.last_setup_error;
    if (intent.status === 'requires_payment_method' && failure) {
      return { error: { ...failure, [intent.object]: intent } };
    }
    if (intent.status === 'requires_action') {
      const message = 'The customer did not complete the authentication.';
      return { error: { type: 'card_error', code: 'authentication_aborted', message, [intent.object]: intent } };
    }
    return { [intent.object === 'payment_intent' ? 'paymentIntent' : 'setupIntent']: intent };
  }

  async function confirm({ elements, clientSecret, confirmParams = {}, redirect = 'always' }) {
    const client_secret = clientSecret ?? elements?.options.clientSecret;
    if (!client_secret) throw integrationError('A clientSecret is required to confirm.');
    const given = {
      client_secret,
      payment_method: confirmParams.payment_method,
      billing_details: confirmParams.payment_method_data?.billing_details,
    };
    const answer = await (elements
      ? frameOf(elements).ask('confirm', given)
      : behindTheScenes((frame) => frame.ask('confirm', given)));
    const result = await finished(answer);
    const intent = result.paymentIntent ?? result.setupIntent;
    if (redirect !== 'if_required' && intent && confirmParams.return_url) {
      const target = new URL(confirmParams.return_url);
      target.searchParams.set(intent.object, intent.id);
      target.searchParams.set(`${intent.object}_client_secret`, intent.client_secret);
      target.searchParams.set('redirect_status', 'succeeded');
      location.assign(target);
      return new Promise(() => {}); // as with Stripe's own, nobody hears of it on this page any more
    }
    return result;
  }

  /** `confirmCardPayment(secret, { payment_method: 'pm_…' | { card: element, billing_details } })` */
  async function confirmCard(client_secret, data = {}) {
    const method = data.payment_method;
    if (typeof method === 'string' || method === undefined) {
      const given = { client_secret, payment_method: method };
      return finished(await behindTheScenes((frame) => frame.ask('confirm', given)));
    }
    return finished(await method.card.frame.ask('confirm', { client_secret, billing_details: method.billing_details }));
  }

  function Stripe(key) {
    if (typeof key !== 'string' || !key.startsWith('pk_')) {
      throw integrationError('Please call Stripe() with your publishable key.');
    }
    return {
      elements: (options = {}) => new Elements(options),
      confirmSetup: confirm,
      confirmPayment: confirm,
      confirmCardSetup: confirmCard,
      confirmCardPayment: confirmCard,
      async createPaymentMethod({ elements, card, billing_details, params }) {
        const frame = elements ? frameOf(elements) : card.frame;
        return frame.ask('create', { billing_details: billing_details ?? params?.billing_details });
      },
      async createToken(element) {
        const { paymentMethod, error } = await element.frame.ask('create', {});
        return error
          ? { error }
          : { token: { id: paymentMethod.id, object: 'token', card: paymentMethod.card, type: 'card' } };
      },
      async handleNextAction({ clientSecret }) {
        return finished(await retrieve(clientSecret));
      },
      async retrievePaymentIntent(clientSecret) {
        const { intent, error } = await retrieve(clientSecret);
        return error ? { error } : { paymentIntent: intent };
      },
      async retrieveSetupIntent(clientSecret) {
        const { intent, error } = await retrieve(clientSecret);
        return error ? { error } : { setupIntent: intent };
      },
      _registerWrapper() {},
      registerAppInfo() {},
    };
  }

  function integrationError(message) {
    return Object.assign(new Error(message), { name: 'IntegrationError' });
  }

  Stripe.version = 'endive';
  window.Stripe = Stripe;
})();
