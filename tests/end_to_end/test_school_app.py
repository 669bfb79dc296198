"""The school's own app at the live server: each example of `docs/api.md` is answered as it says,
and a key is one prompt however often it comes."""
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import stack_config
from road import wait_for


EXAMPLE = re.compile(r'```sh\n(?P<command>curl .*?)```\s+```json\n(?P<answer>.*?)```', re.DOTALL)
# Values that stand for any other of the same kind.
KINDS = (
    r'-?\d+\.\d\d', r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', r'\d{4}-\d\d-\d\d', r'0\d{3} \*{3} \d{3}',
)
# Not known yet at some moment; the example shows one of them.
MAY_BE_NULL = {'sent_at', 'receipt', 'next_before_id'}


def read_examples():
    """ Return the examples in their order, with the method that each calls. """
    text = (stack_config.ROOT / 'docs' / 'api.md').read_text()
    found = [match.groupdict() for match in EXAMPLE.finditer(text)]
    assert len(found) == text.count('```sh') == text.count('```json')
    return [
        {
            'method': re.search(r'school\.app/(\w+)', one['command'])[1],
            'command': one['command'], 'answer': json.loads(one['answer']),
        }
        for one in found
    ]


def put_values(command, values):
    """ Put what this school has into the body of an example. """
    body = json.loads(re.search(r"-d '(.*)'", command)[1])
    assert body.keys() <= values.keys() | {'limit', 'key'}
    body.update({
        name: values[name] for name in body
        if name in values and (name, body[name]) != ('amount', '0')
    })
    return re.sub(r"-d '.*'", lambda _match: f"-d '{json.dumps(body)}'", command)


def run(road, command, key):
    """ Run an example as a reader would, and return the answer. """
    done = stack_config.run_command(
        ['bash', '-c', command], capture_output=True,
        env={**os.environ, 'SCHOOL': road.stack.url, 'KEY': key},
    )
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


def assert_like(given, documented, path='answer'):
    """ Assert that an answer has the names and the kinds of values that the example shows. """
    if path.rpartition('.')[2] in MAY_BE_NULL and None in (given, documented):
        return
    assert type(given) is type(documented), path
    if isinstance(documented, dict):
        assert given.keys() == documented.keys(), path
        for name, value in documented.items():
            assert_like(given[name], value, f'{path}.{name}')
    elif isinstance(documented, list) and documented:
        assert given, path
        for row in given:
            assert_like(row, documented[0], path)
    elif isinstance(documented, str):
        kind = next((kind for kind in KINDS if re.fullmatch(kind, documented)), r'.*')
        assert re.fullmatch(kind, given, re.DOTALL), f'{path}: {given}'


@pytest.fixture(scope='module')
def keys(road):
    """ The API keys of the office and of a guardian. """
    return road.stack.shell("""
result = {
    login: env['res.users.apikeys'].with_user(
        env['res.users'].search([('login', '=', login)])
    ).sudo()._generate(None, "The app", None)
    for login in ('bursar', 'guardian')
}
""")


@pytest.mark.usefixtures('books')
@pytest.mark.parametrize('who', ['bursar', 'guardian'])
def test_the_examples(road, keys, who):
    child = next(
        student for student in road.school['students']
        if student['id'] in road.school['guardian_student_ids']
    )
    bill, phone = road.next_bill(child), road.next_phone()
    values = {
        'student_id': child['id'], 'amount': '150.00', 'phone': phone, 'key': f'example-{phone}',
    }
    examples = read_examples()
    assert [one['method'] for one in examples] == [
        'get_payment_options', 'create_request', 'get_request', 'list_requests', 'get_receipt',
        'create_request',
    ]
    for example in examples:
        method = example['method']
        if method == 'get_request':
            road.control.pay(road.control.wait_prompt(phone, timeout=30))
            wait_for(lambda: road.stack.sql(
                "SELECT 1 FROM payment_transaction WHERE id = %s AND mpesa_push_state = 'paid'",
                [values['request_id']],
            ), "paid request")
        command = put_values(example['command'], values)
        answer = run(road, command, keys[who])
        assert_like(answer, example['answer'])
        # The words and states of the examples are those of this moment too.
        for name in ('state', 'channel', 'result_code', 'can_retry', 'has_callback'):
            if name in example['answer']:
                assert answer[name] == example['answer'][name] or (
                    method == 'create_request' and answer['state'] == 'waiting'
                )
        if 'context' in answer:
            assert answer['context'] == example['answer']['context']
            assert answer['message'] == example['answer']['message']
        if method == 'get_payment_options':
            assert bill['id'] in [one['bill_id'] for one in answer['bills']]
        if method == 'create_request' and 'request_id' in answer:
            values['request_id'] = answer['request_id']
            assert run(road, command, keys[who])['request_id'] == answer['request_id']
            del values['key']  # The next request has the example's own.
        if method == 'get_request':
            values['receipt_id'] = answer['receipt']['receipt_id']
            assert answer['receipt']['amount'] == answer['amount_paid'] == '150.00'
    assert len([push for push in road.control.pushes() if push['msisdn'] == phone]) == 1


@pytest.mark.usefixtures('books')
def test_twenty_calls_with_one_key(road, keys):
    student, phone = road.next_bill()['student'], road.next_phone()

    def call(_one):
        return requests.post(
            f'{road.stack.url}/json/2/school.app/create_request', timeout=60,
            headers={'Authorization': f"bearer {keys['bursar']}"}, json={
                'key': f'twenty-{phone}', 'student_id': student['id'], 'amount': '150',
                'phone': phone,
            },
        )

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(call, range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()['request_id'] for answer in answers}) == 1
    road.control.wait_prompt(phone, timeout=30)
    assert len([push for push in road.control.pushes() if push['msisdn'] == phone]) == 1
    road.control.cancel(phone)
