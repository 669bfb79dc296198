"""``python -m daraja_simulator --host 127.0.0.1 --port 8090 --seed 7``"""

import argparse
import logging

from .app import build_app
from .server import make_server


def main():
    parser = argparse.ArgumentParser(
        prog='daraja_simulator', description="Stand-in for Safaricom's Daraja API."
    )
    parser.add_argument('--host', default='127.0.0.1')
    parser.add_argument('--port', type=int, default=8090)
    parser.add_argument(
        '--seed', help='same seed, same identifiers and receipts; left out: new ones each start'
    )
    parser.add_argument(
        '--state', metavar='FILE', help='keep wallets and balances in this file over a restart'
    )
    options = parser.parse_args()
    logging.basicConfig(
        level=logging.WARNING, format='%(asctime)s %(levelname)s %(name)s %(message)s'
    )
    make_server(build_app(options.seed, options.state), options.host, options.port).run()


if __name__ == '__main__':
    main()
