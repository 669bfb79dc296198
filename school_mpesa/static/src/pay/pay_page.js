/* On every pay page, for old phones (ES5, no library): copy buttons, sharing, and one tap is one
   request. Without it the page works by its links and forms. */
(function () {
    'use strict';

    function copy(button) {
        var text = button.getAttribute('data-copy'), area;
        function done() {
            document.getElementById('said').textContent = button.getAttribute('data-done');
            button.textContent = button.getAttribute('data-done');
        }
        if (navigator.clipboard) {
            navigator.clipboard.writeText(text).then(done);
            return;
        }
        area = document.createElement('textarea');
        area.value = text;
        document.body.appendChild(area);
        area.select();
        if (document.execCommand('copy')) {
            done();
        }
        document.body.removeChild(area);
        button.focus();
    }

    document.addEventListener('click', function (event) {
        var target = event.target;
        if (target.hasAttribute('data-copy')) {
            copy(target);
        } else if (target.hasAttribute('data-share')) {
            navigator.share({ title: document.title, url: target.getAttribute('data-share') });
        }
    });
    /* A second tap does nothing; the server would send no second prompt either. */
    document.addEventListener('submit', function (event) {
        var button = event.target.querySelector('[type=submit]:not([name])');
        if (!event.defaultPrevented) {
            setTimeout(function () {
                button.disabled = true;
            }, 0);
        }
    });
    window.addEventListener('pageshow', function (event) {
        if (event.persisted) {
            Array.prototype.forEach.call(
                document.querySelectorAll('[type=submit]'),
                function (button) {
                    button.disabled = false;
                }
            );
        }
    });
})();
