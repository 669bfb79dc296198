"""The simulator's statement: what happens behind a payment, and that the reader reads it back."""
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import daraja
import pytest
from daraja_simulator import defaults, organisation
from daraja_simulator.clock import Clock
from daraja_simulator.control import ControlError
from daraja_simulator.receipts import Receipts
from daraja_simulator.server import start_in_thread
from daraja_simulator.settings import Settings
from daraja_simulator.statement import statement
from daraja_simulator.statement_file import TEMPLATES, make_file
from daraja_simulator.wallets import Bank
from hypothesis import assume, given
from hypothesis import strategies as st
from simulator_case import PHONE, Case


SCHOOL, TILL = defaults.SCHOOL_SHORTCODE, defaults.STORE_SHORTCODE


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    running.control.set_clock('2026-09-14 10:15:33', speed=0)
    running.control.set(same_amount_rule='off', daily_limit=False)
    return running


def lines(case, *period, shortcode=SCHOOL, **options):
    name, content = case.control.statement(shortcode, *period, **options)
    got = daraja.read_statement(name, content)
    assert got.unreadable == ()
    return got


def kinds(got):
    return [(line.kind, line.direction, str(line.amount)) for line in got.lines]


# === Money behind a payment === #

def test_a_charge_shares_the_receipt_of_its_payment(case):
    case.confirm_to()
    paid = case.control.pay_bill(PHONE, SCHOOL, 'ADM-012', 12500)
    case.control.charge(paid['receipt'], 39)
    assert case.control.balance(SCHOOL) == 12461
    assert case.control.accounts(SCHOOL)['charges_paid'] == 39
    got = lines(case)
    assert kinds(got) == [('payment', 'in', '12500.00'), ('charge', 'out', '39.00')]
    assert {line.receipt for line in got.lines} == {paid['receipt']}
    with pytest.raises(ControlError):
        case.control.charge(paid['receipt'], 39)
    assert case.control.conservation()['ok']
    case.control.wait_idle()
    assert len(case.receiver.received) == 1


@pytest.mark.parametrize(('plan', 'amount', 'charged'), [
    ('mgao', 1000, 0), ('mgao', 12500, 39), ('mgao', 50000, 84), ('customer', 100, 0),
    ('customer', 1000, 10), ('customer', 12500, 57), ('customer', 50000, 108), ('off', 12500, 0),
])
def test_charges_by_the_tariff(case, plan, amount, charged):
    case.control.set(pay_bill_charge=plan)
    case.control.pay_bill(PHONE, SCHOOL, 'ADM-012', amount)
    assert case.control.balance(SCHOOL) == amount - charged
    assert len(case.control.events(SCHOOL)) == bool(charged)
    assert case.control.conservation()['ok']


def test_a_reversal_gives_money_back_and_tells_nobody(case):
    case.confirm_to()
    paid = case.control.pay_bill(PHONE, SCHOOL, 'ADM-012', 500)
    case.control.wait_idle()
    before = case.control.wallet_balance(PHONE)
    event = case.control.reverse(paid['receipt'])
    case.control.wait_idle()
    assert len(case.receiver.received) == 1
    assert case.control.wallet_balance(PHONE) == before + 500
    assert case.control.balance(SCHOOL) == 0
    assert event['receipt'] != paid['receipt']
    _payment, reversal = lines(case).lines
    assert (reversal.kind, reversal.linked_receipt) == ('reversal', paid['receipt'])
    for again in (paid['receipt'], 'UIE4K7P2QX'):
        with pytest.raises(ControlError):
            case.control.reverse(again)
    assert case.control.conservation()['ok']


def test_a_part_is_reversed_and_then_the_rest(case):
    paid = case.control.pay_bill(PHONE, SCHOOL, 'ADM-012', 500)
    case.control.reverse(paid['receipt'], 200)
    with pytest.raises(ControlError):
        case.control.reverse(paid['receipt'], 301)
    case.control.reverse(paid['receipt'])
    assert [str(line.amount) for line in lines(case).lines] == ['500.00', '200.00', '300.00']


def test_money_that_went_to_the_bank_cannot_be_reversed(case):
    paid = case.control.pay_bill(PHONE, SCHOOL, 'ADM-012', 500)
    case.control.sweep(SCHOOL)
    with pytest.raises(ControlError):
        case.control.reverse(paid['receipt'])
    assert case.control.conservation()['ok']


