/* Waiting page of one attempt: written for old phones (ES5, no library), inlined in the page.
   It only asks "has anything changed?" and, if so, fetches the page again and shows its main part:
   every decision and every word stays on the server. Without it the page works by its links. */
(function () {
    'use strict';
    var main = document.getElementById('main');
    var shownAt, pollTimer, tickTimer, polling = false, failures = 0;

    function data(name) {
        return main.getAttribute('data-' + name);
    }

    function each(selector, act) {
        Array.prototype.forEach.call(main.querySelectorAll(selector), act);
    }

    function sinceShown() {
        return (Date.now() - shownAt) / 1000;
    }

    /* Counted from the request, not from the page: a reload changes nothing. */
    function elapsed() {
        return Number(data('elapsed')) + sinceShown();
    }

    function get(url, done) {
        var xhr = new XMLHttpRequest();
        xhr.onreadystatechange = function () {
            if (xhr.readyState === 4) {
                done(xhr);
            }
        };
        xhr.open('GET', url);
        xhr.timeout = 15000;
        xhr.send();
    }

    /* Seconds to the next question, or 0 when nothing more is expected by itself. */
    function interval() {
        var seconds = data('final') ? sinceShown() : elapsed();
        if (data('poll') !== '1' || seconds > 600) {
            return 0;
        }
        if (data('final')) {
            return 20;
        }
        return seconds < 75 ? 2.5 : seconds < 180 ? 5 : 20;
    }

    function schedule() {
        var seconds = interval() * Math.pow(1.5, Math.min(failures, 6));
        clearTimeout(pollTimer);
        if (seconds) {
            pollTimer = setTimeout(poll, seconds * (800 + Math.random() * 400));
        }
    }

    function poll() {
        if (polling || document.hidden || data('poll') !== '1') {
            return;
        }
        polling = true;
        get(data('state-url') + '?v=' + encodeURIComponent(data('version')), function (xhr) {
            polling = false;
            failures = xhr.status ? 0 : failures + 1;
            document.getElementById('offline').hidden = failures < 2;
            if (xhr.status === 200) {
                get(data('url'), show);
            } else {
                schedule();
            }
        });
    }

    /* Show the new state without a flash, and move the reader to its heading. */
    function show(xhr) {
        var fresh = xhr.status === 200 && window.DOMParser &&
            new DOMParser().parseFromString(xhr.responseText, 'text/html');
        var next = fresh && fresh.getElementById('main');
        if (!next) {
            schedule();
            return;
        }
        document.title = fresh.title;
        main.parentNode.replaceChild(document.importNode(next, true), main);
        main = document.getElementById('main');
        start();
        main.querySelector('h1').focus();
    }

    /* Once a second: the words for this moment, and the countdown on the retry button. */
    function tick() {
        var now = elapsed(), live = document.getElementById('live'), current, left;
        each('template', function (phase) {
            if (Number(phase.getAttribute('data-from')) <= now) {
                current = phase;
            }
        });
        if (current && live.getAttribute('data-from') !== current.getAttribute('data-from')) {
            live.setAttribute('data-from', current.getAttribute('data-from'));
            live.className = current.className;
            live.innerHTML = current.innerHTML;
            document.title = current.getAttribute('data-title');
        }
        each('button[data-wait]', function (button) {
            left = Math.ceil(Number(button.getAttribute('data-wait')) - sinceShown());
            button.disabled = left > 0;
            button.textContent = left <= 0 ? button.getAttribute('data-ready') :
                button.getAttribute('data-waiting').replace(
                    '{time}', Math.floor(left / 60) + ':' + ('0' + left % 60).slice(-2)
                );
        });
    }

    function start() {
        var bar = main.querySelector('.bar i');
        shownAt = Date.now();
        clearInterval(tickTimer);
        tick();
        if (main.querySelector('template, button[data-wait]')) {
            tickTimer = setInterval(tick, 1000);
        }
        if (bar) {
            bar.offsetWidth;  // Reading it makes the browser start the transition from here.
            bar.style.transition = 'width ' + data('bar-left') + 's linear';
            bar.style.width = '100%';
        }
        each('[data-js]', function (element) {
            element.hidden = element.hasAttribute('data-share') && !navigator.share;
        });
        schedule();
    }

    /* The PIN pop-up covers the browser: ask at once when the payer comes back. */
    document.addEventListener('visibilitychange', poll);
    window.addEventListener('online', poll);
    window.addEventListener('pageshow', function (event) {
        if (event.persisted) {
            poll();
        }
    });
    start();
})();
