/* The public page of a link: checks what is typed, and puts the amount on the button. Every rule and
   every word stays on the server, which checks again; without this the page works as well. */
(function () {
    'use strict';
    var form = document.getElementById('pay');
    var button = form && form.querySelector('[type=submit]:not([name])');
    var other = form && form.querySelector('[name=amount]');

    function data(name) {
        return form.getAttribute('data-' + name);
    }

    function amount() {
        var choice = form.querySelector('[name=choice]:checked') ||
            form.querySelector('[name=choice]');
        var text = (choice && choice.value) || other.value.replace(/\s/g, '');
        return /^\d{1,3}(,\d{3})+$/.test(text) ? text.replace(/,/g, '') : text;
    }

    function amountError() {
        var text = amount();
        return !text ? 'no_amount' : !/^\d+$/.test(text) ? 'no_cents' :
            Number(text) < Number(data('least')) ? 'too_little' :
                Number(text) > Number(data('most')) ? 'too_much' : '';
    }

    function phoneError() {
        var text = form.querySelector('[name=phone]').value.trim();
        return !text ? 'no_phone' : text === data('mask') ||
            /^(\+?254|0)?[17]\d{8}$/.test(text.replace(/[\s().-]/g, '')) ? '' : 'wrong_phone';
    }

    function show(name, error) {
        var input = form.querySelector('[name=' + name + ']');
        var text = document.getElementById(name + '_error');
        if (input && text) {
            text.hidden = !error;
            text.textContent = error && data('error').replace('{message}', data(error));
            input.setAttribute('aria-invalid', error ? 'true' : 'false');
        }
        return error && input;
    }

    function label() {
        var error = amountError();
        if (data('pay')) {
            button.textContent = error ? data('plain') : data('pay').replace(
                '{amount}', String(Number(amount())).replace(/\B(?=(\d{3})+$)/g, ',')
            );
        }
        return error;
    }

    function isShown(name) {
        return form.querySelector('[name=' + name + ']').getAttribute('aria-invalid') === 'true';
    }

    Array.prototype.forEach.call(document.querySelectorAll('[data-js]'), function (element) {
        element.hidden = false;
    });
    if (!form) {
        return;
    }
    /* While typing, only what more typing cannot mend is said; the rest when the field is left. */
    form.addEventListener('input', function (event) {
        var name = event.target.name, error = label();
        if (name === 'amount' && (isShown(name) || error === 'too_much' || error === 'no_cents')) {
            show(name, error);
        } else if (name === 'phone' && isShown(name)) {
            show(name, phoneError());
        }
    });
    form.addEventListener('change', function (event) {
        var name = event.target.name;
        label();
        if (name === 'choice') {
            show('amount', '');
        } else if (name === 'amount') {
            show(name, amountError());
        } else if (name === 'phone') {
            show(name, phoneError());
        }
    });
    form.addEventListener('submit', function (event) {
        var wrong = [
            show('amount', other ? amountError() : ''), show('phone', phoneError())
        ].filter(Boolean);
        if (wrong.length) {
            event.preventDefault();
            wrong[0].focus();
        }
    });
    label();
})();