def test_a_sweep_and_the_withdrawal_to_the_bank(case):
    case.control.pay_bill(PHONE, SCHOOL, 'ADM-012', 500)
    first, second = case.control.sweep(SCHOOL, 400)
    assert case.control.accounts(SCHOOL) == {
        'balance': 100, 'settlement': 0, 'working': 400, 'charges_paid': 0, 'banked': 0,
    }
    case.control.withdraw(SCHOOL)
    case.control.sweep(SCHOOL, onward=False)
    assert case.control.accounts(SCHOOL) == {
        'balance': 0, 'settlement': 100, 'working': 0, 'charges_paid': 0, 'banked': 400,
    }
    assert case.control.conservation()['ok']
    # The utility account alone, as template A has it, and all of them, as B.
    assert kinds(lines(case)) == [
        ('payment', 'in', '500.00'), ('sweep', 'out', '400.00'), ('sweep', 'out', '100.00'),
    ]
    newer = lines(case, template='B')
    wallet = [line for line in newer.lines if line.moves_wallet]
    assert [str(line.balance) for line in daraja.oldest_first(wallet)] == [
        '500.00', '100.00', '0.00',
    ]
    assert len([line for line in newer.lines if line.receipt == first['receipt']]) == 2
    assert len([line for line in newer.lines if line.receipt == second['receipt']]) == 2
    assert [line.kind for line in newer.lines].count('withdrawal') == 1
    for call, amount in ((case.control.sweep, 1), (case.control.withdraw, 1),
                         (case.control.sweep, -5)):
        with pytest.raises(ControlError):
            call(SCHOOL, amount)


@pytest.mark.parametrize('payer', ['bank', 'till', 'organisation'])
def test_money_from_organisations(case, payer):
    case.confirm_to()
    paid = case.control.transfer(SCHOOL, 'ADM-012', '600000.50', payer)
    case.control.wait_idle()
    told = case.receiver.at('/collect/c2b')[0].json()
    assert told['TransactionType'] == 'Organization To Organization Transfer'
    assert (told['MSISDN'], told['FirstName']) == ('', paid['payer_name'])
    for template in ('A', 'B'):
        line, = lines(case, template=template).lines
        assert (line.kind, line.amount) == ('payment', Decimal('600000.50'))
        assert (line.account_reference, line.payer_phone) == ('ADM-012', paid['msisdn'])
        assert line.payer_name == paid['payer_name']
    assert case.control.conservation()['ok']
    phones = case.http.get(f'{case.simulator.url}/phones', timeout=10).json()
    assert paid['msisdn'] not in [phone['msisdn'] for phone in phones]


def test_a_till(case):
    case.control.set(pay_bill_charge='mgao')
    case.control.pay_bill(PHONE, TILL, '', 12500)
    case.control.sweep(TILL, onward=False)
    got = lines(case, shortcode=TILL)
    assert got.account == 'Merchant Account'
    assert [(line.kind, line.moves_wallet) for line in got.lines] == [
        ('payment', True), ('charge', True), ('sweep', True),
    ]


def test_a_balance_set_by_decree_stands_on_the_statement(case):
    case.control.set_shortcode(SCHOOL, balance='1000')
    case.control.pay_bill(PHONE, SCHOOL, 'ADM-012', 500)
    got = lines(case)
    assert kinds(got) == [('other', 'in', '1000.00'), ('payment', 'in', '500.00')]
    assert daraja.find_gaps(got.lines, got.opening, got.closing) == ()
    assert case.control.conservation()['ok']


# === The statement === #

def test_a_period(case):
    case.control.pay_bill(PHONE, SCHOOL, 'ADM-012', 100)
    case.control.set_clock('2026-09-15 00:00:00')
    second = case.control.pay_bill(PHONE, SCHOOL, 'ADM-013', 200)
    case.control.set_clock('2026-09-15 23:59:59')
    third = case.control.pay_bill(PHONE, SCHOOL, 'ADM-014', 300)
    case.control.set_clock('2026-09-16 08:00:00')
    case.control.pay_bill(PHONE, SCHOOL, 'ADM-015', 400)
    for template in ('A', 'B'):
        got = lines(case, '2026-09-15 00:00:00', '2026-09-15 23:59:59', template=template)
        ordered = daraja.oldest_first(got.lines)
        assert [line.receipt for line in ordered] == [second['receipt'], third['receipt']]
        assert got.shortcode == SCHOOL
        assert got.period_start_utc == datetime(2026, 9, 14, 21)
        assert got.period_end_utc == datetime(2026, 9, 15, 20, 59, 59)
    assert (lines(case).opening, lines(case).closing) == (0, 1000)
    got = lines(case, '2026-09-15 00:00:00', '2026-09-15 23:59:59')
    assert (got.opening, got.closing) == (100, 600)


