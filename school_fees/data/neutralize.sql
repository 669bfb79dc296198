-- A copied database must never write to a parent: no key, no gateway, nothing left in the queue.
UPDATE res_company
   SET school_sms_key_saved = NULL,
       school_sms_gateway = NULL,
       school_sms_report_token = NULL;
UPDATE sms_sms SET state = 'canceled' WHERE state IN ('outgoing', 'process', 'error');
UPDATE school_message SET state = 'cancelled' WHERE state IN ('waiting', 'queued', 'retry');
