import datetime
import ipaddress
import socket
import ssl
import tempfile
import threading
from datetime import timedelta
from pathlib import Path
from socket import create_server
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from odoo import fields, sql_db
from odoo.tests import TransactionCase, tagged

from odoo.addons.school_mpesa import server_certificate
from odoo.addons.school_mpesa.tests.alert_common import AlertCommon
from odoo.addons.school_mpesa.tests.question_common import QuestionCommon


class CertificateServer:
    """A server on this machine that greets by TLS with a certificate of so many days. """

    def __init__(self, days):
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / 'server.pem'
        path.write_bytes(self.make(days))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(path)
        self.socket = create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def make(self, days):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Uhuru Academy")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=90))
            .not_valid_after(now + timedelta(days=days, hours=1))
            .add_extension(x509.SubjectAlternativeName([
                x509.IPAddress(ipaddress.ip_address('127.0.0.1')),
            ]), critical=False)
            .sign(key, hashes.SHA256())
        )
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ) + certificate.public_bytes(serialization.Encoding.PEM)

    def serve(self):
        while True:
            try:
                connection, _address = self.socket.accept()
                with self.context.wrap_socket(connection, server_side=True):
                    pass
            except OSError:
                if self.socket.fileno() < 0:
                    return

    def stop(self):
        self.socket.close()
        self.folder.cleanup()


@tagged('post_install', '-at_install')
class TestAlertJobs(AlertCommon):
    """What does not run by itself is seen, also when nothing runs."""

    def test_a_late_action(self):
        job = self.env.ref('school_mpesa.cron_pull')
        job.nextcall = fields.Datetime.now() - timedelta(minutes=1)
        self.check()
        self.assertFalse(self.find('jobs'))
        job.nextcall = fields.Datetime.now() - timedelta(minutes=3)
        alert = self.assert_raised('jobs', 'critical')
        self.assertIn(job.name, alert.what)
        job.nextcall = fields.Datetime.now() + timedelta(hours=1)
        self.assert_cleared(alert)

    def test_after_a_restart_the_others_have_their_turn_first(self):
        hour_ago = fields.Datetime.now() - timedelta(hours=1)
        self.Alert._find_jobs().nextcall = hour_ago
        self.check()
        self.assertFalse(self.find('jobs'))
        # This run was in time: the others had theirs, and are late all the same.
        self.assertGreater(self.env.ref('school_mpesa.cron_check_alerts').nextcall, hour_ago)
        self.check()
        self.assertTrue(self.find('jobs'))

    def test_an_action_that_is_switched_off(self):
        job = self.env.ref('school_mpesa.cron_drain')
        job.active = False
        alert = self.assert_raised('jobs', 'critical')
        self.assertIn(f"{job.name} (switched off)", alert.with_user(self.bursar).what)
        job.active = True
        self.assert_cleared(alert)

    def test_an_action_that_the_school_can_do_without(self):
        self.env.ref('school_mpesa.cron_mail_summary').active = False
        self.check()
        self.assertFalse(self.find('jobs'))

    def test_an_action_that_is_merely_busy(self):
        job = self.env.ref('school_mpesa.cron_pull')
        job.nextcall = fields.Datetime.now() - timedelta(minutes=30)
        # What Odoo's scheduler writes when it begins, and with each batch.
        progress = self.env['ir.cron.progress'].create({'cron_id': job.id, 'remaining': 500})
        self.note_progress(progress, minutes=1)
        self.check()
        self.assertFalse(self.find('jobs'))
        self.note_progress(progress, minutes=3)
        alert = self.assert_raised('jobs', 'critical')
        self.assertEqual(alert.facts['jobs'], job.ids)

    def note_progress(self, progress, minutes):
        """ Let an action have said something so many minutes ago. """
        self.env.flush_all()
        self.env.cr.execute('UPDATE ir_cron_progress SET write_date = %s WHERE id = %s', [
            fields.Datetime.now() - timedelta(minutes=minutes), progress.id,
        ])
        self.env.invalidate_all()

    def test_a_dead_scheduler_is_seen_by_whoever_opens_the_system(self):
        Alert = self.Alert.with_user(self.bursar).with_context(
            allowed_company_ids=self.school.ids,
        )
        self.assertEqual(Alert.get_open(), [])
        self.Alert._find_jobs().nextcall = fields.Datetime.now() - timedelta(minutes=3)
        shown = Alert.get_open()
        self.assertEqual([(row['level'], row['acknowledged']) for row in shown],
                         [('critical', False)])
        alert = self.find('jobs')
        self.assertEqual(alert.ids, [shown[0]['id']])
        self.assertTrue(alert.mailed_at)
        self.assertEqual(len(Alert.get_open()), 1)
        self.Alert._find_jobs().nextcall = fields.Datetime.now() + timedelta(hours=1)
        self.assert_cleared(alert)
        self.assertEqual(Alert.get_open(), [])

    def test_an_action_that_failed(self):
        job = self.env.ref('school_mpesa.cron_commands')
        # What Odoo's scheduler writes after a crash.
        job.failure_count = 1
        self.check()
        self.assertFalse(self.find('exceptions'), "It is tried again within the minute.")
        job.failure_count = 2
        alert = self.assert_raised('exceptions', 'critical')
        self.assertIn(job.name, alert.what)
        job.failure_count = 0
        self.assert_cleared(alert)

    def test_an_action_that_failed_and_is_not_soon_tried_again(self):
        self.env.ref('school_mpesa.cron_prove_yesterday').failure_count = 1
        self.assert_raised('exceptions', 'critical')


