"""What the gateway says when it refuses: the bodies of daraja.md 1.5 and 1.7."""

import asyncio
import socket
import struct

from starlette.responses import HTMLResponse, JSONResponse, Response


class GatewayError(Exception):
    """A refusal in the normal form ``requestId``, ``errorCode``, ``errorMessage``.

    :param int status: HTTP status
    :param str code: errorCode, which is not the HTTP status
    """

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def response(self, ids):
        body = {'requestId': ids.request_id(), 'errorCode': self.code, 'errorMessage': self.message}
        return JSONResponse(body, self.status)


def refuse_field(name):
    """:raise GatewayError: 400.002.02, always"""
    raise GatewayError(400, '400.002.02', f'Bad Request - Invalid {name}')


def spike_arrest():
    return GatewayError(500, '500.003.02', 'Error Occurred: Spike Arrest Violation')


def spike_arrest_fault(rate, status=429):
    """The raw form of the Apigee policy.

    :param int rate: calls a second that are allowed
    :param int status: 429, or 500 as the sandbox has answered
    """
    return JSONResponse(
        {
            'fault': {
                'faultstring': f'Spike arrest violation. Allowed rate : MessageRate{{'
                f'messagesPerPeriod={rate}, periodInMicroseconds=1000000, '
                f'maxBurstMessageCount=1.0}}',
                'detail': {'errorcode': 'policies.ratelimit.SpikeArrestViolation'},
            },
        },
        status,
    )


def html_page(status, title):
    """A page of the firewall or of the load balancer, where JSON was expected."""
    return HTMLResponse(
        f'<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n'
        f'<center><h1>{status} {title}</h1></center>\r\n</body>\r\n</html>\r\n',
        status,
    )


def soap_fault():
    """A SOAP fault turned into JSON, as the C2B registration has answered."""
    fault = {
        'faultcode': 'env:Server',
        'faultstring': 'Policy Falsified',
        'faultactor': '',
        'detail': '',
    }
    return JSONResponse({'Envelope': {'Body': {'Fault': fault}}}, 500)


class ConnectionReset(Response):
    """Ends the connection with a TCP reset instead of an answer.

    :param bytes half: part of an answer sent before the reset, announced as longer than it is
    """

    def __init__(self, half=b''):
        super().__init__()
        self.half = half

    async def __call__(self, scope, receive, send):
        transport = scope['transport']
        if self.half:
            headers = [
                (b'content-type', b'application/json'),
                (b'content-length', str(len(self.half) * 2).encode()),
            ]
            await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
            await send({'type': 'http.response.body', 'body': self.half, 'more_body': True})
            # The bytes must have left before the reset, which throws away what still waits.
            await asyncio.sleep(0.05)
        # Zero linger turns the close into a reset.
        transport.get_extra_info('socket').setsockopt(
            socket.SOL_SOCKET,
            socket.SO_LINGER,
            struct.pack('ii', 1, 0),
        )
        transport.abort()
        # One turn of the loop for the server to notice, so that it does not complain of no answer.
        await asyncio.sleep(0.01)


class Hang(Response):
    """Never answers: waits for the caller to give up, or for the seconds to pass, then resets."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds

    async def __call__(self, scope, receive, send):
        try:
            await asyncio.wait_for(self._gone(receive), self.seconds)
        except TimeoutError:
            await ConnectionReset()(scope, receive, send)

    async def _gone(self, receive):
        while (await receive())['type'] != 'http.disconnect':
            pass
