from odoo import models
from odoo.tools import SQL, email_normalize

from ..models.school_guardian_phone import to_e164
from ..rules.import_header import MAX_GUARDIANS
from ..rules.import_sheet import is_formula
from ..rules.import_value import DIFFERENT, SAME, SIMILAR, compare_names


RELATIONS = {
    'father': 'father', 'dad': 'father', 'baba': 'father', 'f': 'father',
    'mother': 'mother', 'mum': 'mother', 'mom': 'mother', 'mama': 'mother', 'm': 'mother',
    'guardian': 'guardian', 'g': 'guardian', 'parent': 'guardian',
}
SUFFIX = 7  # By so many last digits numbers are looked up, before they are compared in full.


class SchoolImport(models.TransientModel):
    """What a row says of a student's guardians.

    A guardian is known by the phone number, so that siblings share one; without a number, by the
    name among the guardians that the student has.
    """

    _inherit = 'school.import'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    def _plan_guardians(self, rows, students):
        """ Find out whom the guardians of rows are, and what is new about them.

        :param list rows: The rows.
        :param school.student students: The students that are known.
        :return: None
        """
        links = self.env['school.guardian.link'].search_fetch(
            [('student_id', 'in', students.ids)],
            ['student_id', 'partner_id', 'relation', 'priority', 'date_to'],
        )
        links.partner_id.fetch(['name', 'phone', 'email'])
        by_student = links.grouped('student_id')
        for row in rows:
            row.data['guardians'] = list(filter(None, (
                self._read_guardian(row, slot) for slot in range(1, MAX_GUARDIANS + 1)
            )))
        by_phone = self._find_guardians({
            guardian['phone'] for row in rows for guardian in row.data['guardians']
        } - {None})
        names = {}  # What the file calls the holder of a number, for guardians who are new.
        for row in rows:
            row.data['links'] = by_student.get(row.data['student'], links.browse())
            for guardian in row.data['guardians']:
                self._plan_guardian(row, guardian, by_phone, names)
            keys = [guardian['key'] for guardian in row.data['guardians']]
            if len(set(keys)) < len(keys):
                row.errors.append(self.env._(
                    "Two guardians are one person, or have one phone number. A number names one"
                    " guardian: leave it empty for the other."
                ))

    def _read_guardian(self, row, slot):
        """ Read the cells of one guardian.

        :param ImportRow row: The row.
        :param int slot: Which guardian, from one.
        :return: The `slot`, `name`, `phone`, `email` and `relation`, or nothing.
        :rtype: dict | None
        """
        name, phone = row.text(f'guardian_{slot}'), row.text(f'phone_{slot}')
        email, relation = row.text(f'email_{slot}'), row.text(f'relation_{slot}')
        if name in {'-', 'n/a', 'N/A'}:
            name = ''
        if not (name or phone or email):
            return None
        guardian = {
            'slot': slot,
            'name': name,
            # Letters are keys of a phone to some readers of numbers, and 7.1E+08 lost its digits.
            'phone': None if any(sign.isalpha() for sign in phone) else to_e164(phone),
            'email': email_normalize(email) or None,
            'relation': RELATIONS.get(relation.casefold(), 'other') if relation else None,
        }
        if phone and not guardian['phone']:
            row.errors.append(self.env._(
                "The phone of guardian %(slot)s is no phone number. Write one number, like"
                " 0712 345 678.", slot=slot,
            ))
        if email and not guardian['email']:
            row.errors.append(self.env._(
                "The e-mail of guardian %(slot)s is no address.", slot=slot,
            ))
        if is_formula(name):
            row.errors.append(self.env._(
                "The name of guardian %(slot)s begins like a formula. It was taken as text and not"
                " worked out.", slot=slot,
            ))
        elif name and not any(sign.isalpha() for sign in name):
            row.errors.append(self.env._("The name of guardian %(slot)s has no letter.", slot=slot))
        return guardian

    def _find_guardians(self, numbers):
        """ Return the people who have phone numbers, with two queries.

        :param set[str] numbers: Numbers in E.164 form.
        :return: The people for each number.
        :rtype: dict[str, res.partner]
        """
        Partner, Phone = self.env['res.partner'], self.env['school.guardian.phone']
        Partner.flush_model(['phone'])
        # Contacts hold numbers as somebody typed them.
        rows = self.env.execute_query(SQL(
            "SELECT id FROM res_partner"
            " WHERE RIGHT(REGEXP_REPLACE(phone, '[^0-9]', '', 'g'), %s) = ANY(%s)",
            SUFFIX, list({number[-SUFFIX:] for number in numbers}),
        ))
        partners = Partner.search_fetch([
            ('id', 'in', [row[0] for row in rows]), ('is_school_student', '=', False),
            ('is_company', '=', False), ('company_id', 'in', [False, self.company_id.id]),
        ], ['name', 'phone', 'email'], order='id')
        found = {}
        for partner in partners:
            number = to_e164(partner.phone)
            if number in numbers:
                found[number] = found.get(number, Partner) | partner
        phones = Phone.search_fetch(
            [('e164', 'in', list(numbers)), ('proposed', '=', False)], ['e164', 'partner_id'],
        )
        phones.partner_id.fetch(['name', 'phone', 'email'])
        for phone in phones:
            found[phone.e164] = found.get(phone.e164, Partner) | phone.partner_id
        return found

    def _plan_guardian(self, row, guardian, by_phone, names):
        """ Find out whom a guardian of a row is, and what is new about the guardian.

        :param ImportRow row: The row.
        :param dict guardian: The guardian.
        :param dict by_phone: The people for each number.
        :param dict names: What the file calls the holder of a number so far; is added to.
        :return: None
        """
        partner = self._choose_guardian(row, guardian, by_phone)
        guardian['partner'] = partner
        guardian['key'] = partner.id or guardian['phone'] or (row.number, guardian['slot'])
        if not partner and not guardian['name']:
            row.errors.append(self.env._(
                "The name of guardian %(slot)s is missing.", slot=guardian['slot'],
            ))
            return
        known = partner.name or names.setdefault(guardian['key'], guardian['name'])
        if guardian['name'] and compare_names(known, guardian['name']) == DIFFERENT:
            row.warnings.append(self.env._(
                "The phone of guardian %(slot)s is that of %(known)s. Taken as one person, who"
                " then sees this child too.", slot=guardian['slot'], known=known,
            ))
        link = row.data['links'].filtered(lambda link: link.partner_id == partner)[:1]
        guardian['link'] = link
        if not link and not row.is_new:
            row.changes.append(self.env._(
                "Guardian %(name)s is added.", name=partner.name or guardian['name'],
            ))
        elif link and link._has_ended():
            row.notes.append(self.env._(
                "%(name)s is no guardian any more; this stays so.", name=partner.name,
            ))
        elif link and guardian['relation'] not in {None, link.relation}:
            guardian['new_relation'] = guardian['relation']
            row.changes.append(self.env._(
                "The relation of %(name)s changes.", name=partner.name,
            ))
        if partner and guardian['email'] and not partner.email:
            guardian['new_email'] = guardian['email']
            if not row.is_new:
                row.changes.append(self.env._("%(name)s gets an e-mail.", name=partner.name))
        elif partner and guardian['email'] not in {None, email_normalize(partner.email)}:
            row.notes.append(self.env._(
                "%(name)s keeps the e-mail that Odoo has.", name=partner.name,
            ))

    def _choose_guardian(self, row, guardian, by_phone):
        """ Return the person whom a guardian of a row is, empty when it is somebody new.

        :rtype: res.partner
        """
        linked = row.data['links'].partner_id
        candidates = by_phone.get(guardian['phone'], linked.browse())
        if not candidates:
            # Without a number, or with a new one: among the student's own guardians by name.
            candidates = linked.filtered(
                lambda partner: compare_names(partner.name, guardian['name']) == SAME
            )
            if candidates and guardian['phone'] and candidates[0].phone:
                row.notes.append(self.env._(
                    "%(name)s keeps the phone that Odoo has.", name=candidates[0].name,
                ))
            elif candidates and guardian['phone']:
                guardian['new_phone'] = guardian['phone']
                row.changes.append(self.env._(
                    "%(name)s gets a phone number.", name=candidates[0].name,
                ))
        # Two people may have one number in Odoo: the student's own guardian first, then by name.
        likeness = (SAME, SIMILAR, DIFFERENT)
        return candidates.sorted(lambda partner: (
            partner not in linked, likeness.index(compare_names(partner.name, guardian['name'])),
            partner.id,
        ))[:1]

    def _make_guardians(self, rows):
        """ Write the guardians of rows.

        :param list rows: The rows, whose students are written.
        :return: None
        """
        people = [(row, guardian) for row in rows for guardian in row.data['guardians']]
        new = {}
        for _row, guardian in people:
            if not guardian['partner']:
                values = new.setdefault(guardian['key'], {
                    # Guardians belong to no school: they may have children in several.
                    'name': guardian['name'], 'phone': guardian['phone'], 'company_id': False,
                })
                if guardian['email']:
                    values.setdefault('email', guardian['email'])
        # As the students themselves: thousands of contacts "created" tell nobody anything.
        Partner = self.env['res.partner'].with_context(
            mail_create_nolog=True, mail_create_nosubscribe=True, tracking_disable=True,
        )
        partners = {
            key: partner.with_env(self.env)
            for key, partner in zip(new, Partner.create(list(new.values())), strict=True)
        }
        links = []
        for row, guardian in people:
            partner = guardian['partner'] or partners[guardian['key']]
            if guardian.get('new_email') and not partner.email:
                partner.email = guardian['new_email']
            if guardian.get('new_phone'):
                partner.phone = guardian['new_phone']
            if guardian.get('new_relation'):
                guardian['link'].relation = guardian['new_relation']
            if not guardian['link']:
                links.append({
                    'student_id': row.data['student'].id,
                    'partner_id': partner.id,
                    'relation': guardian['relation'] or 'guardian',
                    'priority': max(row.data['links'].mapped('priority'), default=0)
                    + guardian['slot'],
                })
        self.env['school.guardian.link'].create(links)
