/* The page for several children: the split follows the amount, and their sum is checked while it is
   typed. The server knows the rule and checks again; without this, a button shows the split. */
(function () {
    'use strict';
    var form = document.getElementById('pay');
    var amount = form && form.querySelector('[name=amount]');
    var parts = form ? form.querySelectorAll('[name^=share_]') : [];
    var error = document.getElementById('shares_error');
    var timer, asked = 0;

    function data(name) {
        return form.getAttribute('data-' + name);
    }

    function read(input) {
        var text = input.value.replace(/\s/g, '');
        if (/^\d{1,3}(,\d{3})+$/.test(text)) {
            text = text.replace(/,/g, '');
        }
        return /^\d*$/.test(text) ? Number(text) : NaN;
    }

    function write(number) {
        return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
    }

    function each(look) {
        Array.prototype.forEach.call(parts, look);
    }

    function checkPart(input) {
        var part = read(input), most = input.getAttribute('data-most');
        var text = isNaN(part) ? data('no_cents') : most && part > Number(most) ?
            data('part_over').replace('{due}', write(most)) : '';
        var line = document.getElementById(input.id + '_error');
        line.hidden = !text;
        line.textContent = text && data('error').replace('{message}', text);
        input.setAttribute('aria-invalid', text ? 'true' : 'false');
        return text;
    }

    /* Return the first field that is wrong. */
    function check() {
        var total = 0, wrong = null, text = '';
        each(function (input) {
            if (checkPart(input)) {
                wrong = wrong || input;
            }
            total += read(input);
        });
        if (!wrong && !isNaN(read(amount)) && total !== read(amount)) {
            text = data('no_sum').replace('{total}', write(total)).replace(
                '{amount}', write(read(amount))
            );
            wrong = parts[0];
        }
        error.hidden = !text;
        error.textContent = text && data('error').replace('{message}', text);
        return wrong;
    }

    function shareOut() {
        var xhr = new XMLHttpRequest(), mine = asked += 1;
        xhr.open('GET', data('split') + '?amount=' + encodeURIComponent(amount.value));
        xhr.onload = function () {
            var found;
            if (mine !== asked || xhr.status !== 200) {
                return;
            }
            try {
                found = JSON.parse(xhr.responseText);
            } catch (_error) {
                return;
            }
            if (Object.keys(found).length) {
                each(function (input) {
                    input.value = found[input.name.slice(6)] || '';
                });
                check();
            }
        };
        xhr.send();
    }

    if (!form || !parts.length) {
        return;
    }
    Array.prototype.forEach.call(form.querySelectorAll('[name=show]'), function (button) {
        button.parentNode.removeChild(button);
    });
    form.addEventListener('input', function (event) {
        if (event.target === amount) {
            clearTimeout(timer);
            timer = setTimeout(shareOut, 300);
        } else if (event.target.name.indexOf('share_') === 0) {
            clearTimeout(timer);
            asked += 1; /* What somebody types is not overwritten by an answer under way. */
            timer = setTimeout(check, 500); /* An error is read aloud: not at every key. */
        }
    });
    form.addEventListener('submit', function (event) {
        var wrong = check();
        if (wrong && !event.defaultPrevented) {
            event.preventDefault();
            wrong.focus();
        }
    });
})();
