"""Makes the keys of the school and the passwords of its database and of Odoo's administrator, once.

Run by compose as root.

Usage: make_secrets.py FOLDER_OF_THE_KEYS FOLDER_OF_THE_DATABASE_PASSWORD
The keys encrypt credentials and payers' numbers. Lost keys mean lost data: keep a copy, apart from
the database's backups.
"""
import os
import pwd
import secrets
import sys
from pathlib import Path

from cryptography.fernet import Fernet


def write_once(path, text, mode, owner=None):
    """ Write a file unless it is there with something in it.

    :param Path path: The file.
    :param str text: Its content.
    :param int mode: Its permissions.
    :param pwd.struct_passwd owner: Whose it becomes.
    """
    if path.exists() and path.stat().st_size:
        return
    temporary = path.with_suffix('.new')
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, 'w') as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if owner:
        os.chown(temporary, owner.pw_uid, owner.pw_gid)
    temporary.chmod(mode)
    temporary.replace(path)


def main():
    """ Make what is missing. """
    keys, password = map(Path, sys.argv[1:3])
    try:
        odoo = pwd.getpwnam('odoo')
    except KeyError:
        odoo = None
    options = {
        'school_mpesa_keys': Fernet.generate_key().decode(),
        'school_mpesa_index_key': secrets.token_hex(32),
        'admin_passwd': secrets.token_urlsafe(24),
    }
    text = ''.join(f'{name} = {value}\n' for name, value in options.items())
    write_once(keys / 'keys.conf', text, 0o400, odoo)
    write_once(keys / 'admin_password', secrets.token_urlsafe(12), 0o400, odoo)
    # The volume is mounted by Odoo and PostgreSQL only, whose accounts have different numbers.
    write_once(password / 'database_password', secrets.token_urlsafe(32), 0o444)


if __name__ == '__main__':
    main()