def test_names_and_numbers_are_masked(case):
    case.control.add_wallet(PHONE, name='WANJIKU MWANGI')
    case.control.pay_bill(PHONE, SCHOOL, 'ADM-012', 100)
    for template in TEMPLATES:
        _name, content = case.control.statement(SCHOOL, template=template)
        assert b'WANJIKU **** MWANGI' in content
        assert PHONE.encode() not in content
        assert b'25471****111' in content


@pytest.mark.parametrize(('kind', 'details'), [
    ('OD Payment Transfer', 'Pay Bill from'),
    ('Organization To Organization Transfer', 'Business Pay Bill via API by'),
])
def test_other_kinds_of_payment(case, kind, details):
    case.control.pay_bill(PHONE, SCHOOL, 'ADM-012', 100, kind)
    line, = lines(case).lines
    assert line.details.startswith(details)
    assert (line.kind, line.account_reference) == ('payment', 'ADM-012')


def test_a_prompt_is_an_online_payment(case):
    case.paid(Amount=400)
    line, = lines(case).lines
    assert line.details.startswith('Pay Bill Online from')


@pytest.mark.parametrize('options', [
    {'template': 'C'}, {'form': 'pdf'}, {'scope': 'none'}, {'start': 'yesterday'},
    {'shortcode': '999999'}, {'colour': 'red'},
])
def test_what_the_portal_does_not_know(case, options):
    with pytest.raises(ControlError):
        case.control.statement(**{'shortcode': SCHOOL, **options})


def test_what_lies_behind_survives_a_restart(tmp_path):
    path = tmp_path / 'state.json'
    with start_in_thread(seed=1, state=path) as simulator:
        simulator.control.set(pay_bill_charge='mgao')
        simulator.control.pay_bill(PHONE, SCHOOL, 'ADM-012', 12500)
        simulator.control.sweep(SCHOOL, 1000)
        before = simulator.control.statement_rows(SCHOOL, scope='all')[1]
        accounts = simulator.control.accounts(SCHOOL)
    with start_in_thread(seed=2, state=path) as simulator:
        assert simulator.control.statement_rows(SCHOOL, scope='all')[1] == before
        assert simulator.control.accounts(SCHOOL) == accounts
        assert simulator.control.conservation()['ok']
        simulator.control.pay_bill(PHONE, SCHOOL, 'ADM-012', 100)
        assert len(simulator.control.statement_rows(SCHOOL)[1]) == 4


def test_the_download_of_the_portal(case):
    case.control.pay_bill(PHONE, SCHOOL, 'ADM-012', 100)
    case.control.set_clock('2026-09-15 10:00:00')
    case.control.pay_bill(PHONE, SCHOOL, 'ADM-013', 200)

    def download(**asked):
        return case.http.get(f'{case.simulator.url}/statement', params=asked, timeout=10)

    for template, form in (('A', 'csv'), ('B', 'xlsx')):
        answer = download(
            shortcode=SCHOOL, start='2026-09-14', end='2026-09-14', template=template, form=form,
        )
        name = answer.headers['Content-Disposition'].split('"')[1]
        got = daraja.read_statement(name, answer.content)
        assert [line.account_reference for line in got.lines] == ['ADM-012']
    assert len(daraja.read_statement('', download(shortcode=SCHOOL).content).lines) == 2
    for asked in ({}, {'shortcode': '1'}, {'shortcode': SCHOOL, 'start': 'x'},
                  {'shortcode': SCHOOL, 'template': 'C'}, {'shortcode': SCHOOL, 'form': 'pdf'}):
        assert download(**asked).status_code == 400


# === What is exported reads back the same === #

def simulated(seed):
    """A bank on a clock of its own, without a server."""
    clock = Clock()
    clock.set(1789370133, 0)  # 14 September 2026, 10:15:33 in Kenya
    settings = Settings()
    bank = Bank(clock, Receipts(clock, seed), settings)
    bank.add_shortcode(SCHOOL, 'passkey', 'Uhuru Academy')
    return SimpleNamespace(bank=bank, clock=clock, settings=settings, seed=seed)


typed = st.one_of(
    st.sampled_from(['ADM-012', '0042', '=1+1', 'Acc. 5', '"7"', 'Reversal', 'a, b; c', ' x ', '']),
    st.text(st.characters(codec='ascii', min_codepoint=32), max_size=20),
    # What Windows-1252 can write, too.
    st.text(st.sampled_from('àéñöøŠ€£ßADM 0123'), max_size=20),
)
people = st.sampled_from(['254712000111', '254110999222', '254700000001'])
steps = st.lists(
    st.one_of(
        st.tuples(st.just('pay'), people, typed, st.integers(1, 250_000)),
        st.tuples(st.just('organisation'), st.sampled_from(['bank', 'till', 'organisation']), typed,
                  st.decimals(1, 9_999_999, places=2)),
        st.tuples(st.just('reverse'), st.integers(0, 30)),
        st.tuples(st.just('sweep'), st.integers(1, 100), st.booleans()),
        st.tuples(st.just('withdraw')),
        st.tuples(st.just('wait'), st.integers(0, 100_000)),
        st.tuples(st.just('tariff'), st.sampled_from(['off', 'mgao', 'customer'])),
    ),
    min_size=1, max_size=25,
)


