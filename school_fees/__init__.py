from . import access_log, controllers, models
