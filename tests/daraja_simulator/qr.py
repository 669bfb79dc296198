"""Dynamic QR: answers a picture (daraja.md 12).

What Safaricom encodes is not documented, so the picture looks like a QR code, is the same for the
same request and another for another one, and cannot be scanned.
"""

import base64
import hashlib
import re
import struct
import zlib

from .errors import refuse_field
from .gateway import Api, accepted
from .stk_rules import text_of


CODES = ('BG', 'WA', 'PB', 'SM', 'SB')
MODULES = 29
LARGEST = 2000
_PARTY = re.compile(r'\d{5,12}')
_WHOLE = re.compile(r'[1-9]\d{0,6}')


def generate(call):
    """The picture for a payment.

    :raise GatewayError: a field fault
    """
    world, body = call.world, call.body
    for name in ('MerchantName', 'RefNo'):
        if not text_of(body.get(name)).strip():
            refuse_field(name)
    if not _WHOLE.fullmatch(text_of(body.get('Amount'))):
        refuse_field('Amount')
    if body.get('TrxCode') not in CODES:
        refuse_field('TrxCode')
    if not _PARTY.fullmatch(text_of(body.get('CPI'))):
        refuse_field('CPI')
    size = text_of(body.get('Size'))
    if not _WHOLE.fullmatch(size) or int(size) > LARGEST:
        refuse_field('Size')
    call.use_script()
    paid = '|'.join(text_of(body[name]) for name in (
        'MerchantName', 'RefNo', 'Amount', 'TrxCode', 'CPI',
    ))
    documented = world.settings.qr_answer == 'documented'
    return accepted({
        # The documentation's sample has the name of a request where others see a code.
        'ResponseCode': world.ids.conversation_id() if documented else '00',
        'RequestID': world.ids.request_id(),
        'ResponseDescription': 'QR Code Successfully Generated.',
        'QRCode': base64.b64encode(picture(paid, int(size))).decode(),
    })


def picture(text, size):
    """:return: a square PNG of so many pixels, grey by one bit"""
    modules = _modules(text)
    scale = [place * (MODULES + 4) // size - 2 for place in range(size)]
    lines = b''
    for row in scale:
        bits = ''.join('0' if modules(row, column) else '1' for column in scale)
        bits += '0' * (-size % 8)
        lines += b'\0' + int(bits, 2).to_bytes(len(bits) // 8, 'big')
    header = struct.pack('>IIBBBBB', size, size, 1, 0, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + b''.join(
        struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))
        for name, data in ((b'IHDR', header), (b'IDAT', zlib.compress(lines)), (b'IEND', b''))
    )


def _modules(text):
    """:return: whether the module of a row and column is black"""
    drawn = hashlib.shake_256(text.encode()).digest(MODULES * MODULES)
    corners = ((0, 0), (0, MODULES - 7), (MODULES - 7, 0))

    def is_black(row, column):
        if not (0 <= row < MODULES and 0 <= column < MODULES):
            return False
        for top, left in corners:
            down, right = row - top, column - left
            if -1 <= down <= 7 and -1 <= right <= 7:
                ring = max(abs(down - 3), abs(right - 3))
                return ring == 3 or ring <= 1
        return bool(drawn[row * MODULES + column] & 1)

    return is_black


def _facts(world, body):
    return {'shortcode': text_of(body.get('CPI')), 'account': text_of(body.get('RefNo'))}


APIS = (
    Api(
        name='dynamic_qr',
        path='/mpesa/qrcode/v1/generate',
        handler=generate,
        family='qr',
        first_field='MerchantName',
        facts=_facts,
    ),
)
