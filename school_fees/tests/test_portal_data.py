from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.school_fees.controllers import portal_data
from odoo.addons.school_fees.tests.portal_form_common import PortalFormCommon


URL = '/my/fees/data'


@tagged('post_install', '-at_install')
class TestPortalData(PortalFormCommon):
    """A guardian asks for the family's data; the office has seven days, and sees which pass."""

    def setUp(self):
        super().setUp()
        portal_data.REQUESTS.clear()
        self.authenticate('form_mary', 'form_mary')
        self.bursar = self.create_staff('form_bursar', 'bursar')

    def ask(self, status=303, school=None):
        return self.post(f'{URL}/{(school or self.school).id}', status, page=URL)

    def requests(self):
        return self.env['school.data.request'].search([('partner_id', '=', self.mary.id)])

    def test_asked_once_confirmed_and_due_in_seven_days(self):
        self.assertIn(URL, self.get('/my/fees').text)
        self.assertIn("within seven days", self.text_of(self.get(URL)))
        with freeze_time('2026-09-14 21:30'):  # The 15th in Kenya.
            self.ask()
            # A second tap on the page of before, which still has the button.
            self.post(f'{URL}/{self.school.id}', page='/my/fees/contact')
        asked = self.requests()
        self.assertEqual(len(asked), 1)
        self.assertEqual((str(asked.asked_on), str(asked.due_on)), ('2026-09-15', '2026-09-22'))
        self.assertEqual((asked.company_id, asked.state), (self.school, 'open'))
        answer = self.get(URL)
        self.assertIn(
            "You asked on 15 Sep 2026. The school answers until 22 Sep 2026.", self.text_of(answer),
        )
        self.assertNotIn('<form', answer.text)
        self.assertIn("Asked in the portal for the data", self.notes_of(self.mary))

    def test_in_swahili(self):
        self.env['ir.module.module']._get('school_fees')._update_translations('sw')
        text = self.text_of(self.get(f'{URL}?lang=sw'))
        for english in ("Ask for my data", "within seven days", "All children"):
            self.assertNotIn(english, text)

    def test_the_office_sees_and_closes_it(self):
        self.ask()
        env = self.env(user=self.bursar, context={'allowed_company_ids': self.school.ids})
        needs = env['school.dashboard'].get_figures()['needs']
        self.assertEqual({need['key']: need['count'] for need in needs}, {'data_requests': 1})
        asked = self.requests().with_env(env)
        asked.action_close()
        self.assertEqual((asked.state, asked.closed_by_id), ('closed', self.bursar))
        with self.assertRaisesRegex(UserError, "answered already"):
            asked.action_close()
        with self.assertRaises(AccessError):
            asked.due_on = '2030-01-01'
        self.assertIn("the school answered on", self.text_of(self.get(URL)))
        self.ask()
        self.assertEqual(len(self.requests()), 2, "After an answer one may ask again.")

    def test_the_office_sees_what_this_guardian_may_be_given(self):
        """ A separated father gets neither the mother's payments nor her phones. """
        self.mary.guardian_link_ids.write({
            'sees_amounts': False, 'sees_other_payers': False, 'restricted_note': "Court order 12",
        })
        self.ask()
        env = self.env(user=self.bursar, context={'allowed_company_ids': self.school.ids})
        asked = self.requests().with_env(env)
        for part in ("Faith Otieno", "NO amounts", "NOT who else paid", "Court order 12"):
            self.assertIn(part, asked.scope)
        self.assertNotIn("Grace", asked.scope)
        view = env['school.data.request'].get_view(view_type='list')['arch']
        self.assertIn('name="scope"', view)
        self.assertNotIn("all the data", view)
        self.assertIn("as far as you may see it", self.text_of(self.get(URL)))
        self.assertNotIn("Court order", self.get(URL).text)
        self.assertNotIn("Court order", self.notes_of(self.mary))
        self.mary.guardian_link_ids.write({'sees_amounts': True, 'sees_other_payers': True})
        env.invalidate_all()
        self.assertIn("amounts may be shown, other payers may be shown", asked.scope)
        self.mary.guardian_link_ids.date_to = '2020-12-31'
        env.invalidate_all()
        self.assertIn("nothing may be shown", asked.scope)

    def test_nobody_else_closes_it(self):
        self.ask()
        for user in (self.mary.user_ids, self.create_staff('form_cashier', 'cashier')):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.requests().with_env(self.env(user=user, context={})).action_close()
        self.assertEqual(self.requests().state, 'open')

    def test_only_a_school_of_the_own_children_is_asked(self):
        other = self.create_school("Mwangaza School")
        self.ask(404, school=other)
        self.env.flush_all()
        answer = self.url_open(
            f'{URL}/{self.school.id}', data={'lang': 'en'}, allow_redirects=False,
        )
        self.assertEqual(answer.status_code, 400, "Without the token of the page.")
        self.assertFalse(self.requests())
        self.mary.guardian_link_ids.date_to = '2020-12-31'
        self.get(URL, 404)

    def test_asking_over_and_over_is_slowed_down(self):
        for _count in range(portal_data.REQUESTS.most):
            portal_data.REQUESTS.allow(self.mary.user_ids.id)
        self.assertIn("several times today", self.text_of(self.ask(429)))
        self.assertFalse(self.requests())

    def test_the_database_keeps_one_open_request(self):
        self.ask()
        with mute_logger('odoo.sql_db'), self.assertRaises(UniqueViolation):
            self.requests().copy()
