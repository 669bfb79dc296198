from unittest.mock import patch

from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.school_fees.controllers import portal_contact
from odoo.addons.school_fees.models.school_reference_book import ReferenceBook
from odoo.addons.school_fees.models.school_reference_directory import ReferenceDirectory
from odoo.addons.school_fees.tests.portal_form_common import PortalFormCommon


URL = '/my/fees/contact'
PHONE_URL = f'{URL}/phone'


@tagged('post_install', '-at_install')
class TestPortalContact(PortalFormCommon):
    """Guardians look after their own phones and language, and gain nothing by another's number."""

    def setUp(self):
        super().setUp()
        portal_contact.CHANGES.clear()
        self.authenticate('form_mary', 'form_mary')
        self.bursar = self.create_staff('form_bursar', 'bursar')

    def propose(self, phone, status=303, **form):
        return self.post(PHONE_URL, status, page=URL, phone=phone, **form)

    def waiting(self, partner=None):
        return self.env['school.guardian.phone'].search([
            ('partner_id', '=', (partner or self.mary).id), ('proposed', '=', True),
        ])

    def as_bursar(self, records):
        return records.with_env(self.env(user=self.bursar))

    # === THE PAGE === #

    def test_the_page_shows_the_own_numbers_only(self):
        self.env['school.guardian.phone'].create([
            {'partner_id': self.mary.id, 'e164': '0722 000 003'},
            {'partner_id': self.jane.id, 'e164': '0722 000 004'},
        ])
        answer = self.get(URL)
        text = self.text_of(answer)
        self.assertIn("0712 000 001", text)
        self.assertIn("0722 000 003", text)
        for hidden in ("000 002", "000 004", "Jane"):
            self.assertNotIn(hidden, text)
        self.assertNotIn('<script', answer.text)
        self.assertLess(len(answer.content), 14 * 1024)
        self.assertIn("form-action 'self'", answer.headers['Content-Security-Policy'])
        self.assertIn(URL, self.get('/my/fees').text)

    def test_in_swahili(self):
        self.env['ir.module.module']._get('school_fees')._update_translations('sw')
        text = self.text_of(self.get(f'{URL}?lang=sw'))
        for english in ("My phones", "Phone numbers", "First number", "Send the number", "Save"):
            self.assertNotIn(english, text)

    def test_who_has_no_child_here_finds_nothing(self):
        self.mary.guardian_link_ids.date_to = '2020-12-31'
        self.get(URL, 404)
        self.get('/my/fees')
        for path in (PHONE_URL, f'{URL}/language', f'{PHONE_URL}/1/remove'):
            self.post(path, 404, page=URL, csrf_token=self.csrf_token(), phone='0722 000 003')
        self.assertFalse(self.waiting())
        self.logout(keep_db=True)
        self.assertIn('/web/login', self.get(URL, 303).headers['Location'])

    def csrf_token(self):
        from odoo import http
        return http.Request.csrf_token(self)

    def test_a_form_of_another_site_is_refused(self):
        self.env.flush_all()
        answer = self.url_open(PHONE_URL, data={'phone': '0722 000 003'}, allow_redirects=False)
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.waiting())

    # === PROPOSING A NUMBER === #

    def test_a_typed_number_waits_and_counts_for_nothing(self):
        answer = self.propose('0722 000 003', is_first='1')
        self.assertIn('done=waits', answer.headers['Location'])
        phone = self.waiting()
        self.assertEqual((phone.e164, phone.is_first), ('+254722000003', True))
        self.assertEqual(self.mary.phone, '0712 000 001')
        self.assertEqual(self.mary._get_school_phones(), ['+254712000001'])
        self.assertEqual(self.mary._get_message_phone(), '+254712000001')
        self.mary.phone = False
        self.assertFalse(self.mary._get_message_phone())
        self.assertFalse(self.faith._guardian_phones())
        text = self.text_of(self.get(f'{URL}?done=waits'))
        self.assertIn("0722 000 003", text)
        self.assertIn("Waits for the school office", text)

    def test_nothing_is_gained_by_the_number_of_somebody_else(self):
        self.propose('0733 000 002')
        self.propose('0733 000 002', is_first='1')
        self.assertEqual(len(self.waiting()), 1)
        Student = self.env['school.student']
        self.assertEqual(Student._find_ids_by_mobile('733000002'), self.grace.ids)
        self.assertEqual(Student._find_ids_by_phone('733000002'), self.grace.ids)
        for kind in (ReferenceDirectory, ReferenceBook):
            with self.subTest(kind.__name__):
                self.assertEqual(kind(self.school).find_phone('733000002'), self.grace)
        found = self.as_bursar(Student).name_search('0733 000 002')
        self.assertEqual([student for student, _name in found], self.grace.ids)
        importer = self.env['school.import'].create({
            'kind': 'students', 'file_name': 'a.csv', 'file': b'TmFtZQo=',
        })
        self.assertEqual(
            importer._find_guardians({'+254733000002'}), {'+254733000002': self.jane},
        )
        self.assertEqual(self.as_bursar(self.waiting()).also_of, "Jane Mwangi")

    def test_another_schools_guardian_is_not_named(self):
        other = self.create_school("Mwangaza School")
        self.env.user.company_ids |= other
        env = self.env(context={**self.env.context, 'allowed_company_ids': other.ids})
        child = env['school.student'].create({
            'name': "Hope Kamau", 'admission_no': "M-1", 'company_id': other.id,
        })
        stranger = env['res.partner'].create({'name': "Ann Kamau", 'phone': '0744 000 009'})
        env['school.guardian.link'].create({
            'student_id': child.id, 'partner_id': stranger.id,
        })
        self.propose('0744 000 009')
        self.assertFalse(self.as_bursar(self.waiting()).also_of)
        # Nor does the other school's office see Mary's number.
        bursar = new_test_user(
            self.env, login='form_stranger', groups='school_fees.group_bursar',
            company_id=other.id, company_ids=[(6, 0, other.ids)],
        )
        env = self.env(user=bursar, context={})
        self.assertFalse(env['school.guardian.phone'].search([('proposed', '=', True)]))

    def test_the_office_reads_of_it_with_masked_numbers(self):
        self.propose('0722 000 003', is_first='1')
        notes = self.notes_of(self.mary)
        self.assertIn("0722 *** 003 instead of 0712 *** 001", notes)
        self.as_bursar(self.waiting()).action_confirm()
        self.env.invalidate_all()
        notes = self.notes_of(self.mary)
        for clear in ('722000003', '722 000 003', '712000001', '712 000 001'):
            self.assertNotIn(clear, notes)

    def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(self):
        for typed in ('', '12345', '020 123 4567', '+1 202-456-1111', '0712 000 0011', '<b>'):
            with self.subTest(typed):
                answer = self.propose(typed, 422, is_first='1')
                self.assertIn("Enter a Kenyan mobile number", self.text_of(answer))
                self.assertIn('aria-invalid="true"', answer.text)
                self.assertRegex(answer.text, r'name="is_first"[^>]*checked')
                self.assertNotIn('<b>', answer.text)
                if typed.isdigit():
                    self.assertIn(f'value="{typed}"', answer.text)
        for own in ('0712000001', '+254 712 000 001'):
            self.assertIn("one of your numbers", self.text_of(self.propose(own, 422)))
        self.assertFalse(self.waiting())

    def test_not_more_than_a_few_numbers(self):
        for number in range(5):
            self.propose(f'0722 000 01{number}')
        self.assertIn("5 further numbers", self.text_of(self.propose('0722 000 019', 422)))
        self.assertEqual(len(self.waiting()), 5)

    def test_changing_over_and_over_is_slowed_down(self):
        for _count in range(portal_contact.CHANGES.most):
            portal_contact.CHANGES.allow(self.mary.user_ids.id)
        answer = self.propose('0722 000 003', 429)
        self.assertIn("Too many changes", self.text_of(answer))
        self.assertIn('value="0722 000 003"', answer.text)
        self.assertFalse(self.waiting())

    # === THE OFFICE DECIDES === #

    def test_a_confirmed_first_number_takes_the_place_of_the_former(self):
        self.propose('0722 000 003', is_first='1')
        self.as_bursar(self.waiting()).action_confirm()
        self.env.invalidate_all()
        # The former one stays known: payments of before came from it.
        self.assertEqual(self.mary._get_school_phones(), ['+254722000003', '+254712000001'])
        self.assertEqual(self.mary._get_message_phone(), '+254722000003')
        Student = self.env['school.student']
        for digits in ('722000003', '712000001'):
            self.assertEqual(Student._find_ids_by_mobile(digits), self.faith.ids)
        former = self.mary.guardian_phone_ids
        self.post(f'{PHONE_URL}/{former.id}/remove', 422, page=URL)
        self.assertTrue(former.exists())

    def test_a_confirmed_further_number_counts(self):
        self.propose('0722 000 003')
        phone = self.waiting()
        self.as_bursar(phone).action_confirm()
        self.env.invalidate_all()
        self.assertTrue(phone.verified)
        self.assertEqual(self.mary._get_school_phones(), ['+254712000001', '+254722000003'])
        with self.assertRaisesRegex(UserError, "does not wait"):
            self.as_bursar(phone).action_confirm()
        # It may be made the first at once: it counts already.
        self.assertIn('done=first', self.propose(
            '0722000003', is_first='1').headers['Location'])
        self.assertEqual(self.mary._get_school_phones(), ['+254722000003', '+254712000001'])
        # And back, without a number lost or kept twice.
        self.propose('0712000001', is_first='1')
        self.assertEqual(self.mary._get_school_phones(), ['+254712000001', '+254722000003'])

    def test_what_the_guardian_says_anew_is_not_confirmed_by_the_call_of_before(self):
        self.propose('0722 000 003')
        called_about = self.waiting()
        self.propose('0722 000 003', is_first='1')
        self.assertTrue(self.waiting().is_first)
        with self.assertRaisesRegex(UserError, "does not wait"):
            self.as_bursar(called_about).action_confirm()
        self.assertEqual(self.mary.phone, '0712 000 001')
        self.assertIn("0722 *** 003 instead of", self.notes_of(self.mary))

    def test_two_taps_at_once_start_again_and_log_no_number(self):
        self.propose('0722 000 003')
        with (
            patch.object(type(self.mary), '_check_own_phone', lambda *_args, **_kwargs: (
                '+254722000003', self.env['school.guardian.phone'],  # As its snapshot saw it.
            )),
            self.assertNoLogs('odoo.sql_db', 'ERROR'),
            self.assertRaises(ConcurrencyError),
        ):
            self.mary._propose_phone('0722 000 003')

    def test_a_former_school_neither_sees_nor_decides(self):
        self.propose('0722 000 003')
        phone = self.waiting()
        self.mary.guardian_link_ids.date_to = '2020-12-31'
        self.env.flush_all()
        env = self.env(user=self.bursar, context={'allowed_company_ids': self.school.ids})
        self.env.invalidate_all()
        self.assertFalse(env['school.guardian.phone'].search([('proposed', '=', True)]))
        with self.assertRaises(AccessError):
            phone.with_env(env).action_confirm()
        self.assertTrue(phone.proposed)

    def test_a_refused_number_is_gone(self):
        self.propose('0722 000 003')
        self.as_bursar(self.waiting()).action_refuse()
        self.assertFalse(self.waiting())
        self.assertEqual(self.mary._get_school_phones(), ['+254712000001'])
        self.assertIn("did not confirm 0722 *** 003", self.notes_of(self.mary))

    def test_nobody_else_decides(self):
        self.propose('0722 000 003')
        phone = self.waiting()
        for user in (self.mary.user_ids, self.create_staff('form_cashier', 'cashier')):
            for action in ('action_confirm', 'action_refuse'):
                with self.subTest(user.login, action=action), self.assertRaises(AccessError):
                    getattr(phone.with_env(self.env(user=user, context={})), action)()
        self.assertTrue(phone.proposed)

    def test_it_stands_among_what_waits_for_the_office(self):
        self.propose('0722 000 003')
        needs = self.env(user=self.bursar, context={
            'allowed_company_ids': self.school.ids,
        })['school.dashboard'].get_figures()['needs']
        need, = (need for need in needs if need['key'] == 'phones')
        self.assertEqual(need['count'], 1)
        action = need['action']
        self.assertEqual(
            self.as_bursar(self.env[action['res_model']]).search(action['domain']),
            self.waiting(),
        )

    # === OTHER WAYS TO WRITE THE NUMBER === #

    def test_a_log_in_cannot_write_the_number_past_the_office(self):
        teacher = self.create_staff('form_teacher', 'class_teacher')
        teacher.phone = '0712 000 077'
        self.env['school.guardian.link'].create({
            'student_id': self.faith.id, 'partner_id': teacher.partner_id.id,
        })
        for user, own in (
            (self.mary.user_ids, '+254712000001'), (teacher, '+254712000077'),
        ):
            with self.subTest(user.login):
                partner = user.partner_id
                record = self.env(user=user, context={})['res.users'].browse(user.id)
                record.write({'phone': '0733 000 002'})
                self.env.flush_all()
                self.env.invalidate_all()
                self.assertEqual(partner._get_school_phones(), [own])
                self.assertEqual(self.waiting(partner).e164, '+254733000002')
                self.waiting(partner).unlink()
                # The same number in another spelling is no change; nor is what is no number.
                for text in (own, False, '', 'none', '12345'):
                    record.write({'phone': text})
                    self.assertFalse(self.waiting(partner))
                self.assertEqual(partner._get_school_phones(), [own])
                record.write({'phone': '+44 20 7946 0958'})
                self.assertEqual(self.waiting(partner).e164, '+442079460958')

    def test_the_office_and_other_contacts_write_numbers_as_ever(self):
        self.as_bursar(self.mary).phone = '0722 000 003'
        self.assertEqual(self.mary._get_school_phones(), ['+254722000003'])
        stranger = new_test_user(self.env, login='form_stranger', groups='base.group_portal')
        self.env(user=stranger, context={})['res.users'].browse(stranger.id).write({
            'phone': '0722 000 009',
        })
        self.assertEqual(stranger.partner_id.phone, '0722 000 009')

    def test_odoos_page_of_addresses_proposes_too(self):
        self.mary.write({
            'street': "Ngong Road", 'city': "Nairobi", 'country_id': self.env.ref('base.ke').id,
            'email': 'mary@example.com',
        })
        form = {
            'partner_id': self.mary.id, 'name': "Mary Otieno", 'email': 'mary@example.com',
            'street': "Ngong Road 2", 'city': "Nairobi", 'zip': '00100',
            'country_id': self.env.ref('base.ke').id, 'csrf_token': self.csrf_token(),
        }
        self.env.flush_all()
        answer = self.url_open('/my/address/submit', data={**form, 'phone': '12345'}).json()
        self.assertIn('phone', answer['invalid_fields'])
        answer = self.url_open('/my/address/submit', data={**form, 'phone': '0733 000 002'}).json()
        self.assertIn('redirectUrl', answer)
        self.env.invalidate_all()
        self.assertEqual(self.mary.street, "Ngong Road 2")
        self.assertEqual(self.mary.phone, '0712 000 001')
        self.assertEqual(self.waiting().e164, '+254733000002')

    # === REMOVING === #

    def test_own_further_numbers_are_removed_and_no_other(self):
        own, office, hers = self.env['school.guardian.phone'].create([
            {'partner_id': self.mary.id, 'e164': '0722 000 003', 'from_portal': True},
            {'partner_id': self.mary.id, 'e164': '0722 000 006'},
            {'partner_id': self.jane.id, 'e164': '0722 000 004'},
        ])
        self.post(f'{PHONE_URL}/{hers.id}/remove', 404, page=URL)
        self.assertTrue(hers.exists())
        self.assertNotIn(f'{PHONE_URL}/{office.id}/remove', self.get(URL).text)
        answer = self.post(f'{PHONE_URL}/{office.id}/remove', 422, page=URL)
        self.assertIn("Ask the office to remove it", self.text_of(answer))
        self.assertTrue(office.exists())
        self.post(f'{PHONE_URL}/{own.id}/remove', page=URL)
        self.assertFalse(own.exists())
        self.assertIn("Removed in the portal: 0722 *** 003", self.notes_of(self.mary))
        self.propose('0722 000 005')
        self.post(f'{PHONE_URL}/{self.waiting().id}/remove', page=URL)
        self.assertFalse(self.waiting())

    # === LANGUAGE === #

    def test_the_language_is_kept(self):
        answer = self.post(f'{URL}/language', page=URL, language='sw')
        self.assertIn('lang=sw', answer.headers['Location'])
        self.assertEqual(self.mary.lang, 'sw')
        self.assertFalse(self.jane.lang == 'sw')
        self.assertIn('<html lang="sw"', self.get(URL).text)
        self.assertIn("Language chosen in the portal", self.notes_of(self.mary))
        for wrong in ('', 'fr_FR', 'xx'):
            self.post(f'{URL}/language', 422, page=URL, language=wrong)
        self.assertEqual(self.mary.lang, 'sw')
