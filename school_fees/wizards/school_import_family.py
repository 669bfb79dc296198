from odoo import models

from ..rules.admission_number import canonical_key


class SchoolImport(models.TransientModel):
    """What a row says of a student's family, by its code, by its name or by shared guardians."""

    _inherit = 'school.import'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    def _plan_families(self, rows):
        """ Find out into which family each student comes.

        :param list rows: The rows, whose guardians are planned.
        :return: None
        """
        Family = self.env['school.family']
        codes = {canonical_key(row.text('family_code')) for row in rows} - {''}
        holders = self.env['school.student.alias']._find_holders(self.company_id, list(codes))
        by_name = {}
        if any(row.text('family') for row in rows):
            for family in Family.search_fetch([('company_id', '=', self.company_id.id)], ['name']):
                by_name.setdefault(family.name.casefold(), []).append(family)
        numbers = {row.data['key']: row for row in rows}
        for row in rows:
            row.data['family'] = row.data['student'].family_id
            row.data['family_key'] = None
            if row.text('family_code'):
                self._plan_family_code(row, holders, numbers)
            elif row.text('family'):
                self._plan_family_name(row, by_name)
        if self.join_by_guardian:
            self._join_by_guardian(rows)
        for row in rows:
            student, family = row.data['student'], row.data['family']
            key = row.data['family_key']
            if student and (key or family != student.family_id):
                row.changes.append(self.env._(
                    "Family: %(old)s → %(new)s.", old=student.family_id.display_name or '-',
                    new=row.data['family_values']['name'] if key else family.display_name,
                ))

    def _plan_family_code(self, row, holders, numbers):
        """ Find the family of a code, or make it new.

        :param ImportRow row: The row.
        :param dict holders: Who has which reference.
        :param dict numbers: The rows for each admission number.
        :return: None
        """
        key = canonical_key(row.text('family_code'))
        named = [holder for holder in holders.get(key, ()) if holder._name == 'school.family']
        others = [holder for holder in holders.get(key, ()) if holder._name != 'school.family']
        if named:
            row.data['family'] = named[0]
        elif others or not key or key in numbers:
            row.errors.append(self.env._(
                "%(code)s cannot be a family code: it is a reference of %(holder)s.",
                code=row.text('family_code'),
                holder=others[0].display_name if others
                else numbers[key].text('name') if key else self.env._("nobody"),
            ))
        else:
            row.data['family_key'] = ('code', key)
            row.data['family_values'] = {
                'name': row.text('family') or row.text('name').rpartition(' ')[2],
                'code': row.text('family_code'),
            }

    def _plan_family_name(self, row, by_name):
        """ Find the family of a name, or make it new.

        :param ImportRow row: The row.
        :param dict by_name: The school's families for each name.
        :return: None
        """
        name = row.text('family')
        found = by_name.get(name.casefold(), ())
        if row.data['family'] in found:
            return
        if len(found) > 1:
            row.errors.append(self.env._(
                "There are %(count)s families %(name)s. Write the family code.",
                count=len(found), name=name,
            ))
        elif found:
            row.data['family'] = found[0]
        else:
            row.data['family_key'] = ('name', name.casefold())
            row.data['family_values'] = {'name': name}

    def _join_by_guardian(self, rows):
        """ Make one family of students who share a guardian, where the file names none.

        A family that one of them has takes in the others. Where they have several, nobody is
        moved.

        :param list rows: The rows.
        :return: None
        """
        known = self._get_families_of_guardians(rows)
        groups = self._group_by_guardian([row for row in rows if not row.errors])
        for group in groups:
            families, keys = set(), set()
            for row in group:
                if row.data['family_key']:
                    keys.add(row.data['family_key'])
                elif row.data['family']:
                    families.add(row.data['family'])
                families.update(*(
                    known.get(guardian['partner'], ()) for guardian in row.data['guardians']
                ))
            lone = [row for row in group if not row.data['family'] and not row.data['family_key']]
            if len(families) + len(keys) > 1:
                for row in lone:
                    row.notes.append(self.env._(
                        "The guardians' children are in several families: choose one by hand."
                    ))
            elif families:
                for row in lone:
                    row.data['family'] = next(iter(families))
            elif keys or len(group) > 1:
                self._share_new_family(group, lone)

    def _share_new_family(self, group, lone):
        """ Put students into the new family of their siblings.

        :param list group: The rows of all siblings.
        :param list lone: Those of them that have no family.
        :return: None
        """
        named = next((row for row in group if row.data['family_key']), None)
        if named:
            key, values = named.data['family_key'], named.data['family_values']
        else:
            # The last word of a name is the family's, as a rule.
            key = ('guardian', group[0].number)
            values = {'name': group[0].text('name').rpartition(' ')[2]}
        for row in lone:
            row.data['family_key'], row.data['family_values'] = key, values

    def _get_families_of_guardians(self, rows):
        """ Return the families in which guardians have children already, with one query.

        :rtype: dict[res.partner, set]
        """
        partners = self.env['res.partner'].union(*(
            guardian['partner'] for row in rows for guardian in row.data['guardians']
        ))
        groups = self.env['school.guardian.link']._read_group([
            ('partner_id', 'in', partners.ids), ('company_id', '=', self.company_id.id),
            ('student_id.family_id', '!=', False), ('date_to', '=', False),
        ], ['partner_id', 'student_id'])
        self.env['school.student'].union(
            *(student for _partner, student in groups)
        ).fetch(['family_id'])
        families = {}
        for partner, student in groups:
            families.setdefault(partner, set()).add(student.family_id)
        return families

    def _group_by_guardian(self, rows):
        """ Return rows in groups that share guardians, directly or through others.

        :rtype: list[list]
        """
        parents = {}

        def find(key):
            while parents.setdefault(key, key) != key:
                key = parents[key]
            return key

        with_guardians = [row for row in rows if row.data['guardians']]
        for row in with_guardians:
            first, *others = (guardian['key'] for guardian in row.data['guardians'])
            for key in others:
                parents[find(key)] = find(first)
        groups = {}
        for row in with_guardians:
            groups.setdefault(find(row.data['guardians'][0]['key']), []).append(row)
        return list(groups.values())

    def _make_families(self, rows):
        """ Make the new families of rows.

        :param list rows: The rows; each gets the family that was made.
        :return: None
        """
        new = {}
        for row in rows:
            if row.data['family_key']:
                new.setdefault(row.data['family_key'], row.data['family_values'])
        families = dict(zip(new, self.env['school.family'].create([
            {**values, 'company_id': self.company_id.id} for values in new.values()
        ]), strict=True))
        for row in rows:
            if row.data['family_key']:
                row.data['family'] = families[row.data['family_key']]
