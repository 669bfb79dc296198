from odoo import api, models
from odoo.tools import SQL


class MpesaCallback(models.Model):
    """What messages say of payers is forgotten by deleting their keys: no row changes."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.callback'

    @api.model
    def _forget_bodies(self, school, before, limit):
        """ Delete the keys of messages that nobody has to decide about any more.

        The messages of payments lose theirs with the payer; these are all the others: prompts that
        brought no money, validations, repeats.

        :param res.company school: The school.
        :param datetime before: UTC; messages received earlier.
        :param int limit: The most at once.
        :return: How many keys were deleted.
        :rtype: int
        """
        # Raw SQL: a key has no field that leads to its message, since each accept would pay for it.
        # Once a night one look over the keys that are left is cheap.
        return len(self.env.execute_query(SQL(
            """DELETE FROM mpesa_callback_key WHERE id IN (
                   SELECT key.id FROM mpesa_callback_key key
                     JOIN mpesa_callback message ON message.key_id = key.id
                     LEFT JOIN mpesa_transaction movement
                       ON movement.id = message.mpesa_transaction_id
                    WHERE message.company_id = %(school)s AND message.received_at < %(before)s
                      AND message.state IN ('done', 'repeat')
                      AND (movement.id IS NULL OR movement.payer_forgotten_at IS NOT NULL)
                    LIMIT %(limit)s
               ) RETURNING id""", school=school.id, before=before, limit=limit,
        )))