@tagged('post_install', '-at_install')
class TestAlertHeldAction(TransactionCase):
    """A worker of Odoo's scheduler holds the action that it runs."""

    def test_an_action_that_a_worker_holds(self):
        job = self.env.ref('school_mpesa.cron_pull')
        later = job.nextcall + timedelta(minutes=30)
        self.assertTrue(job._mpesa_is_late(later))
        with sql_db.db_connect(self.env.cr.dbname).cursor() as worker:
            # By Odoo's own lock, and only if to look for it has left none behind.
            worker.execute(
                'SELECT 1 FROM ir_cron WHERE id = %s FOR NO KEY UPDATE NOWAIT', [job.id],
            )
            self.assertFalse(job._mpesa_is_late(later))
            self.assertTrue(job._mpesa_is_late(later + timedelta(hours=1)), "It hangs.")
        self.assertTrue(job._mpesa_is_late(later))


@tagged('post_install', '-at_install')
class TestAlertExpiry(AlertCommon, QuestionCommon):
    """Pull, the initiator's password and the certificate of the web address."""

    def test_pull_is_silent(self):
        self.provider.mpesa_pull_since = fields.Datetime.now() - timedelta(hours=25)
        alert = self.assert_raised('pull', 'warning', self.provider)
        self.assertEqual(self.pull().state, 'done')
        self.assert_cleared(alert)

    def test_pull_fails_again_and_again(self):
        self.control.set_shortcode('600111', pull_registered=False)
        self.assertNotEqual(self.pull().state, 'done')
        self.check()
        self.assertFalse(self.find('pull'), "Once may be a passing fault.")
        self.assertNotEqual(self.pull().state, 'done')
        alert = self.assert_raised('pull', 'warning', self.provider)
        self.control.set_shortcode('600111', pull_registered=True)
        self.assertEqual(self.pull().state, 'done')
        self.assert_cleared(alert)

    def test_the_initiators_password_is_old(self):
        today = self.kenyan_day()
        self.assertEqual(self.provider.mpesa_initiator_set_on, today, "Since it was saved.")
        self.provider.mpesa_initiator_set_on = today - timedelta(days=79)
        self.check()
        self.assertFalse(self.find('initiator'))
        self.provider.mpesa_initiator_set_on = today - timedelta(days=80)
        alert = self.assert_raised('initiator', 'warning', self.provider)
        self.assertIn("80 days old", alert.what)
        self.provider.mpesa_initiator_password = '••••••••'
        self.check()
        self.assertFalse(alert.cleared_at, "The mask of the screen is no new password.")
        self.provider.mpesa_initiator_password = 'Another-9'
        self.assert_cleared(alert)
        self.provider.mpesa_initiator_set_on = today - timedelta(days=95)
        self.provider.mpesa_status_enabled = False
        self.check()
        self.assertFalse(self.find('initiator'), "Nobody uses it.")
        self.provider.write({'mpesa_status_enabled': True, 'mpesa_initiator_password': False})
        self.assertFalse(self.provider.mpesa_initiator_set_on)
        other = self.create_provider(shortcode='600222', mpesa_initiator_password='Third-7')
        self.assertEqual(other.mpesa_initiator_set_on, today)

    # === THE CERTIFICATE === #

    def serve(self, days):
        """ Let a server of ours have a certificate of so many days, and look at it. """
        server = CertificateServer(days)
        self.addCleanup(server.stop)
        self.provider.mpesa_callback_base = f'https://127.0.0.1:{server.port}'
        self.run_cron('school_mpesa.cron_look_at_certificates')
        return server

    def test_the_certificate_ends_soon(self):
        self.serve(22)
        self.check()
        self.assertFalse(self.find('certificate'))
        self.serve(20)
        alert = self.assert_raised('certificate', 'warning', self.provider)
        self.serve(3)
        self.check()
        self.assertEqual((alert.level, alert.value), ('critical', 3))
        self.serve(80)
        self.assert_cleared(alert)

    def test_a_certificate_that_has_ended_is_read_all_the_same(self):
        self.serve(-2)
        self.assertEqual(self.assert_raised('certificate', 'critical', self.provider).value, -2)

    def test_an_address_that_cannot_be_reached_says_nothing(self):
        until = self.serve(20) and self.provider.mpesa_tls_until
        self.assertTrue(until)
        server = create_server(('127.0.0.1', 0))
        self.addCleanup(server.close)
        port = server.getsockname()[1]
        server.close()
        self.env.cr.execute(
            'UPDATE payment_provider SET mpesa_callback_base = %s WHERE id = %s',
            [f'https://127.0.0.1:{port}', self.provider.id],
        )
        self.env.invalidate_all()
        self.run_cron('school_mpesa.cron_look_at_certificates')
        self.assertEqual(self.provider.mpesa_tls_until, until)

    def test_another_address_has_another_certificate(self):
        self.serve(3)
        self.check()
        self.assertTrue(self.find('certificate'))
        # As when the system's own address changes, which the shortcode takes when it has none.
        self.env.cr.execute(
            "UPDATE payment_provider SET mpesa_callback_base = 'https://fees.example.sc.ke'"
            " WHERE id = %s", [self.provider.id],
        )
        self.env.invalidate_all()
        self.check()
        self.assertFalse(self.find('certificate'))

    def test_each_address_of_a_name_is_tried(self):
        server = CertificateServer(20)
        self.addCleanup(server.stop)
        look_up = socket.getaddrinfo

        def find(host, *args, **kwargs):
            """ Let a name have an address where nobody answers, before the right one. """
            hosts = ('127.0.0.2', '127.0.0.1') if host == 'fees.example.sc.ke' else (host,)
            return [entry for each in hosts for entry in look_up(each, *args, **kwargs)]

        with patch.object(socket, 'getaddrinfo', find):
            until = server_certificate.read_end('fees.example.sc.ke', server.port, is_local=True)
        self.assertEqual((until - fields.Datetime.now()).days, 20)

    def test_nothing_but_our_own_public_address_is_called(self):
        for host in ('127.0.0.1', '10.0.0.5', '169.254.169.254', '::1', '192.168.1.1', 'localhost'):
            with self.subTest(host), self.assertRaises(OSError):
                server_certificate.resolve(host, 443, is_local=False)
        for host in ('196.201.214.200', '10.0.0.5', '169.254.169.254'):
            with self.subTest(host), self.assertRaises(OSError):
                server_certificate.resolve(host, 443, is_local=True)
        self.assertEqual(
            server_certificate.resolve('196.201.214.200', 443, is_local=False), ['196.201.214.200'],
        )
        for base, environment, target in (
            ('https://fees.example.sc.ke', 'sandbox', ('fees.example.sc.ke', 443, False)),
            ('http://fees.example.sc.ke', 'sandbox', None),
            ('https://fees.example.sc.ke:8443', 'sandbox', None),
            ('https://127.0.0.1:8443', 'simulator', ('127.0.0.1', 8443, True)),
        ):
            self.provider.write({'mpesa_environment': environment, 'mpesa_callback_base': base})
            with self.subTest(base):
                self.assertEqual(self.provider._mpesa_get_tls_target(), target)
