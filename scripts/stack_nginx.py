"""nginx before Odoo on this machine, from the same templates that compose fills in."""
import os
import re
import shutil

from stack_config import ROOT, StackError


# The frame that the nginx image brings by itself. As root, workers keep root: the folders are ours.
MAIN = """
%(user)s
worker_processes 1;
pid %(folder)s/nginx.pid;
error_log %(error_log)s error;
daemon off;
events { worker_connections 4096; }
http {
    default_type application/octet-stream;
    access_log off;
    client_body_temp_path %(folder)s/body;
    proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi;
    uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
    sendfile on;
    keepalive_timeout 65;
    include %(folder)s/common.conf;
    include %(folder)s/server.conf;
}
"""


def render(template, values):
    """ Fill in a template as the nginx image does: only words that begin with SCHOOL_.

    :param str template: Name of a file beside this one.
    :param dict values: By word.
    :rtype: str
    """
    text = (ROOT / 'scripts' / template).read_text()
    return re.sub(r'\$\{(SCHOOL_\w+)\}', lambda found: str(values[found[1]]), text)


def prepare(folder, log_folder, ports, tls=None):
    """ Write nginx's configuration.

    :param Path folder: Where it goes, and nginx's own files.
    :param Path log_folder: Where its logs go.
    :param dict ports: 'public', 'odoo' and 'gevent'; with TLS also 'https'.
    :param tuple tls: Paths of certificate and key, for the TLS profile.
    :return: The command that runs nginx.
    :rtype: list[str]
    :raise StackError: when nginx is not installed.
    """
    nginx = shutil.which('nginx', path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not nginx:
        message = "nginx is not installed; 'make run' as root installs it."
        raise StackError(message)
    folder.mkdir(parents=True, exist_ok=True)
    log_folder.mkdir(parents=True, exist_ok=True)
    certificate, key = tls or ('', '')
    values = {
        'SCHOOL_ODOO_HOST': '127.0.0.1',
        'SCHOOL_ODOO_PORT': ports['odoo'],
        'SCHOOL_GEVENT_PORT': ports['gevent'],
        'SCHOOL_HTTP_PORT': f"127.0.0.1:{ports['public']}",
        'SCHOOL_HTTPS_PORT': f"127.0.0.1:{ports.get('https', 0)}",
        'SCHOOL_ACCESS_LOG': log_folder / 'nginx-access.log',
        'SCHOOL_ERROR_LOG': log_folder / 'nginx-error.log',
        'SCHOOL_LOCATIONS': folder / 'locations.conf',
        'SCHOOL_ACME_ROOT': folder,
        'SCHOOL_TLS_CERTIFICATE': certificate,
        'SCHOOL_TLS_KEY': key,
    }
    server = 'nginx.tls.template' if tls else 'nginx.plain.template'
    (folder / 'common.conf').write_text(render('nginx.conf.template', values))
    (folder / 'locations.conf').write_text(render('nginx.locations.template', values))
    (folder / 'server.conf').write_text(render(server, values))
    (folder / 'nginx.conf').write_text(MAIN % {
        'folder': folder,
        'error_log': log_folder / 'nginx-error.log',
        'user': 'user root;' if os.getuid() == 0 else '',
    })
    return [nginx, '-p', str(folder), '-c', str(folder / 'nginx.conf'), '-e',
            str(log_folder / 'nginx-error.log')]
