"""Posted bills per second: a bill run beside Odoo's own way of one bill after the other.

Runs inside an Odoo shell, on a school with history, and is rolled back. Both make the same bills,
each of students of its own, as the same user and with the same tracking; neither commits, which
would cost Odoo's way, with its bill by bill, more than ours.
"""
from odoo.fields import Command

from .posting_run import Spent, check


# What our documents carry so that Odoo need not write it in a second step.
HINTS = {'tax_tag_ids', 'balance', 'amount_currency'}
WARMING = 20  # bills of each way that only warm the caches


def run(env, classes, slices, size):
    """ Measure both, interleaved.

    :param env: The shell's environment.
    :param list classes: The ids of the classes that are not billed yet; half of them for each.
    :param int slices: How many turns each has.
    :param int size: Bills in a turn.
    :return: Bills per second of each way, by the clock and by processors' time, and how often
             ours is faster.
    :rtype: dict
    """
    bursar = env['res.users'].search([('login', '=', 'bursar')])
    half = len(classes) // 2
    ours, peer = (
        _preview(env, bursar, chosen) for chosen in (classes[:half], classes[half:])
    )
    count = slices * size
    rows = [
        run.run_student_ids.filtered(lambda row: row.status == 'new')[:count + WARMING]
        for run in (ours, peer)
    ]
    check(all(len(one) == count + WARMING for one in rows), "too few students to bill")
    spent = {'ours': Spent(env.cr), 'odoo': Spent(env.cr)}
    turns = [(0, WARMING), *((WARMING + turn * size, size) for turn in range(slices))]
    for start, length in turns:
        mine, theirs = (one[start:start + length] for one in rows)
        values = _get_values(peer, theirs)
        env.flush_all()
        env.invalidate_all()
        with spent['ours'] if start else Spent(env.cr):
            ours._post_rows(mine)
            env.flush_all()
        env.invalidate_all()
        with spent['odoo'] if start else Spent(env.cr):
            for one in values:
                bill = peer._with_booking_context().env['account.move'].create([one])
                bill.action_post()
                env.flush_all()
        _check_posted(mine, theirs)
    env.cr.rollback()
    return {
        'bills': count,
        'rate': round(count / spent['ours'].clock, 2),
        'odoo_rate': round(count / spent['odoo'].clock, 2),
        'ratio': round(spent['odoo'].clock / spent['ours'].clock, 2),
        'cpu_ratio': round(spent['odoo'].cpu / spent['ours'].cpu, 2),
    }


def _preview(env, bursar, classes):
    term = env['school.term'].search([('state', '=', 'current')])
    run = env['school.bill.run'].with_user(bursar).create({
        'term_id': term.id, 'class_ids': [Command.set(classes)],
    })
    run.action_preview()
    run = run.sudo()
    run.posted_by_id = bursar
    return run


def _get_values(run, rows):
    """ Return the values of the bills of a run as a person would enter them.

    :rtype: list[dict]
    """
    from odoo.addons.school_fees.rules import bill_comparison
    wanted = run._read_differences(rows)
    values = []
    for row in rows:
        charged, _credited = bill_comparison.documents(wanted[row.student_id])
        document = run._prepare_document(row, charged, 'term_bill')
        document['invoice_line_ids'] = [
            Command.create({k: v for k, v in line.items() if k not in HINTS})
            for _command, _id, line in document['invoice_line_ids']
        ]
        values.append(document)
    return values


def _check_posted(mine, theirs):
    """ A figure counts only when both have posted their bills, of the same amounts. """
    env = mine.env
    for rows in (mine, theirs):
        bills = env['account.move'].search([
            ('student_id', 'in', rows.student_id.ids), ('bill_run_id', '=', rows.run_id.id),
            ('state', '=', 'posted'),
        ])
        check(len(bills) == len(rows), f"{len(bills)} bills were posted of {len(rows)}")
        check(
            abs(sum(bills.mapped('amount_total')) - sum(rows.mapped('amount'))) < 0.01,
            "the bills are not of the amounts of the preview",
        )