def happen(world, step, *rest):
    bank = world.bank
    if step == 'pay':
        phone, account, amount = rest
        wallet = bank.wallet(phone)
        bank.set_balance(wallet, 1_000_000)
        shortcode, source = bank.shortcodes[SCHOOL], ('stk', 'paybill')[amount % 2]
        bank.pay(bank.plan(wallet, shortcode, Decimal(amount), account, source=source))
    elif step == 'organisation':
        payer, account, amount = rest
        wallet = organisation.account_of_organisation(bank, '888001', 'MWAMBA BANK - NAIROBI')
        bank.pay(bank.plan(
            wallet, bank.shortcodes[SCHOOL], amount, account, source=payer,
            kind='Organization To Organization Transfer',
        ))
    elif step == 'reverse' and bank.ledger:
        organisation.reverse(bank, bank.ledger[rest[0] % len(bank.ledger)].receipt)
    elif step == 'sweep':
        part, onward = rest
        amount = (bank.shortcodes[SCHOOL].balance * part / 100).quantize(Decimal('0.01'))
        organisation.sweep(bank, SCHOOL, amount, onward)
    elif step == 'withdraw':
        organisation.withdraw(bank, SCHOOL)
    elif step == 'wait':
        world.clock.set(world.clock.now() + rest[0])
    elif step == 'tariff':
        world.settings.pay_bill_charge = rest[0]


def _decodes_alone(content):
    """Whether Windows' code page cannot be taken for UTF-8: a few odd rows of signs are both."""
    try:
        return content.decode('utf-8').isascii()
    except UnicodeDecodeError:
        return True


def expected(row):
    """A row of the simulator, as a line of the statement should tell it."""
    amount = Decimal(row['amount'])
    at = datetime.strptime(row['at_eat'], '%Y%m%d%H%M%S') - timedelta(hours=3)
    return (
        row['receipt'], at, row['kind'], 'in' if amount > 0 else 'out', abs(amount),
        Decimal(row['balance']), row['account'] == 'balance',
    )


@given(
    steps, st.sampled_from(TEMPLATES), st.sampled_from(['csv', 'xlsx']),
    st.sampled_from(['utility', 'all']), st.booleans(),
    st.sampled_from(['utf-8', 'utf-8-sig', 'cp1252']), st.sampled_from([',', ';', '\t']),
)
def test_any_ledger_reads_back_the_same(
    happened, template, form, scope, date_cells, encoding, delimiter,
):
    world = simulated('7')
    for step in happened:
        try:
            happen(world, *step)
        except ValueError:
            continue  # Too little in an account, or reversed already: nothing has moved.
    facts, rows = statement(world, SCHOOL, scope=scope)
    name, content = make_file(facts, rows, template, form, encoding, delimiter, date_cells)
    if (form, encoding) == ('csv', 'cp1252'):
        assume(_decodes_alone(content))
    if not rows:
        with pytest.raises(daraja.StatementError) as info:
            daraja.read_statement(name, content)
        assert info.value.reason == 'no_rows'
        return
    got = daraja.read_statement(name, content)
    assert (got.unreadable, got.skipped, got.template) == ((), 0, template)
    told = got.lines[::-1] if template == 'B' else got.lines
    assert [(
        line.receipt, line.completed_at_utc, line.kind, line.direction, line.amount, line.balance,
        line.moves_wallet,
    ) for line in told] == [expected(row) for row in rows]
    for line, row in zip(told, rows, strict=True):
        if row['kind'] == 'payment':
            # In the column for it verbatim; a blank one says no more than an empty one.
            assert line.account_reference.strip() == row['account_no'].strip()
        if template == 'A':
            assert line.linked_receipt == row['linked']
    if template in 'AB':
        assert got.shortcode == SCHOOL
        assert got.period_stated
    if template == 'A':
        assert daraja.find_gaps(got.lines, got.opening, got.closing) == ()
        assert got.opening + got.total_in - got.total_out == got.closing
    assert daraja.find_gaps(got.lines) == ()
    # Only what moves the wallet makes up its balance.
    moved = sum(
        line.amount if line.direction == 'in' else -line.amount
        for line in got.lines if line.moves_wallet
    )
    assert moved == world.bank.shortcodes[SCHOOL].balance
    assert world.bank.conservation()['ok']
