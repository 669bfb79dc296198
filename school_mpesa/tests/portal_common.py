from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


@tagged('post_install', '-at_install')
class PortalCommon(SchoolMpesaCommon, HttpCase):
    """The portal page of a bill of KES 32,500, and what its payment form sends."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang']._activate_lang('sw')
        cls.env['ir.config_parameter'].set_param('account_payment.enable_portal_payment', 'True')
        cls.method = cls.env.ref('payment.payment_method_mpesa')
        cls.bill._portal_ensure_token()

    # === TOOLS === #

    def page(self, bill=None):
        self.env.flush_all()
        return self.url_open((bill or self.bill).get_portal_url()).text

    def params(self, **values):
        return {
            'provider_id': self.provider.id,
            'payment_method_id': self.method.id,
            'token_id': None,
            'amount': 32_500,
            'flow': 'direct',
            'tokenization_requested': False,
            'landing_route': '/my',
            'is_validation': False,
            'access_token': self.bill.access_token,
            'mpesa_amount': '15500',
            'mpesa_phone': '0712000111',
            'mpesa_intent': 'a1' * 16,
            **values,
        }

    def pay(self, bill=None, **values):
        self.env.flush_all()
        return self.make_jsonrpc_request(
            f'/invoice/transaction/{(bill or self.bill).id}', self.params(**values),
        )

    def requests(self):
        return self.env['payment.transaction'].search([
            ('mpesa_student_id', '=', self.student.id),
        ])

    def other_provider(self):
        """ Make a second way to pay, such as a card. """
        card = self.env.ref('payment.payment_method_card')
        provider = self.env['payment.provider'].create({
            'name': "Card", 'code': 'none', 'state': 'test', 'company_id': self.school.id,
            'is_published': True, 'payment_method_ids': [(6, 0, card.ids)],
        })
        card.active = True
        return provider

    def log_in_guardian(self):
        """ Log in as the student's guardian.

        :rtype: res.users
        """
        user = new_test_user(
            self.env, 'guardian_pages', groups='base.group_portal', company_id=self.school.id,
        )
        self.env['school.guardian.link'].search([
            ('student_id', '=', self.student.id),
        ]).partner_id = user.partner_id
        self.authenticate('guardian_pages', 'guardian_pages')
        return user
