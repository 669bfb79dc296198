"""How an open item on a student's account stands on a day."""

# In the order in which a statement lists them.
STANDINGS = ('arrears', 'this_term', 'not_due', 'credit')
# The last day of each bucket of an aged list, in days after the due date.
AGE_LIMITS = (30, 60, 90)


def classify(residual, due, day, term, current_term):
    """Return how an open item stands.

    What is due counts as arrears once its term is over: of the term that runs, it is simply due.

    :param float residual: What is open; below zero it is credit of the student.
    :param date due: When it falls due.
    :param date day: The day on which it is looked at.
    :param term: The term of the item, if any.
    :param current_term: The term that runs on the day, if any.
    :return: One of `STANDINGS`.
    :rtype: str
    """
    if residual < 0:
        return 'credit'
    if due > day:
        return 'not_due'
    if term and term == current_term:
        return 'this_term'
    return 'arrears'
