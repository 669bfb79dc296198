"""What the organisation's portal gives by hand: the statement, as a download (daraja.md 22)."""

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from .statement import statement
from .statement_file import make_file


TYPES = {
    'csv': 'text/csv',
    'xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}


def routes(simulator):
    """:return: the route of the download"""

    async def download(request):
        """`shortcode`, and optionally `start` and `end` (days in EAT), `template` and `form`."""
        asked = dict(request.query_params)
        template, form = asked.get('template', 'A'), asked.get('form', 'csv')
        try:
            facts, rows = statement(
                simulator.world,
                asked.get('shortcode', ''),
                asked.get('start') and f"{asked['start']} 00:00:00",
                asked.get('end') and f"{asked['end']} 23:59:59",
                'all' if template == 'B' else 'utility',
            )
            name, content = make_file(facts, rows, template, form)
        except KeyError:
            return PlainTextResponse('There is no such shortcode.', 400)
        except ValueError as mistake:
            return PlainTextResponse(str(mistake), 400)
        return Response(
            content,
            media_type=TYPES[form],
            headers={'Content-Disposition': f'attachment; filename="{name}"'},
        )

    return [Route('/statement', download)]
