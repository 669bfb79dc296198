from . import access_log, controllers, models, report, wizards
