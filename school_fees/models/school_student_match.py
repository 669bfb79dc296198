from dataclasses import replace

from odoo import api, models, tools
from odoo.tools import SQL

from ..rules import reference_match
from ..rules.reference_match import ReferenceMatcher
from ..rules.reference_style import noise_words, read_style
from .school_reference_book import ReferenceBook
from .school_reference_directory import ReferenceDirectory


class SchoolStudentMatch(models.Model):
    """Whose money is it? From what a payer typed as account to a student or family."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.student'

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `orm` to read the style of the admission numbers again. """
        is_renamed = 'admission_no' in vals and any(
            student.admission_no != vals['admission_no'] for student in self
        )
        result = super().write(vals)
        if is_renamed:
            self.env.registry.clear_cache()
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _match_reference(self, reference, amount=None, companies=None):
        """ Find out whose money a reference means (school-fees section 2.9).

        :param str reference: What the payer typed; anything, also nothing.
        :param Decimal amount: What was paid, KES, if known.
        :param res.company companies: The schools; by default those of the user.
        :return: The outcome, and at most five students or families, each with the reason's code;
                 :meth:`_get_match_reasons` has the words.
        :rtype: rules.reference_match.Match
        """
        companies = companies or self.env.companies
        return self._get_matcher(companies).match(reference, amount)

    @api.model
    def _decide_references(self, references, companies):
        """ Find out whose money many references mean for certain, with few queries for all.

        :param list references: (reference, Decimal amount or None) pairs.
        :param res.company companies: The schools that one paybill serves.
        :return: Matches without the suggestions that only a screen shows.
        :rtype: list[rules.reference_match.Match]
        """
        matcher = self._get_matcher(companies)
        matcher.directory.find_keys({
            key for reference, _amount in references for key in matcher.quick_keys(reference)
        })
        return [matcher.decide(reference, amount) for reference, amount in references]

    @api.model
    def _match_references(self, references, companies):
        """ Find out whose money many references mean, or may mean.

        What books money by itself is decided by what books it; suggestions, of which each asks for
        hundreds of keys, come out of memory and only for the rest.

        :param list references: (reference, Decimal amount or None) pairs.
        :param res.company companies: The schools that one paybill serves.
        :rtype: list[rules.reference_match.Match]
        """
        matches = self._decide_references(references, companies)
        matcher = self._get_matcher(companies, ReferenceBook(companies))
        suggested = {}  # Many parents type the same words.
        for (reference, _amount), match in zip(references, matches, strict=True):
            if (reference, match) not in suggested:
                suggested[reference, match] = matcher.suggest(reference, match)
        return [
            suggested[reference, match]
            for (reference, _amount), match in zip(references, matches, strict=True)
        ]

    @api.model
    def _is_named_beside(self, reference, holder):
        """ Tell whether a name beside the number says that a student or family is meant.

        :param str reference: What the payer typed.
        :param holder: The student or family that the number names.
        :rtype: bool
        """
        code = noise_words([holder.company_id.sudo().school_reference_code or ''])
        return bool(self._get_matcher(holder.company_id).read_names(reference, holder) - code)

    @api.model
    def _get_matcher(self, companies, directory=None):
        """ Return what reads the references of some schools.

        :param res.company companies: The schools.
        :param ReferenceDirectory directory: Their references; by default each is looked up in the
                                             database.
        :rtype: rules.reference_match.ReferenceMatcher
        """
        return ReferenceMatcher(
            self._get_reference_style(companies), directory or ReferenceDirectory(companies),
        )

    @api.model
    def _get_reference_style(self, companies):
        """ Return how the admission numbers of some schools are built.

        :param res.company companies: The schools.
        :rtype: rules.reference_style.ReferenceStyle
        """
        company_ids = companies._ids or (0,)
        self.flush_model(['company_id'])
        self.env['school.vote.head'].flush_model(['name', 'code', 'active', 'company_id'])
        self.env['school.class'].flush_model(['stream', 'company_id'])
        # Count and newest: a long import may commit after newer students, and any student may be
        # deleted. Raw SQL, since each match asks: three of the ORM took a fifth of its time.
        (count, newest, words), = self.env.execute_query(SQL(
            """SELECT COUNT(*), MAX(id), ARRAY(
                    SELECT name FROM school_vote_head WHERE company_id IN %(companies)s AND active
                     UNION
                    SELECT code FROM school_vote_head WHERE company_id IN %(companies)s AND active
                     UNION
                    SELECT stream FROM school_class WHERE company_id IN %(companies)s
                 )
                 FROM school_student WHERE company_id IN %(companies)s""",
            companies=company_ids,
        ))
        style = self._read_reference_style(company_ids, count, newest)
        return replace(style, noise=noise_words(filter(None, words)))

    @api.model
    @tools.ormcache('company_ids', 'count', 'newest')
    def _read_reference_style(self, company_ids, count, newest):
        """ Read the style off all admission numbers; anew when students come or go.

        :param tuple company_ids: The schools.
        :param int count: How many students there are.
        :param int newest: The id of the newest.
        :rtype: rules.reference_style.ReferenceStyle
        """
        self.flush_model(['admission_key'])
        # Thousands of records would be made for one column of text.
        self.env.cr.execute(
            "SELECT admission_key FROM school_student WHERE company_id IN %s", [company_ids],
        )
        return read_style(row[0] for row in self.env.cr.fetchall())

    @api.model
    def _get_match_reasons(self):
        """ Return the words for why somebody is found or suggested, by code.

        :rtype: dict[str, str]
        """
        return {
            reference_match.EXACT: self.env._("The reference is the student's or family's own."),
            reference_match.NORMALISED: self.env._("The same reference, written in another way."),
            reference_match.LEFT: self.env._("The student left the school and owes nothing."),
            reference_match.OTHER_WORDS: self.env._("The number fits; the words beside it do not."),
            reference_match.SEVERAL: self.env._("The reference names several students."),
            reference_match.IS_AMOUNT: self.env._("The reference is the amount that was paid."),
            reference_match.TERM: self.env._("A part of the number may be a term instead."),
            reference_match.SHORT: self.env._("The number is too short to be sure."),
            reference_match.ORDER: self.env._("The parts of the number are in another order."),
            reference_match.SERIAL: self.env._("A part of the number is missing."),
            reference_match.SLIP: self.env._("One sign differs."),
            reference_match.NAME: self.env._("A name of the student or of a guardian."),
            reference_match.PHONE: self.env._("The phone number of a guardian."),
        }
