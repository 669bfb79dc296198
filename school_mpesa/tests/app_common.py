from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.tests.desk_common import DeskCommon


@tagged('post_install', '-at_install')
class AppCommon(DeskCommon, HttpCase):
    """The school's own app at Odoo's JSON-2: the office's key and those of guardians.

    Mary and Odhiambo have Faith, who owes KES 32,500; Grace logs in for Faith too, and Peter for
    Brian of another family, who owes KES 9,000.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang']._activate_lang('sw')
        cls.brian = cls.create_student("Brian Kamau", 'ADM-020')
        cls.bill_brian = cls.create_term_bill(cls.brian, cls.term_3, 9_000)
        cls.grace = cls.create_guardian(
            cls.student, name="Grace Otieno", phone='+254722000444', login='app-grace', priority=30,
        ).user_ids
        cls.peter = cls.create_guardian(
            cls.brian, name="Peter Kamau", phone='+254722000555', login='app-peter',
        ).user_ids
        cls.office_key = cls.create_key(cls.bursar)
        cls.grace_key = cls.create_key(cls.grace)
        cls.peter_key = cls.create_key(cls.peter)

    # === MAKERS === #

    @classmethod
    def create_key(cls, user):
        """ Create an API key, as its user would under *My Preferences*.

        :rtype: str
        """
        Keys = cls.env['res.users.apikeys'].with_user(user).sudo()
        return Keys._generate(None, "The app", None)

    @classmethod
    def create_teacher(cls):
        """ Create the class teacher of the student. """
        teacher = new_test_user(
            cls.env, login='app-teacher', groups='school_fees.group_class_teacher',
            company_id=cls.school.id, company_ids=[(6, 0, cls.school.ids)],
        )
        level = cls.create_level()
        cls.enrol(cls.student, cls.create_class(level, teacher_id=teacher.id))
        return teacher

    # === CALLS === #

    def post(self, key, method, arguments, model='school.app'):
        """ Call a method as an app does.

        :param str key: The API key, or None.
        :param arguments: What the body holds, as JSON.
        :rtype: requests.Response
        """
        self.env.flush_all()
        answer = self.url_open(
            f'/json/2/{model}/{method}', json=arguments, timeout=30,
            headers={'Authorization': f'bearer {key}'} if key else {},
        )
        self.env.invalidate_all()
        return answer

    def call(self, who, method, /, **arguments):
        """ Call a method that is to succeed.

        :param str who: The API key.
        :return: What it answers.
        """
        answer = self.post(who, method, arguments)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()

    def refuse(self, who, method, code, /, *, status=422, **arguments):
        """ Assert that a call is refused in a way an app understands, and leaves nothing.

        :param str who: The API key.
        :param str method: What is called.
        :param str code: What an app reads.
        :param int status: Of HTTP.
        :return: The error's message.
        :rtype: str
        """
        before = self.count_requests()
        with mute_logger('odoo.http'):
            answer = self.post(who, method, arguments)
        self.assertEqual(answer.status_code, status, answer.text)
        error = answer.json()
        self.assertEqual(error['context'].get('code'), code, error['message'])
        self.assertEqual(self.count_requests(), before)
        return error['message']

    def count_requests(self):
        return self.env['payment.transaction'].search_count([('provider_id.code', '=', 'mpesa')])

    def create_request(self, who=None, /, **arguments):
        """ Ask for money by the app, as the office unless told otherwise.

        :return: The answer.
        :rtype: dict
        """
        return self.call(who or self.office_key, 'create_request', **{
            'key': 'app-key-0001', 'student_id': self.student.id, 'amount': '15500.00',
            'phone': '0712000111', **arguments,
        })

    def find_request(self, answer):
        return self.env['payment.transaction'].browse(answer['request_id'])

    def settle(self, phone='254712000111', pays=True):
        """ Send what waits, answer on the phone, and book what came. """
        self.send()
        (self.control.pay if pays else self.control.cancel)(phone)
        self.accept(self.wait_deliveries(kind='stk')[-1])
        self.drain()
