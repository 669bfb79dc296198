"""The small school of the generated histories, and what may be drawn from it."""

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st


FIRST_DAY = date(2026, 1, 6)
LAST_DAY = date(2026, 12, 20)
TERMS = {  # As in SchoolFeesCommon: first day, which is that of the bills too, and due date.
    1: (date(2026, 1, 5), date(2026, 1, 12)),
    2: (date(2026, 4, 27), date(2026, 5, 4)),
    3: (date(2026, 8, 24), date(2026, 8, 31)),
}
# Family, how far on in school, admission number.
CHILDREN = {
    'faith': ('otieno', 8, "ADM-012"), 'brian': ('otieno', 5, "ADM-013"),
    'grace': ('mwangi', 8, "ADM-020"), 'hope': ('mwangi', 8, "ADM-021"),
    'amina': ('mwangi', 5, "ADM-022"), 'juma': (None, 5, "ADM-030"),
}
NEXT_DOOR = 'neema'  # A child of the Otienos in another school, whom no bill run here may touch.
FAMILIES = {'otieno': ['faith', 'brian'], 'mwangi': ['grace', 'hope', 'amina']}
TUITION = {8: Decimal('13000.50'), 5: Decimal('9750')}
LUNCH, LEVY = Decimal('4000.25'), Decimal(600)

children = st.sampled_from(list(CHILDREN))
everybody = st.sampled_from([*CHILDREN, NEXT_DOOR])
terms = st.sampled_from(list(TERMS))
parts = st.sampled_from([Decimal(1), Decimal('0.5'), Decimal('0.29')])
shillings = st.integers(1, 300).map(lambda hundreds: Decimal(hundreds * 100))
