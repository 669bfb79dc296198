from datetime import timedelta
from decimal import Decimal

from freezegun import freeze_time

from odoo import fields
from odoo.service.model import call_kw
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.tests.day_common import (
    DAY,
    END,
    LATER,
    NIGHT,
    NOON,
    DayCloseCommon,
)


@tagged('post_install', '-at_install')
class TestDaySchedule(DayCloseCommon):
    """Days that are proven by themselves, and the mails and papers that tell of them."""

    # === BY ITSELF === #

    def test_the_nightly_actions(self):
        self.clean_day()
        with freeze_time(END - timedelta(hours=1)):
            self.run_cron('school_mpesa.cron_prove_today')
        close = self.Close.search([('provider_id', '=', self.provider.id), ('day', '=', DAY)])
        self.assertEqual(close.state, 'proven')
        self.pay('UIE0000003')
        with freeze_time(END + timedelta(minutes=30)):
            self.run_cron('school_mpesa.cron_prove_yesterday')
        self.assertEqual(close.state, 'different')
        with freeze_time(END + timedelta(days=1, minutes=30)):
            self.run_cron('school_mpesa.cron_prove_yesterday')
        self.assertEqual(
            self.Close.search_count([('provider_id', '=', self.provider.id)]), 2,
        )

    def test_a_statement_of_earlier_days_proves_them(self):
        self.pay('UIE0000001')
        close = self.prove()
        self.provider.mpesa_proven_until = fields.Datetime.now()
        self.add_line(self.create_statement(end=END + timedelta(days=1)), 'UIE0000001')
        self.run_cron('school_mpesa.cron_prove_news')
        self.assertEqual(close.state, 'proven')

    def get_closes(self):
        return self.Close.search([('provider_id', '=', self.provider.id)], order='day')

    def break_day(self, day):
        """ Let the database refuse the figures of one day. """
        self.env.flush_all()
        self.env.cr.execute(
            """
            CREATE FUNCTION test_break_day() RETURNS trigger AS $$
            BEGIN
                IF NEW.day = %s AND NEW.computed_at IS NOT NULL THEN
                    RAISE EXCEPTION 'Planted';
                END IF;
                RETURN NEW;
            END $$ LANGUAGE plpgsql;
            CREATE TRIGGER test_break_day BEFORE UPDATE ON mpesa_day_close
                FOR EACH ROW EXECUTE FUNCTION test_break_day();
            """, [day],
        )

    def test_a_day_that_cannot_be_computed_stands_in_nobodys_way(self):
        for number in range(3):
            self.pay(f'UIE000000{number}', at=NOON + timedelta(days=number))
        self.break_day(DAY)
        with mute_logger('odoo.sql_db', 'odoo.addons.school_mpesa.models.mpesa_day_stale'):
            self.run_cron('school_mpesa.cron_prove_news')
            self.assertEqual(
                [(bool(day.computed_at), day.is_stale, day.failed_count)
                 for day in self.get_closes()],
                [(False, True, 1), (True, False, 0), (True, False, 0)],
            )
            self.run_cron('school_mpesa.cron_prove_news')
        self.assertEqual(self.get_closes()[0].failed_count, 2)
        self.env.cr.execute('DROP TRIGGER test_break_day ON mpesa_day_close')
        # Long after what was learnt: the mark stands.
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self.run_cron('school_mpesa.cron_prove_news')
        first = self.get_closes()[0]
        self.assertEqual(
            (bool(first.computed_at), first.is_stale, first.failed_count), (True, False, 0),
        )

    def test_one_request_proves_some_days_and_the_action_the_rest(self):
        for number in range(12):
            self.pay(f'UIE00000{number:02}', at=NOON - timedelta(days=number))
        cron = self.env.ref('school_mpesa.cron_prove_news')
        triggers = self.env['ir.cron.trigger'].search_count([('cron_id', '=', cron.id)])
        self.Close.with_user(self.bursar).with_context(
            allowed_company_ids=self.school.ids,
        ).action_prove_today()
        self.assertEqual(len(self.get_closes().filtered('is_stale')), 2)
        self.assertGreater(
            self.env['ir.cron.trigger'].search_count([('cron_id', '=', cron.id)]), triggers,
        )
        self.run_cron('school_mpesa.cron_prove_news')
        self.assertFalse(self.get_closes().filtered('is_stale'))

    def test_a_message_that_is_parked_marks_its_day(self):
        self.clean_day()
        self.run_cron('school_mpesa.cron_prove_news')
        close = self.get_closes()
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            callback = self.c2b('UIE0000009', '650.00', TransTime='20260914120000')
            callback._close('parked', "For the test")
            self.run_cron('school_mpesa.cron_prove_news')
        self.assertEqual((close.waiting_count, close.waiting_total), (1, 650))

    def test_a_message_that_waits_marks_its_day_once(self):
        self.clean_day()
        callback = self.c2b('UIE0000009', '650.00', TransTime='20260914120000')
        callback._close('parked', "For the test")
        self.run_cron('school_mpesa.cron_prove_news')
        close = self.get_closes().filtered(lambda close: close.day == DAY)
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self.run_cron('school_mpesa.cron_prove_news')
            self.Close.sudo()._mark_news(self.provider)
            self.assertFalse(close.is_stale, "Nothing is otherwise.")
            callback._close('done', "A person has decided")
            self.Close.sudo()._mark_news(self.provider)
            self.assertTrue(close.is_stale)
            self.run_cron('school_mpesa.cron_prove_news')
            self.assertEqual((close.waiting_count, close.is_stale), (0, False))

    def test_a_message_that_contradicts_marks_its_day_until_it_is_decided(self):
        self.clean_day()
        self.sign(self.prove())
        self.provider.mpesa_proven_until = fields.Datetime.now() + timedelta(days=1)
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            callback = self.drain_c2b('UIE0000001', '600.00', TransTime='20260914120000')
            self.assertEqual(callback.state, 'conflict')
            self.run_cron('school_mpesa.cron_prove_news')
            close = self.get_closes().filtered(lambda close: close.day == DAY)
            self.assertIn('found', close.amendment_ids.mapped('what'))
        with freeze_time(fields.Datetime.now() + timedelta(days=4)):
            self.Close.sudo()._mark_news(self.provider)
            self.assertFalse(close.is_stale)
            callback._close('done', "A person has decided")
            self.run_cron('school_mpesa.cron_prove_news')
            self.assertIn('settled', close.amendment_ids.mapped('what'))

    def test_what_a_line_holds_is_read_without_its_key(self):
        line = self.add_line(self.clean_day(), 'UIX0000001', 700, state='found', at=LATER)
        self.env['mpesa.callback']._append_found(self.provider, 'statement', [{
            'receipt': 'UIX0000001', 'amount': Decimal(700), 'paid_at': LATER,
            'account_reference': 'ADM-012', 'msisdn': '', 'name': '',
            'statement_line_id': line.id,
        }], held=True)
        self.env.invalidate_all()
        callback = line.callback_ids
        self.assertEqual(callback._read_all_money(), [
            ('UIX0000001', Decimal('700'), LATER, 'quarantined'),
        ])
        with_key = callback._read_money(callback._read_bodies()[callback])
        self.assertEqual(with_key, ('UIX0000001', Decimal('700'), LATER))
        self.env['mpesa.callback.key'].sudo().browse(callback.sudo().key_id).unlink()
        self.assertTrue(callback._read_all_money())
        close = self.prove()
        self.assertEqual((close.waiting_count, close.waiting_total), (1, 700))

    def test_the_nightly_actions_never_switch_off(self):
        for name in ('today', 'yesterday', 'news'):
            cron = self.env.ref(f'school_mpesa.cron_prove_{name}')
            self.assertTrue(self.env['ir.cron']._is_mpesa_job({'id': cron.id}))

    def test_the_button_of_the_list_proves_what_is_new(self):
        self.clean_day()
        Close = self.Close.with_user(self.bursar).with_context(
            allowed_company_ids=self.school.ids,
        )
        call_kw(Close, 'action_prove_today', [[]], {})  # As the list's button does.
        self.assertEqual(
            Close.search([('provider_id', '=', self.provider.id)]).mapped('day'),
            [self.Close._get_today(), DAY],
        )

    def test_today_tells_of_days(self):
        with freeze_time(NIGHT):
            self.clean_day()
            self.pay('UIE0000003')
            close = self.prove()
            dashboard = self.env['school.dashboard'].with_user(self.bursar).with_context(
                allowed_company_ids=self.school.ids,
            )
            self.assertIn('days_different', [n['key'] for n in dashboard.get_figures()['needs']])
            self.explain_all(close)
            self.sign(close)
            keys = [need['key'] for need in dashboard.get_figures()['needs']]
            self.assertFalse([key for key in keys if key.startswith('days_')])
            self.pay('UIE0000004')
            close._prove()
            self.assertIn('days_amended', [n['key'] for n in dashboard.get_figures()['needs']])

    # === MAIL AND PAPER === #

    def mails(self):
        return self.env['mail.mail'].search([('model', '=', 'mpesa.day.close')])

    def test_those_who_asked_get_a_mail_once_and_no_payers(self):
        cashier = self.create_staff('proof-cashier', 'school_fees.group_cashier')
        self.provider.mpesa_proof_user_ids = self.bursar | cashier
        self.clean_day()
        close = self.prove()
        mail = self.mails()
        self.assertEqual(mail.recipient_ids, self.bursar.partner_id)
        self.assertIn('600111', mail.subject)
        self.assertIn('800.50', mail.body_html)
        for word in ('WANJIKU', '111</', 'UIE0000001', '***', self.student.name):
            self.assertNotIn(word, mail.subject + mail.body_html)
        close._prove()
        self.assertEqual(self.mails(), mail)
        self.pay('UIE0000003')
        close._prove()
        self.assertEqual(len(self.mails()), 2)

    def test_nobody_asked_and_nobody_is_told(self):
        self.clean_day()
        self.prove()
        self.assertFalse(self.mails())

    def test_paper(self):
        self.clean_day()
        self.pay('UIE0000003')
        close = self.prove()
        self.explain_all(close)
        self.sign(close)
        html = self.env['ir.actions.report'].with_user(self.bursar)._render_qweb_html(
            'school_mpesa.report_day_close', close.ids,
        )[0].decode()
        for words in ('Proof of the day', self.bursar.name, 'UIE0000003', 'case 12', '1,300.50'):
            self.assertIn(words, html)
        self.assertNotIn('WANJIKU', html)

    def test_the_bursar_works_on_the_form(self):
        self.clean_day()
        self.pay('UIE0000003')
        close = self.prove().with_user(self.bursar)
        with Form(close) as form:
            form.note = "Looked at"
            with form.difference_ids.edit(0) as difference:
                difference.note = "Asked Safaricom"
        self.assertEqual(close.difference_ids.note, "Asked Safaricom")
        close.action_sign()
        action = close.difference_ids.action_open()
        self.assertEqual(action['res_model'], 'mpesa.transaction')
