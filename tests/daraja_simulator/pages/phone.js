// Shows one handset. The state comes from the simulator every half second; nothing is kept here.
(() => {
    const msisdn = location.pathname.split('/').pop();
    const by = (name) => document.querySelector(`[data-testid="${name}"]`);
    const form = document.getElementById('prompt');
    const paybill = document.getElementById('paybill');
    let shown = null;
    let open = null;

    async function refresh() {
        const text = await (await fetch(`/phone/${msisdn}/state`)).text();
        if (text === shown) {
            return;
        }
        shown = text;
        draw(JSON.parse(text));
    }

    function draw(state) {
        by('owner').textContent = state.name || 'Unknown subscriber';
        by('msisdn').textContent = state.msisdn;
        by('balance').textContent = state.balance === null ? '' : `KES ${state.balance}`;
        form.hidden = !state.prompt;
        by('idle').hidden = Boolean(state.prompt);
        if (state.prompt && state.prompt.id !== open) {
            form.pin.value = '';
            by('error').textContent = '';
        }
        open = state.prompt && state.prompt.id;
        by('prompt').textContent = state.prompt ? state.prompt.text : '';
        by('messages').replaceChildren(...state.messages.map((message) => {
            const row = document.createElement('li');
            row.dataset.testid = 'message';
            row.textContent = message.text;
            return row;
        }));
        document.getElementById('sms').replaceChildren(...state.sms.map((sms) => {
            const row = document.createElement('li'), from = document.createElement('b');
            row.dataset.testid = 'sms';
            from.textContent = `${sms.sender}: `;
            row.append(from, ...linked(sms.text));
            return row;
        }));
    }

    // An address in a text can be tapped, with or without its scheme.
    function linked(text) {
        return text.split(/((?:https?:\/\/)?[\w.-]+(?::\d+)?\/(?:p|rc|c)\/\w+)/).map((part, index) => {
            if (index % 2 === 0) {
                return part;
            }
            const link = document.createElement('a');
            link.href = part.startsWith('http') ? part : `https://${part}`;
            link.textContent = part;
            return link;
        });
    }

    async function send(path, body) {
        const answer = await fetch(`/phone/${msisdn}/${path}`, {
            method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body),
        });
        const {error} = await answer.json();
        by('error').textContent = error || '';
        await refresh();
        return !error;
    }

    form.addEventListener('submit', (event) => {
        event.preventDefault();
        send('answer', {id: open, action: 'pin', pin: form.pin.value});
    });
    document.getElementById('cancel').addEventListener('click', () => send('answer', {id: open, action: 'cancel'}));
    paybill.addEventListener('submit', async (event) => {
        event.preventDefault();
        const fields = Object.fromEntries(new FormData(paybill));
        if (await send('pay', fields)) {
            paybill.reset();
        }
    });
    refresh();
    setInterval(() => refresh().catch(() => {}), 500);
})();
