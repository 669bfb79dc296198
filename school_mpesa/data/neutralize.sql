-- A copied database must never talk to Safaricom: no secrets, no tokens, nothing enabled.
UPDATE payment_provider
   SET mpesa_consumer_key_sealed = NULL,
       mpesa_consumer_secret_sealed = NULL,
       mpesa_passkey_sealed = NULL,
       mpesa_initiator_password_sealed = NULL,
       mpesa_security_credential_sealed = NULL,
       mpesa_nominated_number_sealed = NULL;
DELETE FROM mpesa_token;
DELETE FROM mpesa_callback_token;
UPDATE payment_transaction SET mpesa_push_state = 'expired', state = 'error', mpesa_in_flight = FALSE
 WHERE mpesa_push_state = 'queued';
UPDATE mpesa_command SET state = 'failed', finding = 'not_sent' WHERE state IN ('queued', 'sent');
UPDATE mpesa_prompt_bulk SET state = 'stopped' WHERE state = 'running';
